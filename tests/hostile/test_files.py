"""Files that were broken or made to do harm: each is refused with one of our errors, at once, before Azure hears of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

import cmk_remediate as cmk
from cmk_remediate import codes, simulator
from cmk_remediate.errors import InputError
from cmk_remediate.planfile import load
from tests.e2e.estates import geo_on_previous_cmk
from tests.hostile import values
from tests.hostile.expecting import expected
from tests.hostile.profile import tries
from tests.hostile.values import changed, changes

ROOT = Path(__file__).parents[2]
PLAN_TEXT = (ROOT / "plans" / "sql.yaml").read_text(encoding="utf-8")
PLANS = [
    YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "plans").glob("*.yaml"))
]
SCENE = geo_on_previous_cmk()
SMALL = SCENE.estate
SUBSCRIPTION = "22222222-2222-2222-2222-222222222222"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"


@tries(60)
@given(st.sampled_from(PLANS), changes)
def test_plans_with_anything_in_them_are_plans_or_are_refused(plan: dict[str, Any], script: Any) -> None:
    expected(lambda: load.from_values(changed(plan, script)))


@tries(40)
@given(st.one_of(st.text(max_size=300), st.binary(max_size=300), st.sampled_from(values.STRANGE)))
def test_any_bytes_are_a_plan_or_are_refused(tmp_path_factory: pytest.TempPathFactory, text: str | bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "plan.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))

    assert expected(lambda: load.load(path)) is None


@tries(40)
@given(st.data())
def test_a_plan_cut_or_spliced_anywhere_is_a_plan_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(PLAN_TEXT)))
    end = data.draw(st.integers(start, min(len(PLAN_TEXT), start + 400)))
    put = data.draw(
        st.sampled_from(("", "&a ", "*a", "!!python/object:os.system ", "---\n", "? ", "{", "\t", *values.STRANGE))
    )
    path = tmp_path_factory.getbasetemp() / "plan.yaml"
    path.write_text(PLAN_TEXT[:start] + put + PLAN_TEXT[end:], encoding="utf-8", errors="surrogatepass")

    expected(lambda: load.load(path))


BOMBS = {
    "aliases": "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 10)}]\n" for n in range(9)),
    "deep": "a: " + "[" * 5000,
    "deep and closed": "a: " + "[" * 3000 + "]" * 3000,
    "deep maps": "".join("  " * n + "a:\n" for n in range(2000)),
    "number": "size: " + "9" * 10000,
    "hexadecimal": "size: 0x" + "f" * 10000,
    "float": "size: 1e99999",
    "merge": "a: &a {<<: *a}",
    "key": "? [a, b]\n: c",
    "itself": "a: &a [*a]",
    "tag": "!!python/object/apply:os.system ['true']",
    "nul": "service: sql\0",
    "line": "x" * 100_000,
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_no_plan_and_no_estate(text: str, tmp_path: Path) -> None:
    path = tmp_path / "bomb.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(InputError):
        load.load(path)
    with pytest.raises(InputError):
        simulator.azure(estate=path)


@pytest.mark.parametrize("field", ["review_expires", "floor"])
def test_a_duration_beyond_all_time_is_refused(field: str) -> None:
    plan = {
        **YAML(typ="safe", pure=True).load(PLAN_TEXT),
        **({field: "99999999999999d"} if field == "review_expires" else {"access": {field: "99999999999d"}}),
    }

    with pytest.raises(InputError) as raised:
        load.from_values(plan)
    assert raised.value.code == codes.input_.PLAN_INVALID


MEMBERS = {
    "bytes": "tags: !!binary aGVsbG8=",
    "set": "tags: !!set {a, b}",
    "not a number": "size: .nan",
    "endless": "size: -.inf",
    "half a character": 'tags: {a: "\\ud800"}',
}


@pytest.mark.parametrize("text", MEMBERS.values(), ids=MEMBERS)
def test_an_estate_holds_what_azure_can_answer(text: str, tmp_path: Path) -> None:
    """Fails: a traceback that asks for a bug report, at the first read of that resource, or when the state file is written."""
    path = tmp_path / "estate.yaml"
    body = f"  - id: {GROUP}\n    {text}\n"
    path.write_text(f"subscriptions: [{{subscriptionId: {SUBSCRIPTION}}}]\nresources:\n{body}", encoding="utf-8")

    with pytest.raises(InputError) as raised:
        simulator.azure(tmp_path / "az.json", estate=path)
    assert raised.value.code == codes.input_.ESTATE_INVALID


@pytest.mark.parametrize("suffix", ["yaml", "json"])
@pytest.mark.parametrize("now", ["9999-12-31T23:59:00Z", "9001-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "soon", ""])
def test_an_estate_is_at_a_time_that_time_can_be_added_to(now: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"estate.{suffix}"
    path.write_text(json.dumps({**SMALL, "now": now or [1]}), encoding="utf-8")

    with pytest.raises(InputError) as raised:
        simulator.azure(estate=path)
    assert raised.value.code == codes.input_.ESTATE_INVALID


def test_a_day_in_an_estate_is_text(tmp_path: Path) -> None:
    """As in a plan. Fails: an unquoted date, as people write one, ends in a traceback."""
    path = tmp_path / "estate.yaml"
    group = f"  - id: {GROUP}\n    location: westeurope\n    tags: {{reviewed: 2026-11-22, at: 2026-11-22T10:00:00Z}}\n"
    head = f"now: 2030-01-07T08:00:00Z\nsubscriptions: [{{subscriptionId: {SUBSCRIPTION}}}]\nresources:\n"
    path.write_text(head + group, encoding="utf-8")
    azure = simulator.azure(tmp_path / "az.json", estate=path)

    assert (azure.world.get(GROUP) or {})["tags"] == {"reviewed": "2026-11-22", "at": "2026-11-22T10:00:00Z"}


@tries(15)
@given(changes)
def test_estates_with_anything_in_them_are_estates_or_are_refused(script: Any) -> None:
    """And an Azure that opens on one answers, or says that the estate is not of its schema."""
    azure = expected(lambda: simulator.azure(estate=changed(SMALL, script)))
    if azure is None:
        return
    expected(lambda: cmk.dry_run(SCENE.plan, connection=azure.connection(), runs="runs"))
    assert [one.url for one in azure.requests if not one.reads] == []


@tries(40)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200), st.sampled_from([json.dumps(values.deep(900))])))
def test_any_bytes_are_no_review(tmp_path_factory: pytest.TempPathFactory, text: str | bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "review.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))

    with pytest.raises(cmk.CmkError):
        cmk.load_review(path)


def test_a_review_that_says_a_thing_twice_is_altered(tmp_path: Path) -> None:
    """Two values, of which a reader sees one and the digest is of the other. Fails: what was shown is not what is done."""
    review = cmk.dry_run(SCENE.plan, connection=simulator.azure(estate=SMALL).connection(), runs=tmp_path / "runs")
    path = tmp_path / "review.json"
    cmk.save_review(review, path)
    text = path.read_text(encoding="utf-8")
    assert cmk.load_review(path).digest == review.digest
    for member in ("cloud", "name"):
        path.write_text(text.replace(f'"{member}":', f'"{member}": "shown", "{member}":', 1), encoding="utf-8")
        with pytest.raises(cmk.CmkError, match=f"'{member}' stands twice") as raised:
            cmk.load_review(path)
        assert raised.value.code == codes.input_.REVIEW_ALTERED


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 100_000, "9" * 10_000, "NaN", '{"format_version": "1.0", "made": 5}']
)
def test_a_bomb_is_no_review(text: str, tmp_path: Path) -> None:
    path = tmp_path / "review.json"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(cmk.CmkError):
        cmk.load_review(path)
