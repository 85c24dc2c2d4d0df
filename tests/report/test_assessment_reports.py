"""Without these an assessment's reader could miss what was not read, or a door, or be told different figures by two formats."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

import pytest

from cmk_remediate import codes
from cmk_remediate.model.findings import Comparison, Moved, Verdict
from cmk_remediate.report import render
from cmk_remediate.report.assessment_view import ORDER, AssessmentView, says_otherwise
from cmk_remediate.report.capped import LIMIT
from cmk_remediate.report.figures_view import ages, rotation, shares, times, transitions
from cmk_remediate.report.html.assessment import LISTED, AssessmentPage
from tests.assessment.made import account, assessment, finding, key
from tests.report import sample_assessment
from tests.report.markup import Markup
from tests.report.sample_assessment import EXEMPT, LOCKED, many, policy, whole
from tests.report.test_html import hostile_assessment

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmk_remediate.report.formats import Format

FORMATS: tuple[Format, ...] = ("text", "markdown", "html")


def said(format: Format) -> str:  # noqa: A002 - as --format
    """Return what a reader sees of the assessment with everything in it, with single spaces."""
    document = render(whole(), format)
    if format == "html":
        return Markup(document).said()
    return " ".join(document.replace("\\", "").replace("&gt;", ">").replace("`", "").split())


def unspaced(text: str) -> str:
    """Return *text* without its spaces: lines are broken inside of what is longer than they are."""
    return text.replace(" ", "")


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_tells_all_of_it(format: Format) -> None:  # noqa: A002 - as --format
    shown, made = said(format), whole()

    for one in made.findings:
        assert f" {one.id.rpartition('/')[2]} " in f" {shown.replace(':', ' ')} "
        assert one.state in shown
        assert one.owner in shown
        for proof in one.evidence:
            assert proof.path in shown
        for used in one.keys:
            assert f"{used.name} in kv" in shown
            assert used.version in shown
            assert bool(used.version) or used.latest in shown
            assert used.expires[:10] in shown
            assert used.rotation in shown
            assert used.why in shown
        for view in one.policy:
            assert view.definition in shown
        assert one.cost is None or (one.cost.text in shown and one.cost.one_way in shown)
        assert all(note.text in shown for note in one.notes)
    for text in (
        *(made.not_read[0].what, made.not_read[0].why, *made.filters),
        *(made.unsure[0].what, made.unsure[0].why),
        *(LOCKED.why, LOCKED.code, LOCKED.next),
        *("DISABLED", "last rotated 98 days ago, on 2029-10-01", "rotation policy P90D, due on 2029-12-20"),
        *(EXEMPT.reason, EXEMPT.owner, "expired", "2029-12-31", account("stgone")),
        *(made.not_covered[0].resource, made.not_covered[0].check, made.not_covered[0].why, "(no resource)"),
        *("id-cmk-orders", "98 d", "3", "its diagnostic logs are not kept", "Azure Policy says otherwise"),
        *("20 %", "1 of 5", "team-ledger", "5 not compliant, 1 unknown, 1 in progress, 1 not ours, 2 compliant"),
    ):
        assert unspaced(text) in unspaced(shown), text


@pytest.mark.parametrize("format", FORMATS)
def test_what_was_not_read_stands_above_every_finding(format: Format) -> None:  # noqa: A002 - as --format
    shown = said(format)

    assert shown.lower().index("not read") < shown.index("storders")
    assert shown.index("AuthorizationFailed") < shown.index("storders")


@pytest.mark.parametrize("format", FORMATS)
def test_an_assessment_that_found_nothing_is_a_report_too(format: Format) -> None:  # noqa: A002 - as --format
    document = render(assessment(), format)

    assert "0 findings in 1 subscription" in document
    assert "100 %" not in document


@pytest.mark.parametrize("format", FORMATS)
def test_refused_accesses_that_nobody_measured_are_not_none(format: Format) -> None:  # noqa: A002 - as --format
    document = render(many(10), format)

    assert "not measured: who asked for a key" in " ".join(document.split())


def test_every_verdict_has_its_place() -> None:
    assert sorted(ORDER) == sorted(get_args(Verdict))


def test_a_name_that_two_resources_share_is_not_cut_short() -> None:
    one, other = finding("store"), finding("store", id=account("store").replace("rg-data", "rg-more"))
    view = AssessmentView(assessment(one, other))

    assert {view.names(one.id), view.names(other.id)} == {"rg-data/store", "rg-more/store"}


def test_a_value_that_is_not_there_is_no_text_that_says_so() -> None:
    view = AssessmentView(assessment())

    assert (view.shown(None), view.shown("absent"), view.shown("")) == ("absent", '"absent"', '""')


@pytest.mark.parametrize(
    ("verdict", "states", "otherwise"),
    [
        ("not compliant", ("Compliant",), True),
        ("not compliant", ("Compliant", "NonCompliant"), False),
        ("not compliant", (), False),
        ("compliant", ("Compliant", "NonCompliant"), True),
        ("compliant", ("Compliant",), False),
        ("unknown", ("Compliant",), False),
    ],
)
def test_azure_policys_view_is_held_against_ours(verdict: str, states: tuple[str, ...], *, otherwise: bool) -> None:
    views = tuple(policy(account("one"), state) for state in states)

    assert says_otherwise(finding("one", verdict, policy=views)) is otherwise


def test_most_left_to_do_stands_first_and_a_part_is_never_called_all() -> None:
    bars = shares(whole().figures.services)

    assert [(one.name, one.said) for one in bars] == [
        ("storage", "20 %, 1 of 5"),
        ("cosmosdb", "0 %, 0 of 1"),
        ("redis-enterprise", "0 %, 0 of 1"),
        ("sql", "100 %, 1 of 1"),
    ]


def test_lengths_are_counted_in_the_row_that_names_them() -> None:
    day = 86_400
    assert [one.part for one in times([0, day, day + 1, 7 * day, 30 * day, 90 * day, 90 * day + 1])] == [2, 2, 1, 1, 1]
    used = AssessmentView(
        assessment(finding("one", keys=tuple(key(str(age), age_days=age) for age in (30, 31, 365, 366))))
    )
    assert [one.part for one in ages(used.keys)] == [1, 1, 0, 1, 1]


def test_each_key_is_in_one_row_of_its_rotation_and_used_by_whom_it_is() -> None:
    one = finding("one", keys=(key("A"), key("b")))
    view = AssessmentView(assessment(one, finding("two", keys=(key("a"),))))

    assert [(used.key.name, used.users) for used in view.keys] == [("a", 2), ("b", 1)]
    bars = rotation(whole().figures.keys)
    assert sum(bar.part for bar in bars) == whole().figures.keys.keys == 5


def test_what_moved_is_counted_each_way() -> None:
    ways = [("", "unknown (x)"), ("compliant (x)", "not compliant (y)"), ("not compliant (y)", "compliant (x)")]
    moved = tuple(Moved(id=account("one"), service="storage", before=one, after=other) for one, other in ways)
    bars = transitions(Comparison(made="x", id="x", alike=True, moved=moved))

    assert {(one.name, one.tone) for one in bars} == {
        ("not there -> unknown", ""),
        ("compliant -> not compliant", "bad"),
        ("not compliant -> compliant", "good"),
    }


def test_markdown_of_any_size_fits_a_comment_and_says_what_is_missing() -> None:
    document = render(many(1000), "markdown")
    last = document.splitlines()[-1]

    assert len(document.encode()) <= LIMIT
    assert "of 500 findings that are not compliant" in last
    assert "--format json" in last


def test_hostile_markdown_stays_in_its_cells() -> None:
    document = render(hostile_assessment(), "markdown")
    bare = re.sub(r"(`+).*?\1|^<details><summary><code>[^<]*</code></summary>$", "", document, flags=re.MULTILINE)

    assert "<script>" not in bare
    assert "\n# owned" not in document
    assert "](" not in bare
    rows = [line for line in document.splitlines() if line.startswith("| `")]
    assert rows
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {6}


def test_hostile_text_stays_ascii_on_its_lines() -> None:
    document = render(hostile_assessment(), "text")

    assert all(one == "\n" or " " <= one <= "~" for one in document)
    assert max(map(len, document.splitlines())) <= 100


def test_the_page_unfolds_short_groups_and_keeps_long_ones_and_what_is_right_folded() -> None:
    page = AssessmentPage(many(1000))

    assert {one.unfolded for one in page.groups["not compliant"]} == {False}
    assert {one.unfolded for one in AssessmentPage(whole()).groups["not compliant"]} == {True}
    assert {one.unfolded for one in AssessmentPage(whole()).groups["compliant"]} == {False}
    assert sum(len(one.findings) for groups in page.groups.values() for one in groups) == 1000


def test_the_page_explains_every_code_it_names() -> None:
    shown = said("html")

    for code in ("CMK206", "CMK815"):
        assert codes.CODES[code].meaning in shown


def test_keys_that_are_too_many_to_name_are_counted() -> None:
    used = tuple(key(f"cmk-{number}") for number in range(LISTED + 3))
    page = render(sample_assessment.with_figures(finding("one", keys=used)), "html")

    assert f"{LISTED + 3} keys to look at" in page
    assert "3 more: each stands with the findings that use it." in page


def test_a_page_grows_with_its_findings_and_no_faster(figures: Callable[[str], None]) -> None:
    sizes = [len(render(many(number), "html")) for number in (100, 400)]

    figures(f"a page of 100 findings has {sizes[0]} bytes, of 400 {sizes[1]}")
    assert sizes[1] < 4 * sizes[0]
