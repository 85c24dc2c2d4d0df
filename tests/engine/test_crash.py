"""A process may die at any request. What is lost here: an operator who cannot trust `resume` after an outage of the runner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from tests.engine.estates import whole
from tests.laws import check_laws

if TYPE_CHECKING:
    from pathlib import Path

SIDES: tuple[Literal["before", "after"], ...] = ("before", "after")


@pytest.mark.parametrize(("targets", "lag", "every"), [("a", 0, 1), ("a", 9, 1), ("ab", 0, 3)])
def test_resume_after_death_at_any_request_ends_as_if_nothing_had_happened(targets: str, lag: int, every: int) -> None:
    """A second key, a second outage or a half-moved server after a crash."""
    lab, graph = whole(*targets)
    review = lab.dry_run(graph)
    undisturbed = lab.copy()
    whole_run = undisturbed.apply(review, settings=lambda azure: setattr(azure, "lag", lag))
    assert whole_run.done.exit_code == 0
    for number in range(1, whole_run.calls + 1, every):
        for side in SIDES:
            other = lab.copy()
            killed = other.apply(review, kill_at=(number, side), settings=lambda azure: setattr(azure, "lag", lag))
            if killed.result is not None:
                continue
            again = other.apply(review, killed.lines, settings=lambda azure: setattr(azure, "lag", lag))
            where = f"killed {side} call {number}"
            assert again.done.exit_code == 0, (where, again.done)
            other.pass_time(3600)
            assert other.image() == undisturbed.image(), where
            assert set(other.state.effects.values()) == {1}, (where, other.state.effects)


def test_two_deaths_in_a_row_are_no_worse_than_one() -> None:
    """A runner that is restarted every few minutes must still come to the end."""
    lab, graph = whole("a")
    review = lab.dry_run(graph)
    undisturbed = lab.copy()
    undisturbed.apply(review)
    lines: list[bytes] = []
    for _ in range(60):
        step = lab.apply(review, lines, kill_at=(20, "after"))
        lines = step.lines
        if step.result is not None:
            break
    else:
        pytest.fail("it never came to the end")
    assert lab.image() == undisturbed.image()
    assert set(lab.state.effects.values()) == {1}


def test_the_journal_on_disk_carries_a_run_too(tmp_path: Path) -> None:
    """The journal of the other tests stays in memory; this one is the real one, and the clock stands still while it writes."""
    lab, graph = whole("a")
    review = lab.dry_run(graph)
    done = lab.apply(review, journal_in=tmp_path)
    assert done.done.exit_code == 0
    assert (tmp_path / review.digest / "journal.ndjson").stat().st_size > 0


def test_the_laws_hold_over_a_crash() -> None:
    """Over both processes together no effect happens twice, and nothing is done that was not reviewed."""
    lab, graph = whole("a", "b")
    review = lab.dry_run(graph)
    killed = lab.apply(review, kill_at=(35, "after"))
    again = lab.apply(review, killed.lines)
    assert check_laws(review, again.lines, [*killed.log, *again.log], accepted=review.acknowledgements_required) == []
