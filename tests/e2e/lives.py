"""The whole life of a target: reviewed, moved, looked at again, verified, rolled back; and no law broken on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.equality import differences, kept
from tests.e2e.stage import DAY, rows, told, writes
from tests.laws import check_laws

if TYPE_CHECKING:
    from tests.e2e.conftest import Azure
    from tests.e2e.estates import Scene


def life(azure: Azure, scene: Scene, reading: tuple[str, str], *, rotate: bool = False) -> None:
    """Live it under one *reading* of a doubt, (name, reading); *rotate*: the scene's keys rotate in the middle of it."""
    name, chosen = reading
    stage = azure(scene, doubts={name: chosen})
    before = stage.bodies()
    review = stage.dry_run()
    mark = stage.seen()
    result = stage.apply(review)
    assert result.exit_code == 0, told(result)
    assert {one.end for one in result.targets} == {"done"}, told(result)
    assert result.writes > 0
    assert check_laws(review, stage.journal(review.digest), rows(stage.since(mark))) == []
    if rotate:
        stage.rotate(*scene.keys)
        stage.azure.advance(1.5 * DAY)
    mark = stage.seen()
    assert stage.apply(review).exit_code == 0
    assert stage.apply(stage.dry_run()).exit_code == 0
    assert stage.verify(review.digest).exit_code == 0
    assert stage.verify().exit_code == 0
    assert writes(stage.since(mark)) == []
    undoing, _ = stage.rolled_back(review.digest)
    assert differences(before, stage.bodies(), kept(stage, review, undoing), rotated=rotate) == []
    assert stage.verify(review.digest).exit_code == 0
