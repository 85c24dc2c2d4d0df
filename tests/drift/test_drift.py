"""Somebody else changed what we own, carry along or rely on. Fails: another's change is overwritten, or nobody is told of it.

Every line of every plan in plans/ is changed once. Of lines that say the same of different resources one is followed to the end
of the run; `python -m tests.drift` follows them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cmk_remediate import codes
from tests.drift import judging
from tests.drift.fleet import one_drifted
from tests.drift.hands import distinct, hands
from tests.drift.worlds import World, cases
from tests.e2e.stage import Stage
from tests.faults.moments import life

if TYPE_CHECKING:
    from pathlib import Path

SERVERS = 40
"""A thousand take minutes: `python -m tests.drift` has them."""


@pytest.fixture(scope="module", params=cases(), ids=lambda case: case.name)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Give each plan, reviewed and applied."""
    return World(request.param, tmp_path_factory.mktemp("drift").resolve())


def told(faults: list[str]) -> None:
    assert not faults, "\n".join(faults)


def test_a_strict_apply_refuses_all_before_the_first_write_whatever_line_changed(world: World) -> None:
    found = list(hands(world.review, world.reviewed.azure))
    assert {hand.line.role for hand in found} >= {"owned"}, "the point of this test"
    told([fault for hand in found for fault in judging.before_apply_strictly(world, hand)])


def test_only_the_targets_concerned_are_refused_before_any_write_of_theirs(world: World) -> None:
    found = distinct(hands(world.review, world.reviewed.azure))
    told([fault for hand in found for fault in judging.before_apply(world, hand)])


def test_a_rollback_refuses_to_overwrite_whatever_another_has_changed(world: World) -> None:
    found = list(hands(world.review, world.applied.azure))
    follow = distinct(found)
    told([fault for hand in found for fault in judging.before_rollback(world, hand, whole=hand in follow)])


def test_what_changed_since_the_rollback_was_reviewed_is_not_overwritten(world: World) -> None:
    found = distinct(hands(world.back, world.applied.azure))
    told([fault for hand in found for fault in judging.during_rollback(world, hand)])


def test_a_newer_version_of_a_key_is_nobodys_change(world: World) -> None:
    told(judging.rotated(world))


def test_what_somebody_else_has_done_exactly_as_reviewed_is_done_already(world: World, tmp_path: Path) -> None:
    stage = world.reviewed.again()
    other = Stage(stage.azure, world.case.scene, tmp_path / "theirs")
    theirs = life(other, Stage.dry_run)
    assert life(other, lambda one: one.apply(theirs)).exit_code == 0
    stage.at_rest()
    mark = stage.seen()
    result = life(stage, lambda one: one.apply(world.review, strict=True))
    assert result.exit_code == 0
    assert result.writes == 0
    assert [one.url for one in stage.since(mark) if not one.reads] == []


def test_all_but_the_one_that_drifted_go_on(tmp_path: Path) -> None:
    result, written = one_drifted(SERVERS, tmp_path.resolve())
    ends = [one.end for one in result.targets]
    assert (ends.count("done"), ends.count("failed")) == (SERVERS - 1, 1)
    assert result.exit_code == 5
    assert next(one.code for one in result.targets if one.end == "failed") == codes.engine.DRIFT
    assert written == []
