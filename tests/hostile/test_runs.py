"""Reviews and journals that were altered by somebody who can compute digests: they lead nowhere but where the review shows."""

from __future__ import annotations

import copy
import json
import shutil
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given

import cmk_remediate as cmk
from cmk_remediate import codes, simulator
from cmk_remediate.api.store import parse_review
from cmk_remediate.engine.journal_lines import digest_of
from cmk_remediate.errors import ReviewError, RunStoreError
from cmk_remediate.model.json_types import digest
from cmk_remediate.simulator.embedded import EmbeddedAzure
from tests.e2e.estates import SERVER, SUB, one_server
from tests.faults.plans import services, smallest_of
from tests.hostile.expecting import expected
from tests.hostile.profile import tries
from tests.hostile.values import FOREIGN, changed, changes, places

if TYPE_CHECKING:
    from pathlib import Path


SCENE = one_server(present=True)


@dataclass(frozen=True, repr=False)
class Before:
    """A review, the journal of its whole run, and the Azure that neither has touched yet.

    Attributes:
        hosts: the hosts that its whole run asks.
        within: the subscriptions that it asks.
    """

    azure: EmbeddedAzure
    document: dict[str, Any]
    journal: tuple[dict[str, Any], ...]
    hosts: frozenset[str]
    within: frozenset[str]


@cache
def before(scene: str, folder: Path) -> Before:
    """Make them once, of the smallest plan of a service; of one server where *scene* is empty."""
    chosen = smallest_of(scene).scene if scene else SCENE
    azure = simulator.azure(estate=chosen.estate, settings=simulator.Settings.immediate())
    clean = azure.clone()
    review = cmk.dry_run(chosen.plan, connection=clean.connection(), runs=folder / "runs")
    result = cmk.apply(review, connection=clean.connection(), accept=review.acknowledgements_required)
    assert result.exit_code == 0
    lines = (folder / "runs" / review.digest / "journal.ndjson").read_bytes().splitlines()
    asked = [urlsplit(one.url) for one in clean.requests]
    within = frozenset(
        url.path.split("/")[2].lower() for url in asked if url.path.lower().startswith("/subscriptions/")
    )
    hosts = frozenset(str(url.hostname) for url in asked)
    return Before(azure, review.to_json(), tuple(json.loads(line) for line in lines), hosts, within)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Before, Path]:
    """Give what is altered, and the folder of its run store."""
    folder = tmp_path_factory.mktemp("hostile")
    return before("", folder), folder


@pytest.fixture(scope="module", params=services())
def made_of_each(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Before, Path]:
    """Give the same of each service."""
    folder = tmp_path_factory.mktemp("hostile")
    return before(request.param, folder), folder


def sealed(document: dict[str, Any]) -> dict[str, Any]:
    """Return *document* with the digest it should have."""
    content = {name: value for name, value in document.items() if name != "digest"}
    try:
        return {**content, "digest": digest(content)}
    except (ValueError, TypeError):
        return document


def chained(run: str, records: list[Any]) -> bytes:
    """Return *records* as a journal whose chain is whole."""
    lines, prev = [], run
    for record in records:
        document = {"prev": prev, **{name: value for name, value in record.items() if name != "prev"}}
        lines.append(json.dumps(document, separators=(",", ":")).encode("ascii"))
        prev = digest_of(lines[-1])
    return b"".join(line + b"\n" for line in lines)


def allowed(document: dict[str, Any]) -> str:
    """Return all that a reader of a review is shown of places, in one text."""
    shown = [document.get("plan"), document.get("targets")]
    shown += [step.get("resource_id") for step in document.get("steps") or () if isinstance(step, dict)]
    return json.dumps(shown).lower()


def stayed_within(azure: EmbeddedAzure, given: Before, document: dict[str, Any]) -> None:
    """Assert that every request went to a place that the review shows."""
    for one in azure.requests:
        url = urlsplit(one.url)
        assert url.hostname in given.hosts | {"kv-cmk.vault.azure.net"}, one.url
        assert "/../" not in one.url
        if FOREIGN in one.url.lower():
            assert FOREIGN in allowed(document), one.url
        if not one.reads:
            within = url.path.split("/")[2].lower() in given.within
            assert within or FOREIGN in allowed(document), one.url


@tries(60)
@given(changes)
def test_an_altered_review_is_noticed(made: tuple[Before, Path], script: Any) -> None:
    given, _ = made
    document = changed(given.document, script)
    if document == given.document or not isinstance(document, dict):
        return
    with pytest.raises(cmk.CmkError):
        parse_review(document, "review.json")


def test_a_review_that_lacks_any_member_is_noticed(made: tuple[Before, Path]) -> None:
    """Also one that is null: whoever reads the file must see all that the digest covers."""
    given, _ = made
    kinds: dict[tuple[str, ...], tuple[Any, ...]] = {}
    for where in places(given.document):
        kinds.setdefault(tuple("*" if isinstance(part, int) else part for part in where), where)
    for *path, last in kinds.values():
        document = copy.deepcopy(given.document)
        node: Any = document
        for part in path:
            node = node[part]
        del node[last]
        with pytest.raises(cmk.CmkError):
            parse_review(document, "review.json")


def follow_review(given: Before, folder: Path, script: Any) -> None:
    """Alter the review, seal it, and use it in every way."""
    document = changed(given.document, script)
    document = sealed({**document, "runs": given.document["runs"]})
    review = expected(lambda: parse_review(document, "review.json"))
    if review is None:
        return
    azure = given.azure.clone()
    shutil.rmtree(folder / "runs", ignore_errors=True)
    accept = review.acknowledgements_required
    expected(lambda: cmk.apply(review, connection=azure.connection(), accept=accept))
    stayed_within(azure, given, document)
    expected(lambda: cmk.render(review))
    expected(lambda: cmk.verify(review.digest, connection=azure.connection(), runs=folder / "runs"))
    expected(lambda: cmk.review_rollback(review.digest, connection=azure.connection(), runs=folder / "runs"))
    stayed_within(azure, given, document)


def follow_journal(given: Before, folder: Path, script: Any) -> None:
    """Alter the journal, make its chain anew, and go on from it."""
    kept = 1 + script[0][0] % len(given.journal)
    records = changed(list(given.journal[:kept]), script)
    run = given.document["digest"]
    store(folder, given.document, chained(run, [record for record in records if isinstance(record, dict)]))
    azure = given.azure.clone()

    expected(lambda: cmk.runs(folder / "runs"))
    expected(lambda: cmk.review_rollback(run, connection=azure.connection(), runs=folder / "runs"))
    expected(lambda: cmk.resume(run, connection=azure.connection(), runs=folder / "runs"))
    stayed_within(azure, given, given.document)


@tries(15)
@given(changes)
def test_an_altered_review_with_a_right_digest_leads_nowhere_else(made: tuple[Before, Path], script: Any) -> None:
    follow_review(*made, script)


@tries(15)
@given(changes)
def test_an_altered_journal_with_a_whole_chain_leads_nowhere_else(made: tuple[Before, Path], script: Any) -> None:
    follow_journal(*made, script)


@tries(3)
@given(changes)
def test_an_altered_review_of_any_service_leads_nowhere_else(made_of_each: tuple[Before, Path], script: Any) -> None:
    follow_review(*made_of_each, script)


@tries(3)
@given(changes)
def test_an_altered_journal_of_any_service_leads_nowhere_else(made_of_each: tuple[Before, Path], script: Any) -> None:
    follow_journal(*made_of_each, script)


def store(folder: Path, document: dict[str, Any], journal: bytes) -> None:
    """Put a run into the run store, in place of all that is there."""
    shutil.rmtree(folder / "runs", ignore_errors=True)
    run = folder / "runs" / document["digest"]
    run.mkdir(parents=True)
    (run / "review.json").write_text(json.dumps(document), encoding="utf-8")
    (run / "journal.ndjson").write_bytes(journal)


def test_a_journal_that_says_a_thing_twice_is_damaged(made: tuple[Before, Path]) -> None:
    """With a whole chain. Fails: whoever reads the line sees another value than the run goes on from."""
    given, folder = made
    lines, prev = [], given.document["digest"]
    for number, record in enumerate(given.journal[:4]):
        document = {"prev": prev, **{name: value for name, value in record.items() if name != "prev"}}
        line = json.dumps(document, separators=(",", ":"))
        lines.append((line if number < 3 else line.replace("{", '{"type":"seen",', 1)).encode("ascii"))
        prev = digest_of(lines[-1])
    store(folder, given.document, b"".join(line + b"\n" for line in lines))

    with pytest.raises(cmk.CmkError) as raised:
        cmk.resume(given.document["digest"], connection=given.azure.clone().connection(), runs=folder / "runs")
    assert raised.value.code == codes.engine.JOURNAL_DAMAGED


ELSEWHERE = (
    f"https://management.azure.com/subscriptions/{FOREIGN}/providers/Microsoft.Sql/locations/x/operations/1?api-version=1",
    f"https://management.azure.com/subscriptions/{SUB}/../{FOREIGN}/operations/1",
    f"https://management.azure.com/subscriptions/{SUB}/%2e%2e/{FOREIGN}/operations/1",
    f"https://management.azure.com/subscriptions/{SUB}%2f..%2f{FOREIGN}/operations/1",
    f"https://management.azure.com/subscriptions/{SUB}/%252e%252e/{FOREIGN}/operations/1",
    "https://evil.example/subscriptions/x",
    "https://management.azure.com.evil.example/",
    "https://management.azure.com@evil.example/",
    "https://evil.example#@management.azure.com/",
    "https://evil.example\\@management.azure.com/",
    "//evil.example/",
    "http://management.azure.com/",
    "https://management.azure.com:8443/",
    "https://kv-cmk.vault.azure.net/keys",
    "javascript:alert(1)",
)


@pytest.mark.parametrize("resource", [SERVER, SERVER.replace(SUB, FOREIGN)], ids=["own", "foreign"])
@pytest.mark.parametrize("url", ELSEWHERE)
def test_a_status_url_in_a_journal_is_not_followed_elsewhere(
    made: tuple[Before, Path], url: str, resource: str
) -> None:
    """The journal says that an operation is running, and where to ask; somebody changed where."""
    given, folder = made
    index = next(number for number, record in enumerate(given.journal) if record["type"] == "operation")
    records = [copy.deepcopy(record) for record in given.journal[: index + 1]]
    records[index] |= {"status_url": url, "location_url": url, "resource_id": resource}
    store(folder, given.document, chained(given.document["digest"], records))
    azure = given.azure.clone()

    expected(lambda: cmk.resume(given.document["digest"], connection=azure.connection(), runs=folder / "runs"))

    assert azure.requests or resource != SERVER, "the run was not even looked at"
    stayed_within(azure, given, given.document)
    assert not [one.url for one in azure.requests if FOREIGN in one.url or "evil" in one.url]


@pytest.mark.parametrize(("field", "value"), [("tenant", FOREIGN), ("cloud", "AzureChinaCloud")])
def test_a_run_of_another_tenant_or_cloud_has_nothing_asked(made: tuple[Before, Path], field: str, value: str) -> None:
    """Whoever is signed in elsewhere is told so by every verb, before the first byte."""
    given, folder = made
    document = sealed({**json.loads(json.dumps(given.document)), field: value})
    run = document["digest"]
    records = [{**one, "run": run} if "run" in one else dict(one) for one in given.journal[:8]]
    store(folder, document, chained(run, records))
    azure = given.azure.clone()
    connection, runs = azure.connection(), folder / "runs"

    for verb in (cmk.resume, cmk.review_rollback, cmk.rollback, cmk.verify, cmk.make_evidence):
        with pytest.raises(cmk.CmkError) as raised:
            verb(run, connection=connection, runs=runs)
        assert raised.value.code in (codes.input_.TENANT_MISMATCH, codes.input_.REVIEW_FOREIGN), verb
    assert azure.requests == []


def test_parameters_that_the_review_does_not_show_open_no_subscription(made: tuple[Before, Path]) -> None:
    given, folder = made
    document = json.loads(json.dumps(given.document))
    for step in document["steps"]:
        step["params"] = json.loads(json.dumps(step["params"]).replace(SUB, FOREIGN))
    document = sealed(document)
    review = parse_review(document, "review.json")
    shutil.rmtree(folder / "runs", ignore_errors=True)
    azure = given.azure.clone()

    with pytest.raises(cmk.CmkError) as raised:
        cmk.apply(review, connection=azure.connection(), accept=review.acknowledgements_required)

    assert raised.value.code == codes.input_.REVIEW_ALTERED
    assert not [one.url for one in azure.requests if FOREIGN in one.url or not one.reads]


def test_a_step_does_not_go_where_the_review_does_not_show_it(made: tuple[Before, Path]) -> None:
    """Within the same subscription: the review shows one key, the parameters make another."""
    given, folder = made
    document = json.loads(json.dumps(given.document))
    for step in document["steps"]:
        step["params"] = json.loads(
            json.dumps(step["params"]).replace(SERVER, SERVER.replace("sql-one", "sql-neighbour"))
        )
    document = sealed(document)
    review = parse_review(document, "review.json")
    shutil.rmtree(folder / "runs", ignore_errors=True)
    azure = given.azure.clone()

    expected(lambda: cmk.apply(review, connection=azure.connection(), accept=review.acknowledgements_required))

    assert not [one.url for one in azure.requests if "sql-neighbour" in one.url and not one.reads]


def test_what_a_file_says_cannot_steer_the_terminal(made: tuple[Before, Path]) -> None:
    """A review whose words clear the screen would be read as another one."""
    given, _ = made
    document = json.loads(json.dumps(given.document))
    hidden = "\x1b[2J\x1b[1;1H\x9b31mall is well\r\u202e"
    for step in document["steps"]:
        step["reason"] = step["kind"] = step["downtime"] = hidden
    document["targets"][0]["state"] = hidden
    document["notes"] = [{"code": "CMK600", "scope": hidden, "text": hidden}]
    review = parse_review(sealed(document), "review.json")

    for name in ("text", "markdown"):
        shown = expected(lambda: cmk.render(review, name)) or ""  # noqa: B023 - called at once
        assert "all is well" in shown
        assert not [sign for sign in shown if not sign.isprintable() and sign != "\n"]


CANNOT_BE: dict[str, tuple[str, str, Any]] = {
    "no time": ("intent", "at", ""),
    "a time nothing can be added to": ("intent", "at", "9999-12-31T23:59:59Z"),
    "an operation that began never": ("operation", "started", ""),
    "an operation that began at the end of time": ("operation", "started", "9999-12-31T23:59:59Z"),
    "a wait that no clock can count to": ("operation", "retry_after", 10**12),
    "an end that no clock can count to": ("operation", "leave_after", 10**40),
    "undone by what is no run": ("rolled-back", "by", "../../outside"),
    "undone by a name with a zero": ("rolled-back", "by", "\x00"),
}


@pytest.mark.parametrize("what", CANNOT_BE)
def test_a_record_that_no_run_has_written_is_refused_by_its_member(made: tuple[Before, Path], what: str) -> None:
    """Fails: a run is neither resumed nor undone any more and shows a traceback, or leads out of its run store."""
    given, folder = made
    kind, member, value = CANNOT_BE[what]
    records = [copy.deepcopy(one) for one in given.journal]
    if kind == "rolled-back":
        records.append({"type": kind, "at": records[0]["at"], "by": "a" * 64})
    next(one for one in records if one["type"] == kind)[member] = value
    store(folder, given.document, chained(given.document["digest"], records))
    connection = given.azure.clone().connection()
    run, runs = given.document["digest"], folder / "runs"
    for verb in (cmk.resume, cmk.rollback, cmk.verify):
        with pytest.raises(RunStoreError) as caught:
            verb(run, connection=connection, runs=runs)
        assert (caught.value.code, member in caught.value.cause) == (codes.engine.JOURNAL_DAMAGED, True)


@pytest.mark.parametrize(
    ("member", "value"),
    [("undoes", "../../outside"), ("undoes", "\x00"), ("review_expires", "soon"), ("review_expires", [])],
)
def test_a_review_that_no_dry_run_has_written_is_refused(made: tuple[Before, Path], member: str, value: Any) -> None:
    given, folder = made
    document = copy.deepcopy(given.document)
    (document if member == "undoes" else document["plan"]["content"])[member] = value
    path = folder / "review.json"
    path.write_text(json.dumps(sealed(document)), "utf-8")
    with pytest.raises(ReviewError) as caught:
        cmk.load_review(path)
    assert (caught.value.code, member in caught.value.cause) == (codes.input_.REVIEW_UNREADABLE, True)


def test_a_review_alone_sends_no_token_to_a_host_that_it_names(made: tuple[Before, Path]) -> None:
    """Storage accounts all have one audience: a token sent to a stranger's opens our own."""
    given, folder = made
    document = {**copy.deepcopy(given.document), "runs": "https://strangers.blob.core.windows.net/journals/mine"}
    path = folder / "review.json"
    path.write_text(json.dumps(sealed(document)), "utf-8")
    review, azure = cmk.load_review(path), given.azure.clone()
    with pytest.raises(ReviewError) as caught:
        cmk.apply(review, connection=azure.connection(), accept=review.acknowledgements_required)
    assert caught.value.code == codes.input_.RUNS_DIFFER_FROM_REVIEW
    assert azure.sent == 0
