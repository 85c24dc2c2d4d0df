"""A schedule applies the same review every hour, also once its run is finished, for as long as nobody takes it off.

Fails: what an owner has taken back by hand meanwhile is moved again unasked, machines stopped for it; a run that was rolled back is
carried out once more.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.api import applying
from cmk_remediate.errors import InputError, ReviewError, RunStoreError
from cmk_remediate.simulator.faults import Killed
from tests.e2e.desk import owner_sets
from tests.e2e.estates import one_server
from tests.e2e.machines import one_machine
from tests.e2e.stage import like_a_dead_process, told, writes
from tests.simulator.raw import GROUP, VAULT

if TYPE_CHECKING:
    from cmk_remediate.model.review import Review
    from tests.e2e.conftest import Azure
    from tests.e2e.stage import Stage

DISK = f"{GROUP}/providers/Microsoft.Compute/disks/vm-os"
MONTH = 30 * 86_400
PLATFORM = {"type": "EncryptionAtRestWithPlatformKey", "diskEncryptionSetId": None}


def taken_back(stage: Stage) -> None:
    """Let the owner bring the scene's server, or a disk of its machine, back to the platform's key."""
    if stage.scene.servers:
        protector = {
            "serverKeyName": "ServiceManaged",
            "serverKeyType": "ServiceManaged",
            "uri": None,
            "autoRotationEnabled": False,
        }
        owner_sets(stage, f"{stage.scene.servers[0]}/encryptionProtector/current", {"properties": protector})
    else:
        owner_sets(stage, DISK, {"properties": {"encryption": PLATFORM}})


@pytest.mark.parametrize("scene", [one_server, one_machine])
def test_what_the_owner_has_taken_back_since_is_not_moved_again(azure: Azure, scene: type) -> None:
    stage = azure(scene())
    review, _ = stage.moved()
    taken_back(stage)
    stage.azure.advance(MONTH)
    seen = stage.seen()
    result = stage.apply(review, accept=[])
    assert writes(stage.since(seen)) == []
    assert result.exit_code == 3, told(result)
    (target,) = result.targets
    assert target.code == codes.engine.DRIFT
    assert "changed after this run had done it" in target.text
    assert [one.state for one in cmk.runs(stage.folder)] == ["finished"]


def test_where_nothing_has_changed_since_nothing_is_asked_or_sent(azure: Azure) -> None:
    """Expiry, window and acceptances are of no account where there is nothing to do."""
    stage = azure(one_machine())
    review, _ = stage.moved()
    stage.azure.advance(MONTH)
    seen = stage.seen()
    assert stage.apply(review, accept=[]).exit_code == 0
    assert writes(stage.since(seen)) == []


def drifted_at_first(stage: Stage) -> Review:
    """Carry out a review whose only target had drifted, and mend that afterwards: now it could be moved."""
    review = stage.dry_run()
    owner_sets(stage, VAULT, {"properties": {"enableRbacAuthorization": False}})
    result = stage.apply(review)
    assert (result.exit_code, result.writes) == (3, 0), told(result)
    owner_sets(stage, VAULT, {"properties": {"enableRbacAuthorization": True}})
    return review


def test_a_target_that_was_refused_then_is_begun_once_it_could_be(azure: Azure) -> None:
    """What the review asked for was accepted when the run began."""
    stage = azure(one_machine())
    review = drifted_at_first(stage)
    assert stage.resume(review.digest).exit_code == 0


def test_but_not_once_the_review_has_expired(azure: Azure) -> None:
    stage = azure(one_machine())
    review = drifted_at_first(stage)
    stage.azure.advance(MONTH)
    seen = stage.seen()
    result = stage.apply(review)
    assert (result.exit_code, [one.code for one in result.targets]) == (3, [codes.input_.REVIEW_EXPIRED])
    assert writes(stage.since(seen)) == []


@pytest.mark.parametrize("finished", [True, False], ids=["of a finished run", "of an unfinished run"])
def test_a_rollback_that_dies_before_it_says_so_has_rolled_back_all_the_same(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, *, finished: bool
) -> None:
    stage = azure(one_server())
    review = stage.dry_run()
    if finished:
        stage.apply(review)
    else:
        stop = cmk.Stop()
        stage.apply(review, stop=stop, progress=lambda event: stop.ask("enough") if event.kind == "sent" else None)

    async def dies(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(applying, "_mark_rolled_back", dies)
        with pytest.raises(Killed):
            stage.rolled_back(review.digest)
    like_a_dead_process(stage.folder)
    seen = stage.seen()
    for verb in (partial(stage.apply, review), partial(stage.resume, review.digest)):
        with pytest.raises(ReviewError) as caught:
            verb()
        assert caught.value.code == codes.input_.REVIEW_ROLLED_BACK
    assert writes(stage.since(seen)) == []
    assert [one.state for one in cmk.runs(stage.folder)] == ["rolled back", "finished"]


def test_a_rollback_whose_end_cannot_be_noted_has_ended_all_the_same(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = azure(one_server())
    review, _ = stage.moved()

    async def full(*_: object) -> None:
        raise RunStoreError(codes.engine.JOURNAL_UNWRITABLE, "the disk is full", resource="run store")

    monkeypatch.setattr(applying, "_mark_rolled_back", full)
    stage.rolled_back(review.digest)
    assert [one.state for one in cmk.runs(stage.folder)] == ["rolled back", "finished"]


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_a_run_whose_name_can_be_none_is_unknown(azure: Azure, name: str) -> None:
    """A script that hands on the wrong text gets the code it knows, not an error of the file system."""
    stage = azure(one_server())
    with pytest.raises(InputError) as caught:
        stage.verify(name)
    assert caught.value.code == codes.input_.RUN_UNKNOWN
