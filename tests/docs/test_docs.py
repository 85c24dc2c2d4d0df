"""Without these a page promises a command, a code, a field or an output that is not there."""

from __future__ import annotations

import ast
import inspect
import re
import shlex
import shutil
from typing import TYPE_CHECKING, get_args

import pytest

import cmk_remediate
from cmk_remediate import simulator
from cmk_remediate.codes import CODES
from cmk_remediate.model.result import TargetEnd
from cmk_remediate.planfile import job
from cmk_remediate.planfile.schema import PlanFile
from cmk_remediate.report import FORMATS
from cmk_remediate.services import states as state
from cmk_remediate.services.ai_services.service import AiService
from cmk_remediate.services.aks.service import AksService
from cmk_remediate.services.cosmosdb.service import CosmosService
from cmk_remediate.services.managed_disks.service import ManagedDisksService
from cmk_remediate.services.redis_enterprise.service import RedisEnterpriseService
from cmk_remediate.services.sql.databases.service import SqlDatabaseService
from cmk_remediate.services.sql.service import SqlService
from cmk_remediate.services.sql_managed_instance.service import ManagedInstanceService
from cmk_remediate.services.storage.service import StorageService
from cmk_remediate.simulator import estate, faults
from cmk_remediate.simulator.doubts import AI_SERVICES, ALL, COMPUTE, CONTAINERSERVICE, REDIS, STORAGE
from cmk_remediate.steps import REGISTRY
from tests.conformance.rehearsal import SERVICES
from tests.docs import excerpts, generate, markdown, reference
from tests.docs.laws import LAWS, breaking
from tests.docs.markdown import PAGES, ROOT, blocks, by_hand, named, text_of

if TYPE_CHECKING:
    from pathlib import Path

OWN = "sql-database-"  # the doubts about databases with keys of their own have a page
ELSEWHERE = re.compile(r"(?<![\w.])/(?:home|mnt|opt|root|srv|tmp|usr|var|Users)/")
"""The beginning of a path of some machine."""


@pytest.mark.parametrize("name", generate.GENERATED)
def test_what_is_generated_is_what_the_checkout_holds(name: str) -> None:
    assert text_of(name) == generate.page(name), "run: python -m tests.docs.generate"


def test_the_readme_shows_what_the_demo_prints() -> None:
    printed = excerpts.but_for_digests("\n".join(excerpts.demo())).splitlines()
    shown = [line for one in blocks(text_of("README.md"), "text") for line in one.code.splitlines() if line != "..."]

    assert len(shown) > 20
    assert [line for line in shown if excerpts.but_for_digests(line) not in printed] == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for link in markdown.links(text):
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.is_relative_to(ROOT), link
        assert target.exists(), link
        assert not anchor or anchor in markdown.anchors(target.read_text(encoding="utf-8")), link


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_no_page_names_a_code_that_does_not_exist(page: Path) -> None:
    assert set(re.findall(r"\bCMK\d{3}\b", page.read_text(encoding="utf-8"))) <= set(CODES)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_no_page_names_a_place_on_somebodys_machine(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    assert str(ROOT) not in text
    assert all((ROOT / name).is_dir() for name in re.findall(r"(?<![\w./])\.\./([\w-]+)", text))
    assert ELSEWHERE.findall(text) == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_make_targets_and_commands_in_the_pages_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    for target in re.findall(r"(?:`|^)make ([a-z-]+)", text, re.MULTILINE):
        assert target in targets
    for one in blocks(text, "sh"):
        for line in one.code.splitlines():
            if line.startswith("cmk-remediate "):
                _check_command(line)


def _check_command(line: str) -> None:
    """Assert that *line* is a command with options that it has."""
    words = shlex.split(line, comments=True)[1:]
    commands = reference.commands()
    position = next(index for index, word in enumerate(words) if word in commands)
    before, after = words[:position], words[position + 1 :]

    assert {word for word in before if word.startswith("-")} <= reference.before_the_command().spellings, line
    assert {word for word in after if word.startswith("-")} <= commands[words[position]].spellings, line


def test_every_command_and_option_has_its_place() -> None:
    page = text_of("docs/command-line.md")
    for name, command in reference.commands().items():
        assert re.search(rf"^\| `{name}[ `]", by_hand(page), re.MULTILINE), name
        _, _, section = page.partition(f"\n### `{name}`\n")
        section = section.partition("\n### ")[0]
        assert section, name
        for option in command.spellings - {"-h", "--help"}:
            assert re.search(rf"(?<![\w-]){option}(?![\w-])", section), f"{name} {option}"


def test_every_service_done_by_hand_has_its_place() -> None:
    assert SERVICES
    for service in SERVICES:
        assert generate.by_hand(service).keys() <= generate.PARTS[f"docs/{service}.md"].keys()


def test_every_code_has_its_place() -> None:
    page = text_of("docs/errors.md")
    for code in CODES.values():
        path, _, anchor = code.page.partition("#")
        assert path == "docs/errors.md"
        assert f'<a id="{anchor}"></a>' in page
        assert code.meaning in page
        assert code.next in page


def test_every_field_of_a_plan_has_its_place() -> None:
    page = text_of("docs/plan-files.md")
    names = set(PlanFile.model_fields)
    for one in vars(inspect.getmodule(PlanFile)).values():
        names |= set(getattr(one, "model_fields", ()))

    assert [name for name in sorted(names) if not re.search(rf"`[\w.\[\]]*\b{name}`", page)] == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("docs/runbook.md", job._KEYS),
        ("docs/simulator.md", estate._KNOWN),
        ("docs/simulator.md", get_args(faults.Kind)),
        ("docs/sql.md", list((REGISTRY | SqlService.steps)._by_kind)),
        (
            "docs/sql.md",
            [doubt.name for doubt in ALL if doubt.name.startswith("sql-") and not doubt.name.startswith(OWN)],
        ),
        ("docs/sql.md", [value for key, value in vars(state).items() if key.isupper() and isinstance(value, str)]),
        ("docs/sql-database.md", list(SqlDatabaseService.steps._by_kind)),
        ("docs/sql-database.md", [doubt.name for doubt in ALL if doubt.name.startswith(OWN)]),
        ("docs/ai-services.md", list(AiService.steps._by_kind)),
        ("docs/ai-services.md", [doubt.name for doubt in AI_SERVICES]),
        ("docs/sql-managed-instance.md", [*ManagedInstanceService.steps._by_kind]),
        ("docs/cosmosdb.md", list(CosmosService.steps._by_kind)),
        ("docs/cosmosdb.md", [doubt.name for doubt in ALL if doubt.name.startswith("cosmos-")]),
        ("docs/managed-disks.md", list((REGISTRY | ManagedDisksService.steps)._by_kind)),
        ("docs/managed-disks.md", [doubt.name for doubt in COMPUTE]),
        ("docs/redis-enterprise.md", list(RedisEnterpriseService.steps._by_kind)),
        ("docs/redis-enterprise.md", [doubt.name for doubt in REDIS]),
        ("docs/aks.md", list((REGISTRY | AksService.steps)._by_kind)),
        ("docs/aks.md", [doubt.name for doubt in CONTAINERSERVICE]),
        ("docs/storage.md", list((REGISTRY | StorageService.steps)._by_kind)),
        ("docs/storage.md", [doubt.name for doubt in STORAGE]),
        ("docs/library.md", get_args(TargetEnd)),
        ("docs/reports.md", list(FORMATS)),
        ("docs/library.md", cmk_remediate.__all__),
    ],
)
def test_every_name_has_its_place(name: str, words: list[str]) -> None:
    page = text_of(name)

    assert [word for word in words if not re.search(rf"[`#]{re.escape(word)}[`(),]", page)] == []


def test_every_kind_of_acceptance_has_its_place() -> None:
    kinds = {"purge-protection", "soft-delete", "retention"}  # protect_vault.py chooses among these by a variable
    kinds |= {"change-feed-unread", "materialized-views-unread"}  # and set_key.py among these
    kinds |= {"long-term-retention", "hyperscale"}  # and add_database_keys.py among these
    for path in (ROOT / "cmk_remediate").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Acceptance":
                kinds |= {str(one.value) for one in node.args[:1] if isinstance(one, ast.Constant)}
    listed = set(re.findall(r"^\| `([\w-]+):<", text_of("docs/safety.md"), re.MULTILINE))

    assert len(kinds) > 5
    assert listed == kinds


LIBRARY = blocks(text_of("docs/library.md"), "python")


@pytest.mark.parametrize("block", LIBRARY, ids=range(len(LIBRARY)))
def test_the_librarys_examples_use_what_exists(block: markdown.Block) -> None:
    """Each name imported exists, and each call of a public verb fits its signature."""
    tree = ast.parse(block.code)
    compile(tree, "docs/library.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    scope: dict[str, object] = {}
    imports: list[ast.stmt] = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    exec(compile(ast.Module(imports, []), "docs/library.md", "exec"), scope)  # noqa: S102 - our own page
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        try:
            called = eval(compile(ast.Expression(node.func), "docs/library.md", "eval"), dict(scope))  # noqa: S307 - as above
        except NameError:
            continue  # a name the example made itself
        if inspect.isfunction(called) or inspect.isclass(called):
            inspect.signature(called).bind(*node.args, **{str(one.arg): one.value for one in node.keywords})


def test_the_example_that_is_said_to_run_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (block,) = (one for one in LIBRARY if one.runs)
    shutil.copyfile(excerpts.PLAN, tmp_path / "sql.yaml")
    monkeypatch.chdir(tmp_path)
    exec(compile(block.code, "docs/library.md", "exec"), {})  # noqa: S102 - our own page
    printed = capsys.readouterr().out.splitlines()

    assert [line[0] for line in printed[-3:]] == ["0", "0", "0"]


def test_the_estate_in_the_simulators_page_is_one(tmp_path: Path) -> None:
    (block,) = blocks(text_of("docs/simulator.md"), "yaml")
    path = tmp_path / "estate.yaml"
    path.write_text(block.code, encoding="utf-8")
    azure = simulator.azure(estate=path)

    assert [vault.name for vault, _ in azure.world.by_type("Microsoft.KeyVault/vaults")] == ["kv-one"]
    assert [server.name for server, _ in azure.world.by_type("Microsoft.Sql/servers")] == ["sql-one"]


def test_settings_in_the_simulators_page_are_read() -> None:
    azure = simulator.azure(
        estate={"subscriptions": [{"subscriptionId": "s"}], "settings": {"switches": {"sql-geo-rules": False}}}
    )

    assert not azure.world.switch("sql-geo-rules")


def test_runbook_arguments_in_the_page_are_understood() -> None:
    page = text_of("docs/runbook.md")
    given = [
        one.code.partition("'")[2].partition("'")[0] for one in blocks(page, "sh") if one.code.startswith("python ")
    ]
    given += [one.code for one in blocks(page, "json")]

    assert len(given) == 3
    for text in given:
        job.parse_job(text.replace("<digest>", "0" * 64), variable=lambda _: None, environment={})


def test_every_law_has_code_that_keeps_it_and_tests_that_break_it() -> None:
    """A law without two such tests is not counted as checked; a table that names a module which is gone says nothing."""
    gone = [module for law in LAWS.values() for module in law.kept_by if not (ROOT / "cmk_remediate" / module).exists()]
    assert gone == []
    assert [number for number, tests in breaking().items() if len(tests) < 2] == []
