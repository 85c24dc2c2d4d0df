"""Without these the picture a board decides on could show an outage too short, or a door too late."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cmk_remediate.model.review import ReviewedEstimate
from cmk_remediate.report.html.scale import Scale, ticks
from cmk_remediate.report.html.timeline import Course, timeline
from cmk_remediate.report.view import ReviewView
from tests.report import sample

if TYPE_CHECKING:
    from cmk_remediate.model.review import Action, ReviewedStep
    from cmk_remediate.report.html.timeline import Timeline


def drawn(*steps: ReviewedStep) -> Timeline:
    review = sample.review(steps=steps, targets=(sample.target(*(step.id for step in steps)),))
    return timeline(ReviewView(review), review.targets[0])


def lasting(name: str, usual: int, worst: int, action: Action = "update", **more: object) -> ReviewedStep:
    estimate = ReviewedEstimate(usual=usual, worst=worst)
    return sample.step(name, sample.SERVER, action, **{"estimate": estimate, **more})


def courses(found: Timeline) -> dict[str, tuple[int, int]]:
    return {one.step.kind: (one.usual.begins, one.usual.ends) for one in found.steps}


def test_a_step_begins_when_the_last_it_waits_for_has_ended() -> None:
    first, second = lasting("a", 10, 60), lasting("b", 30, 40)
    third = lasting("c", 5, 5, needs=(first.id,), after=(second.id,))
    found = drawn(first, second, third)

    assert courses(found) == {"a": (0, 10), "b": (0, 30), "c": (30, 35)}
    assert (found.usual, found.worst) == (35, 65)


def test_what_does_nothing_takes_no_time_and_is_not_drawn_but_passes_waiting_on() -> None:
    first = lasting("a", 10, 60)
    idle = lasting("idle", 500, 500, action="none", needs=(first.id,))
    last = lasting("b", 5, 5, needs=(idle.id,))

    assert courses(drawn(first, idle, last)) == {"a": (0, 10), "b": (10, 15)}


def test_an_outage_lasts_from_the_beginning_of_its_stop_to_the_end_of_its_start() -> None:
    review = sample.bracket()
    found = timeline(ReviewView(review), review.targets[0])

    assert found.brackets == ((Course(5, 155), Course(90, 5490)),)
    assert [(one.step.kind, one.look, one.opens) for one in found.steps] == [
        ("create_key", "write", False),
        ("deallocate_machine", "outage", True),
        ("encrypt_disk", "door", False),
        ("start_machine", "outage", False),
    ]
    assert [one.step.kind for one in found.steps if found.down(one.usual)] == [
        "deallocate_machine",
        "encrypt_disk",
        "start_machine",
    ]


def test_a_step_that_stops_something_by_itself_is_no_mere_write() -> None:
    found = drawn(lasting("a", 10, 60), lasting("b", 10, 60, downtime="clients are cut off"))

    assert [(one.look, one.stops, one.opens) for one in found.steps] == [
        ("write", False, False),
        ("outage", True, False),
    ]
    assert found.brackets == ()


def test_the_first_door_is_where_not_all_can_be_undone_any_more() -> None:
    first, door = lasting("a", 10, 60), sample.line("x", 1, 2, sample.ONE_WAY)
    one_way = lasting("b", 5, 5, needs=(first.id,), lines=(door,))
    later = lasting("c", 5, 5, needs=(one_way.id,), lines=(door,))

    assert drawn(first, one_way, later).no_return == 10
    assert drawn(first).no_return is None


def test_a_target_with_nothing_to_do_has_no_timeline() -> None:
    found = drawn(lasting("a", 10, 60, action="keep"))

    assert (found.steps, found.usual, found.worst, found.ticks) == ((), 0, 0, (0,))


@pytest.mark.parametrize(
    ("seconds", "named"),
    [
        (0, (0,)),
        (4, (0, 1, 2, 3, 4)),
        (98, (0, 30, 60, 90)),
        (763, (0, 300, 600)),
        (86400 * 30, (0, 604800, 1209600, 1814400, 2419200)),
        (10**9, None),
    ],
)
def test_an_axis_names_a_few_round_times(seconds: int, named: tuple[int, ...] | None) -> None:
    found = ticks(seconds)

    assert found[0] == 0
    assert len(found) <= 6
    assert max(found) <= seconds
    assert named is None or found == named


def test_a_scale_ends_where_it_ends() -> None:
    scale = Scale(200)

    assert [scale.at(one) for one in (-1, 0, 25, 100, 200, 999)] == ["0%", "0%", "12.5%", "50%", "100%", "100%"]
    assert Scale(0).at(5) == "0%"
    assert scale.fits(200)
    assert not scale.fits(201)
