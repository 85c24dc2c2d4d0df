"""Many servers, of which somebody else changes one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import simulator
from tests.bench import estates
from tests.e2e.desk import owner_sets
from tests.e2e.estates import Scene
from tests.e2e.stage import Stage, path, writes
from tests.faults.moments import life

if TYPE_CHECKING:
    from pathlib import Path

    from cmk_remediate.model.result import RunResult


def one_drifted(count: int, folder: Path) -> tuple[RunResult, list[str]]:
    """Review *count* servers, change one, apply; return the result and the writes on that one."""
    scene = Scene(estates.estate(count), estates.plan(count), tuple(estates.server_id(one) for one in range(count)))
    stage = Stage(simulator.azure(estate=scene.estate), scene, folder / "runs")
    stage.azure.observers.clear()  # the monitor's judgement of all servers after each request is another test's matter
    review = life(stage, Stage.dry_run)
    drifted = scene.servers[count // 2]
    owner_sets(stage, f"{drifted}/encryptionProtector/current", {"properties": {"autoRotationEnabled": True}})
    result: RunResult = life(stage, lambda one: one.apply(review))
    return result, [path(one) for one in writes(stage.since(0)) if path(one).startswith(drifted.lower())]
