"""What stands before the steps of a review. Fails: a board signs, and nobody told it who answers, when, and what is left."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cmk_remediate.model.doors import DOORS, meaning
from cmk_remediate.model.result import TargetResult
from cmk_remediate.model.review import Note, PlanSource, ReviewedBlock, ReviewedEstimate
from cmk_remediate.report import outset, renderer
from cmk_remediate.report.html.timeline import timeline
from cmk_remediate.report.view import ReviewView
from tests.report import sample
from tests.report.markup import Markup

if TYPE_CHECKING:
    from cmk_remediate.model.review import Review
    from cmk_remediate.report.formats import Format

FORMATS: tuple[Format, ...] = ("text", "markdown", "html")
SOURCES = Path(__file__).parents[2] / "cmk_remediate"


def said(review: Review, name: Format, file: str = "") -> str:
    """Return what a reader sees of *review* in the format *name*, on one line, without Markdown's own signs."""
    document = renderer(name).review(review, file)
    shown = Markup(document).said() if name == "html" else document
    words = " ".join(re.sub(r"[`*\\]", "", shown).split())
    return re.sub(r" (?=[:,.;])", "", words).replace(":&#8203;//", "://")


def planned(**content: Any) -> Review:
    return sample.review(plan=PlanSource(name="sql.yaml", sha256="0" * 64, content={"service": "sql", **content}))


@pytest.mark.parametrize("name", FORMATS)
def test_the_owner_stands_in_the_head(name: Format) -> None:
    head, _, _ = said(sample.review(), name).partition(sample.review().digest)

    assert re.search(r"\bOwner orders-team\b", head)
    assert "Owner" not in said(planned(), name)


def test_an_estate_is_answered_for_by_every_owner_of_its_plans() -> None:
    plans = [{"name": one, "content": {"owner": one}} for one in ("sales", "orders", "sales")]

    assert outset.owner(planned(plans=plans)) == "sales, orders"


@pytest.mark.parametrize("name", FORMATS)
def test_how_it_will_run_is_said_near_the_top(name: Format) -> None:
    document = said(sample.review(), name)
    sentences = (
        "window: 2026-11-28T22:00:00Z to 2026-11-29T02:00:00Z (4 h); a target is started only if its worst case ends within it",
        "canary: 1 target first; the others once that is right, and still is after a soak of 45 min",
        "max_failures: no further target is started after 3 have failed",
    )
    assert [one for one in sentences if one not in document] == []
    assert max(document.index(one) for one in sentences) < document.lower().rindex("accepted by name")


def test_what_the_plan_does_not_set_is_not_said() -> None:
    assert outset.course(planned()) == ()
    assert outset.course(planned(limits={"max_targets": 50, "max_failures": 1, "max_disrupted": 1}, window=None)) == ()
    said = dict(outset.course(planned(limits={"max_targets": 60, "max_failures": 1, "max_disrupted": 2})))
    assert said == {
        "max_targets": "a run that would change more than 60 targets is refused",
        "max_disrupted": "at most 2 targets have an outage at the same time",
    }


def test_a_window_too_short_for_a_target_is_said_with_the_window() -> None:
    short = Note(code="CMK620", scope=sample.SERVER, text="needs 5 h at worst, the window has 4 h")

    said = dict(outset.course(sample.review(notes=(short,))))
    assert said["window"].endswith("ends within it; too short for 1 target [CMK620]")


@pytest.mark.parametrize("name", FORMATS)
def test_what_a_saved_review_says_of_its_plan_may_have_any_shape(name: Format) -> None:
    """Fails: `show` ends in a traceback."""
    odd = (
        {"window": {"opens": 5}, "canary": {"soak": []}, "limits": {"max_failures": {}}, "plans": [7]},
        {"window": [], "plans": 1},
    )
    for content in odd:
        assert "Review" in said(planned(**content), name)


def test_a_rollback_says_only_what_it_goes_by() -> None:
    """Fails: a board believes that a rollback waits for the window."""
    limits = {"max_targets": 60, "max_failures": 3, "max_disrupted": 2}
    review = planned(**{**sample.PLAN, "limits": limits}).model_copy(update={"undoes": sample.RUN})

    assert [name for name, _ in outset.course(review)] == ["max_disrupted"]


# -- names to accept -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
def test_under_each_name_to_accept_stands_what_it_means(name: Format) -> None:
    names = ("dynamic-ip:vm-orders", "temp-disk:vm-orders", "of-a-later-version:x")
    document = said(sample.review(acknowledgements_required=names), name)

    for one in names[:2]:
        assert re.search(rf"{re.escape(one)}:? {re.escape(meaning(one))}", document), one
    assert meaning(names[2]) == ""
    assert names[2] in document


def test_every_kind_that_is_asked_for_has_a_meaning() -> None:
    """Fails: somebody accepts a word that nothing explains."""
    asked = set(
        re.findall(
            r"Acceptance\(\s*\"([a-z-]+)\"", "".join(one.read_text(encoding="utf-8") for one in SOURCES.rglob("*.py"))
        )
    )

    assert len(asked) > 20
    assert asked <= set(DOORS)


# -- by hand, not moved ----------------------------------------------------------------------------------------------------


def left_by_hand() -> Review:
    key = sample.step("create_key", sample.KEY, "create", sample.line("properties.kty", None, "RSA", sample.KEPT))
    rebuild = sample.step(
        "rebuild_cluster",
        sample.CLUSTER,
        "manual",
        reason="build aks-orders-cmk from the rebuild pack",
        downtime="depends on the move",
        estimate=None,
    )
    cluster = sample.target(key.id, rebuild.id, id=sample.CLUSTER, service="aks")
    return sample.review(steps=(key, rebuild), targets=(cluster,), acknowledgements_required=())


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_left_by_hand_stands_on_top_and_is_no_mere_change(name: Format) -> None:
    """Fails: a cluster that somebody has to build anew reads as done."""
    document = said(left_by_hand(), name)

    assert "left to do by hand (1)" in document.lower()
    assert document.index("build aks-orders-cmk from the rebuild pack") < document.lower().rindex("accepted by name")
    assert re.search(r"[Dd]owntime: depends on the move", document)
    assert "none of the run's own; see what is left to do by hand" in document.replace("None of", "none of")
    assert "1 target: 1 partly by hand" in document
    assert "to change" not in document


@pytest.mark.parametrize("name", FORMATS)
def test_a_run_that_ended_well_says_what_it_left_by_hand(name: Format) -> None:
    """Fails: exit code 0 reads as if nothing were left."""
    cluster = TargetResult(sample.CLUSTER, "manual", "CMK780", "build the new cluster")
    result = sample.result(targets=(cluster,), exit_code=0, alarms=(), text="apply: 1 manual")
    shown = renderer(name).run(result)
    document = " ".join((Markup(shown).said() if name == "html" else shown).split())

    assert "nothing to do; left to do by hand: 1 target" in document
    assert "left to do by hand" not in renderer(name).run(sample.result())


@pytest.mark.parametrize("name", FORMATS)
def test_blocked_targets_of_a_long_review_are_listed_near_the_top(name: Format) -> None:
    block = ReviewedBlock(code="CMK206", why="the lock frozen forbids it", next="Lift it.")
    others = [sample.target(id=f"{sample.GROUP}/providers/Microsoft.Sql/servers/sql-{one}") for one in range(4)]
    held = sample.target(id=sample.SYNAPSE, blocked=block)
    long = said(sample.review(targets=(*others, held), steps=()), name)
    short = said(sample.review(targets=(*others[:3], held), steps=()), name)

    assert re.search(r"not moved \(1\) (- )?sql-synapse: the lock frozen forbids it", long, re.IGNORECASE)
    assert "not moved" not in short.lower()


# -- time ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
def test_the_time_of_a_target_is_that_which_the_window_is_judged_by(name: Format) -> None:
    """Fails: a board sees that a target fits, and the run does not start it."""
    times = [ReviewedEstimate(usual=60, worst=3600), ReviewedEstimate(usual=90, worst=5460)]
    steps = tuple(
        sample.step(kind, sample.SERVER, "update", estimate=time) for kind, time in zip("ab", times, strict=True)
    )
    review = sample.review(steps=steps, targets=(sample.target(*(step.id for step in steps)),))
    document = said(review, name)

    assert timeline(ReviewView(review), review.targets[0]).worst == 5460, "they need not wait for each other"
    assert review.times()[sample.SERVER] == ReviewedEstimate(usual=150, worst=9060)
    assert "time: usually 2 min 30 s, at worst 2 h 31 min" in document
    assert "1 h 31 min at worst" not in document


def test_an_outage_is_told_as_the_window_judges_it() -> None:
    """Fails: two disks that are changed in one outage count once."""
    stop = sample.step(
        "deallocate_machine", sample.MACHINE, "stop", downtime="down", estimate=ReviewedEstimate(usual=60, worst=600)
    )
    disks = [
        sample.step(
            f"encrypt_disk_{one}",
            sample.DISK,
            "update",
            needs=(stop.id,),
            estimate=ReviewedEstimate(usual=30, worst=1800),
        )
        for one in range(2)
    ]
    ids = tuple(one.id for one in disks)
    start = sample.step(
        "start_machine",
        sample.MACHINE,
        "start",
        after=ids,
        closes=stop.id,
        estimate=ReviewedEstimate(usual=60, worst=600),
    )
    steps = (stop, *disks, start)
    review = sample.review(steps=steps, targets=(sample.target(*(one.id for one in steps), id=sample.MACHINE),))

    assert timeline(ReviewView(review), review.targets[0]).outages == (ReviewedEstimate(usual=180, worst=4800),)


# -- what to type next -----------------------------------------------------------------------------------------------------


def test_the_next_command_can_be_copied() -> None:
    review = sample.review(acknowledgements_required=("outage:vm orders", "temp-disk:vm-orders"))
    command = "cmk-remediate apply 'my review.json' --accept 'outage:vm orders' --accept temp-disk:vm-orders"

    assert f"Next: {command}\n" in renderer("text").review(review, "my review.json")
    assert f"**Next:**\n\n    {command}\n" in renderer("markdown").review(review, "my review.json")
    assert "cmk-remediate apply my review.json --accept-file accepted.txt" in said(review, "html", "my review.json")


def test_many_names_to_accept_go_into_a_file() -> None:
    review = sample.review(acknowledgements_required=tuple(f"outage:vm-{one}" for one in range(11)))
    document = renderer("text").review(review, "r.json")

    assert "Next: cmk-remediate apply r.json --accept-file accepted.txt\n" in document
    assert "accepted.txt: the names to accept, one a line" in document


@pytest.mark.parametrize("name", ["text", "markdown"])
def test_a_review_that_is_not_saved_or_changes_nothing_has_no_next_command(name: Format) -> None:
    nothing = sample.review(steps=(sample.steps()[-1],), targets=(), acknowledgements_required=())

    assert "cmk-remediate apply" not in said(sample.review(), name)
    assert "cmk-remediate apply" not in said(nothing, name, "r.json")


def test_of_a_rollback_the_run_is_typed() -> None:
    undoing = sample.review(undoes=sample.RUN, acknowledgements_required=())

    assert outset.command(undoing, "r.json") == "cmk-remediate rollback 7f3a9c12"


# -- what cannot be checked ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_not_checkable_is_one_line_and_a_list_at_the_end(name: Format) -> None:
    notes = tuple(
        Note(code="CMK205", scope="", text=f"not checkable beforehand: Microsoft.X/{one}/read at rg-orders")
        for one in "abc"
    )
    document = said(sample.review(notes=(Note(code="CMK601", scope="", text="First."), *notes)), name).replace(
        "&#8203;", ""
    )

    assert document.count("3 permissions are not checkable beforehand: listed last") == 1
    assert (
        document.index("listed last")
        < document.index("Microsoft.X/a/read at rg-orders")
        < document.index("Microsoft.X/c/read")
    )
    assert document.count("Microsoft.X/b/read") == 1
