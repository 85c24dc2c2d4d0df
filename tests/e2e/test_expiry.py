"""A review expires, a run is interrupted: what was begun goes on, and nothing else is begun.

Fails: what somebody approved a year ago is done today, or a server is left half moved.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.engine.schedule import Stop
from cmk_remediate.errors import ReviewError
from cmk_remediate.simulator.faults import Fault, Killed
from tests.e2e.desk import several
from tests.e2e.estates import bare, one_server
from tests.e2e.gates import CANARY, SOAK, ended, on, stopped_after
from tests.e2e.stage import DAY, like_a_dead_process, rows, told, writes
from tests.laws import check_laws

if TYPE_CHECKING:
    from tests.e2e.conftest import Azure


@pytest.mark.parametrize("kind", ["attach_identity", "register_server_key"])
def test_ctrl_c_between_steps_and_resume(azure: Azure, kind: str) -> None:
    """Also once the review has expired: it gates the start of a run, not its end."""
    stage = azure(one_server())
    review = stage.dry_run()
    result = stopped_after(stage, review, kind)
    assert (result.exit_code, ended(result)) == (5, [("skipped", "CMK513")]), told(result)
    stage.azure.advance(8 * DAY)
    mark = stage.seen()
    assert stage.apply(review).exit_code == 0
    assert len(writes(stage.since(mark))) == {"attach_identity": 2, "register_server_key": 1}[kind]
    assert check_laws(review, stage.journal(review.digest), rows(stage.since(0))) == []


def test_a_review_that_expires_as_the_plan_says(azure: Azure) -> None:
    stage = azure(one_server())
    review = stage.dry_run({**stage.scene.plan, "review_expires": "2h"})
    stage.azure.advance(2 * 3600)
    with pytest.raises(ReviewError) as expired:
        stage.apply(review)
    assert expired.value.code == codes.input_.REVIEW_EXPIRED
    assert writes(stage.since(0)) == []


def test_an_expired_review_begins_no_target_that_nobody_has_begun(azure: Azure) -> None:
    """Else what somebody approved a year ago is done today. The run is over then: its vault is free for the next one."""
    stage = azure(several(3))
    review = stage.dry_run({**stage.scene.plan, "review_expires": "2h", "canary": CANARY})
    assert stopped_after(stage, review, "attach_identity").exit_code == 5
    stage.azure.advance(400 * DAY)
    mark, began = stage.seen(), stage.azure.clock.stamp()
    result = stage.apply(review)
    assert (result.exit_code, ended(result)) == (5, [("done", ""), *[("skipped", "CMK111")] * 2]), told(result)
    assert "expired at" in result.targets[1].text
    assert len(on(stage.scene, stage.since(mark), 0)) == len(writes(stage.since(mark))) > 0
    assert stage.azure.clock.stamp() - began < SOAK + 600
    assert [one.state for one in cmk.runs(stage.folder)] == ["finished"]
    assert stage.apply(stage.dry_run()).exit_code == 0


def test_an_expired_review_of_which_nothing_was_begun_is_3(azure: Azure) -> None:
    stage = azure(several(2))
    review = stage.dry_run()
    stop = Stop()
    stop.ask("interrupted by Ctrl-C")
    assert stage.apply(review, stop=stop).exit_code == 130
    stage.azure.advance(8 * DAY)
    result = stage.apply(review)
    assert (result.exit_code, result.writes, ended(result)) == (3, 0, [("skipped", "CMK111")] * 2), told(result)


def test_what_all_share_is_ended_where_a_process_died_in_it_though_the_review_expired(azure: Azure) -> None:
    """Its request has left: what came of it is read and journaled, or the run would hold the key for ever."""
    stage = azure(bare(2))
    review = stage.dry_run()
    stage.azure.faults.add(Fault("kill-after", method="PUT", url="/keys/"))
    with pytest.raises(Killed):
        stage.apply(review)
    like_a_dead_process(stage.folder)
    stage.azure.faults.clear()
    stage.azure.advance(8 * DAY)
    result = stage.resume(review.digest)
    assert (result.exit_code, result.writes, ended(result)) == (5, 0, [("skipped", "CMK111")] * 2), told(result)
    ends = {
        one["step"]: one["result"] for one in map(json.loads, stage.journal(review.digest)) if one["type"] == "settled"
    }
    assert list(ends.values()) == ["already done"]
