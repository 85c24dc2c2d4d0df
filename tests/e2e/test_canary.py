"""A canary goes first, and soaks.

Fails: what breaks one server breaks all of them, or a soak that somebody relies on is cut short.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cmk_remediate.engine.schedule import Stop
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator.declare import SetResource
from cmk_remediate.simulator.faults import Fault, Killed
from tests.e2e.desk import owner_sets, several
from tests.e2e.gates import CANARY, PLATFORM, SOAK, ended, on, stamp
from tests.e2e.stage import Stage, like_a_dead_process, rewritten, rows, told
from tests.laws import check_laws

if TYPE_CHECKING:
    from cmk_remediate.model.result import Event
    from tests.e2e.conftest import Azure


def test_the_rest_starts_after_the_canarys_soak(azure: Azure) -> None:
    stage = azure(several(3))
    review = stage.dry_run({**stage.scene.plan, "canary": CANARY})
    result = stage.apply(review)
    assert result.exit_code == 0, told(result)
    last = max(stamp(one) for one in on(stage.scene, stage.since(0), 0))
    rest = [stamp(one) for number in (1, 2) for one in on(stage.scene, stage.since(0), number)]
    assert min(rest) >= last + SOAK


def test_a_canary_that_breaks_during_the_soak_stops_the_rest(azure: Azure) -> None:
    stage = azure(several(3))
    review = stage.dry_run({**stage.scene.plan, "canary": CANARY})
    broken: list[Event] = []

    def spoil(event: Event) -> None:
        if "soaks" in event.text and not broken:
            broken.append(event)
            protector = f"{stage.scene.servers[0]}/encryptionProtector/current"
            owner_sets(stage, protector, {"properties": {"autoRotationEnabled": False}})

    result = stage.apply(review, progress=spoil)
    assert broken
    assert result.exit_code == 5, told(result)
    assert [code for _, code in ended(result)[1:]] == ["CMK507", "CMK507"]
    assert [on(stage.scene, stage.since(0), number) for number in (1, 2)] == [[], []]


def test_the_soak_survives_ctrl_c_and_counts_from_where_it_began(azure: Azure) -> None:
    stage = azure(several(2))
    review = stage.dry_run({**stage.scene.plan, "canary": CANARY})
    stop, began = Stop(), [0.0]

    def press(event: Event) -> None:
        if "soaks" in event.text:
            began[0] = stage.azure.clock.stamp()
            stop.ask("interrupted by Ctrl-C")

    stopped = stage.apply(review, stop=stop, progress=press)
    assert stopped.exit_code == 5, told(stopped)
    stage.azure.advance(SOAK / 2)
    mark = stage.seen()
    result = stage.resume(review.digest)
    assert result.exit_code == 0, told(result)
    assert on(stage.scene, stage.since(mark), 0) == []
    waited = min(stamp(one) for one in on(stage.scene, stage.since(mark), 1)) - began[0]
    assert SOAK <= waited < SOAK + 300


def test_the_soak_survives_a_kill(azure: Azure) -> None:
    """The process dies at the look that ends the soak; the next one looks at once, and only then goes on."""
    stage = azure(several(2))
    review = stage.dry_run({**stage.scene.plan, "canary": CANARY})

    def kill(event: Event) -> None:
        if "soaks" in event.text:
            stage.azure.faults.add(Fault("kill-before"))

    with pytest.raises(Killed):
        stage.apply(review, progress=kill)
    died = stage.azure.clock.stamp()
    like_a_dead_process(stage.folder)
    heir = Stage(stage.azure.clone(), stage.scene, stage.folder)
    result = heir.resume(review.digest)
    assert result.exit_code == 0, told(result)
    assert min(stamp(one) for one in on(stage.scene, heir.since(0), 1)) - died < 300
    assert check_laws(review, heir.journal(review.digest), rows([*stage.since(0), *heir.since(0)])) == []
    heir.lawful()


def _stopped_in_the_soak(stage: Stage, review: Any) -> None:
    stop = Stop()

    def press(event: Event) -> None:
        if "soaks" in event.text:
            stop.ask("interrupted by Ctrl-C")

    assert stage.apply(review, stop=stop, progress=press).exit_code == 5


def _waited(stage: Stage, mark: int, canary: int, rest: int) -> float:
    """Return the seconds from the last write to server number *canary* to the first to number *rest*."""
    log = stage.since(mark)
    return min(stamp(one) for one in on(stage.scene, log, rest)) - max(
        stamp(one) for one in on(stage.scene, log, canary)
    )


def test_a_canary_in_anothers_place_soaks_for_itself(azure: Azure) -> None:
    """The first one is refused when the run goes on: nothing has shown yet that the next one stays right."""
    stage = azure(several(4))
    review = stage.dry_run({**stage.scene.plan, "canary": CANARY})
    _stopped_in_the_soak(stage, review)
    owner_sets(stage, f"{stage.scene.servers[0]}/encryptionProtector/current", PLATFORM)
    lock = ResourceId(f"{stage.scene.servers[0]}/providers/Microsoft.Authorization/locks/frozen")
    stage.azure.world.apply([SetResource(lock, {"properties": {"level": "ReadOnly"}})])
    stage.azure.advance(SOAK)
    mark = stage.seen()
    result = stage.resume(review.digest)
    assert [one.end for one in result.targets] == ["failed", "done", "done", "done"], told(result)
    assert _waited(stage, mark, canary=1, rest=2) >= SOAK


def test_a_canary_that_was_not_right_and_is_moved_again_soaks_again(azure: Azure) -> None:
    stage = azure(several(3))
    review = stage.dry_run({**stage.scene.plan, "canary": CANARY})
    spoiled: list[Event] = []

    def spoil(event: Event) -> None:
        if "soaks" in event.text and not spoiled:
            spoiled.append(event)
            owner_sets(stage, f"{stage.scene.servers[0]}/encryptionProtector/current", PLATFORM)

    assert stage.apply(review, progress=spoil).exit_code == 5
    mark = stage.seen()
    result = stage.resume(review.digest)
    assert result.exit_code == 0, told(result)
    assert _waited(stage, mark, canary=0, rest=1) >= SOAK


def test_a_soak_of_which_nobody_knows_whose_it_was_is_begun_anew(azure: Azure) -> None:
    """An earlier version journaled no targets with it."""
    stage = azure(several(2))
    review = stage.dry_run({**stage.scene.plan, "canary": CANARY})
    _stopped_in_the_soak(stage, review)
    rewritten(stage, review.digest, lambda record: record.pop("targets", None))
    stage.azure.advance(SOAK)
    began, mark = stage.azure.clock.stamp(), stage.seen()
    assert stage.resume(review.digest).exit_code == 0
    assert min(stamp(one) for one in on(stage.scene, stage.since(mark), 1)) >= began + SOAK
