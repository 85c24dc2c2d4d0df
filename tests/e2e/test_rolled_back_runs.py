"""A run goes one way at a time: on, or back; and a rollback knows all that it is to undo.

Fails: what was restored is moved again by the next schedule, servers lose the grant they read their data through, or a run
counts as rolled back whose servers are still on the new key.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.api import applying
from cmk_remediate.engine import lease
from cmk_remediate.engine.schedule import Stop
from cmk_remediate.errors import ReviewError
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator.declare import SetResource
from tests.e2e.desk import several
from tests.e2e.estates import KEY, one_server
from tests.e2e.stage import told, writes

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmk_remediate.model.result import Event, RunResult
    from cmk_remediate.model.review import Review
    from tests.e2e.conftest import Azure
    from tests.e2e.stage import Stage

CANARY = {"targets": 1, "soak": "45m"}


def begun(stage: Stage) -> Review:
    """Let the canary, one server of two, be moved, and the run be stopped while it soaks."""
    review = stage.dry_run({**stage.scene.plan, "canary": CANARY})
    stop = Stop()

    def press(event: Event) -> None:
        if "soaks" in event.text:
            stop.ask("Ctrl-C")

    stage.apply(review, stop=stop, progress=press)
    return review


def undone(stage: Stage, run: str, review: Review | None = None, **options: Any) -> RunResult:
    """Roll *run* back as its *review* says."""
    accept = review.acknowledgements_required if review else ()
    return cmk.rollback(run, connection=stage.connection, runs=stage.folder, review=review, accept=accept, **options)


def refused(verb: Callable[[], object], code: codes.Code) -> None:
    """Assert that *verb* is refused with *code*."""
    with pytest.raises(ReviewError) as caught:
        verb()
    assert caught.value.code == code


def on_customers_key(stage: Stage) -> list[str]:
    """Return the servers that are on the customer's key."""
    return [one for one in stage.scene.servers if stage.protector(one)["serverKeyType"] != "ServiceManaged"]


def word(stage: Stage, run: str) -> str:
    """Return the state of *run* as a listing shows it."""
    return next(one.state for one in cmk.runs(stage.folder) if one.run == run)


def test_a_rollback_reviewed_before_the_run_went_on_is_refused(azure: Azure) -> None:
    stage = azure(several(2))
    review = begun(stage)
    back = stage.review_rollback(review.digest)
    assert stage.resume(review.digest).exit_code == 0
    seen = stage.seen()
    refused(partial(undone, stage, review.digest, back), codes.input_.REVIEW_OUTRUN)
    assert writes(stage.since(seen)) == []
    stage.rolled_back(review.digest)
    assert (word(stage, review.digest), on_customers_key(stage)) == ("rolled back", [])


def test_a_rollback_that_has_sent_nothing_is_reviewed_anew_once_the_run_went_on(azure: Azure) -> None:
    stage = azure(several(2))
    review = begun(stage)
    back = stage.review_rollback(review.digest)
    stop = Stop()
    stop.ask("Ctrl-C")
    assert undone(stage, review.digest, back, stop=stop).writes == 0
    assert stage.resume(review.digest).exit_code == 0
    refused(partial(stage.apply, back), codes.input_.REVIEW_OUTRUN)
    assert undone(stage, review.digest).exit_code == 0
    assert (word(stage, review.digest), on_customers_key(stage)) == ("rolled back", [])


def test_a_run_that_was_rolled_back_is_not_rolled_back_once_more(azure: Azure) -> None:
    """Another run may have made the same grant since, and its servers use it."""
    stage = azure(one_server(present=False))
    first, _ = stage.moved()
    back = stage.review_rollback(first.digest)
    assert undone(stage, first.digest, back).exit_code == 0
    stage.azure.advance(1200)
    stage.moved()
    seen = stage.seen()
    refused(partial(stage.review_rollback, first.digest), codes.input_.REVIEW_ROLLED_BACK)
    refused(partial(undone, stage, first.digest), codes.input_.REVIEW_ROLLED_BACK)
    assert undone(stage, first.digest, back).writes == 0
    assert writes(stage.since(seen)) == []


def test_what_a_rollback_has_restored_is_not_moved_again_though_it_was_blocked_elsewhere(azure: Azure) -> None:
    stage = azure(several(2))
    review, _ = stage.moved()
    lock = ResourceId(f"{stage.scene.servers[1]}/providers/Microsoft.Authorization/locks/frozen")
    stage.azure.world.apply(
        [SetResource(lock, {"id": lock.text, "name": "frozen", "properties": {"level": "ReadOnly"}})]
    )
    stage.azure.advance(60)
    result = undone(stage, review.digest, stage.review_rollback(review.digest))
    assert result.exit_code == 6, told(result)
    seen = stage.seen()
    for verb in (partial(stage.apply, review), partial(stage.resume, review.digest)):
        refused(verb, codes.input_.REVIEW_ROLLED_BACK)
    assert writes(stage.since(seen)) == []
    assert on_customers_key(stage) == [stage.scene.servers[1]]


def test_a_run_that_is_rolled_back_while_it_waits_for_its_lease_is_refused(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = azure(one_server())
    review, _ = stage.moved()
    waited: list[str] = []

    async def take(store: Any, run: str, *given: Any, **named: Any) -> lease.Lease:
        if not waited:
            waited.append(run)
            await cmk.aio.rollback(review.digest, connection=stage.connection, runs=stage.folder)
        return await lease.take(store, run, *given, **named)

    monkeypatch.setattr(applying, "take", take)
    refused(partial(stage.apply, review), codes.input_.REVIEW_ROLLED_BACK)
    assert on_customers_key(stage) == []
    assert stage.azure.world.get(KEY) is not None
