"""Two processes at once, over one run store.

Fails: two runs write one server, vault or geo pair at the same time; or one that slept writes over what its successor did.
"""

from __future__ import annotations

import asyncio
import os
import threading
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import aio, codes
from cmk_remediate.cli import world
from cmk_remediate.engine.lease import LEASE
from cmk_remediate.errors import CmkError, RefusedError, RunStoreBusy
from cmk_remediate.simulator.faults import Fault, Killed
from tests.e2e.desk import having, refused, several
from tests.e2e.estates import PARTNER, SERVER, VAULT, geo, one_server, previous_cmk
from tests.e2e.stage import Stage, rows, told, writes
from tests.laws import check_laws, law_9

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cmk_remediate.model.result import Event, RunResult
    from cmk_remediate.model.review import Review
    from cmk_remediate.simulator.embedded import Exchange
    from tests.e2e.conftest import Azure, Sit
    from tests.e2e.estates import Scene


def review_of(stage: Stage, *targets: str) -> Review:
    """Return the review of some of the scene's targets."""
    return stage.dry_run({**stage.scene.plan, "targets": [{"resource_id": one} for one in targets]})


def together(stage: Stage, *reviews: Review) -> list[RunResult | CmkError]:
    """Apply *reviews* at once, each as a process of its own, and return how each ended."""

    async def one(review: Review) -> RunResult | CmkError:
        try:
            return await aio.apply(review, connection=connection, accept=review.acknowledgements_required)
        except CmkError as error:
            return error

    async def main() -> list[RunResult | CmkError]:
        return list(await asyncio.gather(*(one(review) for review in reviews)))

    connection = stage.connection
    return connection.run(main)


def done(ended: RunResult | CmkError) -> bool:
    """Say whether it is a run that did all it was to do."""
    return not isinstance(ended, CmkError) and ended.exit_code == 0


def spans(stage: Stage, review: Review, log: Sequence[Exchange]) -> None:
    """Assert the laws of *review*'s own requests."""
    assert check_laws(review, stage.journal(review.digest), rows(list(log))) == []


def test_runs_that_share_nothing_they_write_go_on_side_by_side(azure: Azure) -> None:
    """A vault that is ready, a key and a grant that are there: only the servers are written."""
    stage = azure(several(3))
    one, two, three = stage.scene.servers
    first, second = review_of(stage, one, two), review_of(stage, three)
    mark = stage.seen()
    ends = together(stage, first, second)
    assert all(done(end) for end in ends), ends
    mine = [three.lower() in one.url.lower() for one in writes(stage.since(mark))]
    assert mine.index(True) < len(mine) - 1 - mine[::-1].index(False), "they did not take turns"


@pytest.mark.parametrize("first", [0, 1])
def test_overlapping_targets_are_refused_while_the_other_run_is_at_work(azure: Azure, first: int) -> None:
    stage = azure(several(3))
    one, two, three = stage.scene.servers
    reviews = [review_of(stage, one, two), review_of(stage, two, three)]
    ends = together(stage, *(reviews if not first else reversed(reviews)))
    good = [end for end in ends if done(end)]
    (busy,) = [end for end in ends if isinstance(end, RunStoreBusy)]
    assert len(good) == 1, ends
    assert busy.resource == two.lower()
    assert busy.holder in {review.digest for review in reviews}
    late = next(review for review in reviews if review.digest != busy.holder)
    assert stage.apply(late).exit_code in (0, 3), "now that nobody is in the way it is judged like any other"


def test_a_vault_that_both_would_write_is_written_by_one(azure: Azure) -> None:
    """Key, identity and grant are there: the vault's protection is all that the two have in common."""
    stage = azure(having(several(2), VAULT, {"properties": {"enablePurgeProtection": None}}))
    one, two = stage.scene.servers
    reviews = [review_of(stage, one), review_of(stage, two)]
    mark = stage.seen()
    ends = together(stage, *reviews)
    (busy,) = [end for end in ends if isinstance(end, RunStoreBusy)]
    assert sum(done(end) for end in ends) == 1, ends
    assert busy.resource == VAULT.lower()
    assert sum("/vaults/" in one.url.lower() for one in writes(stage.since(mark))) == 1


def test_the_partner_of_a_pair_is_leased_with_it(azure: Azure) -> None:
    """A plan that names one server of the pair, and another that names the other."""
    stage = azure(geo())
    reviews = [review_of(stage, SERVER), review_of(stage, PARTNER)]
    ends = together(stage, *reviews)
    (busy,) = [end for end in ends if isinstance(end, RunStoreBusy)]
    assert sum(done(end) for end in ends) == 1, ends
    assert busy.holder in {review.digest for review in reviews}


def test_the_same_run_twice_is_carried_out_once(azure: Azure) -> None:
    """An hourly schedule that starts a job while the last one still runs."""
    stage = azure(one_server())
    review = stage.dry_run()
    mark = stage.seen()
    ends = together(stage, review, review)
    (busy,) = [end for end in ends if isinstance(end, RunStoreBusy)]
    assert sum(done(end) for end in ends) == 1, ends
    assert busy.holder == review.digest
    spans(stage, review, stage.since(mark))


def test_a_living_run_is_not_undone(azure: Azure) -> None:
    stage = azure(one_server())
    review = stage.dry_run()
    connection = stage.connection

    async def undo() -> CmkError | Review:
        await connection.clock.sleep(30)
        try:
            return await aio.review_rollback(review.digest, connection=connection, runs=stage.folder)
        except CmkError as error:
            return error

    async def main() -> tuple[RunResult, CmkError | Review]:
        apply = aio.apply(review, connection=connection, accept=review.acknowledgements_required)
        return await asyncio.gather(apply, undo())

    result, refusal = connection.run(main)
    assert result.exit_code == 0, told(result)
    assert isinstance(refusal, RunStoreBusy)
    assert refusal.holder == review.digest


class Sleeper:
    """Stands still at the first event of a kind, while another process comes and goes on with its run."""

    def __init__(self, stage: Stage, kind: str, meanwhile: Callable[[], Any]) -> None:
        self.stage = stage
        self.kind = kind
        self.meanwhile = meanwhile
        self.slept_at = -1
        self.woke_at = -1
        self.found: list[Any] = []

    def __call__(self, event: Event) -> None:
        if event.kind != self.kind or self.slept_at >= 0:
            return
        self.slept_at = self.stage.seen()
        # In a thread of its own: this one stands still, as a suspended process does.
        other = threading.Thread(target=lambda: self.found.append(self.meanwhile()))
        other.start()
        other.join()
        self.woke_at = self.stage.seen()


@pytest.mark.parametrize("kind", ["sending", "sent"])
@pytest.mark.parametrize("scene", [one_server, geo], ids=["a server", "a pair"])
def test_whoever_slept_writes_nothing_more_and_the_new_one_finishes(
    azure: Azure, scene: Callable[[], Scene], kind: str
) -> None:
    """Suspended with an intent in the journal whose request has not left, or with an answer that is not looked at yet."""
    stage = azure(scene())
    review = stage.dry_run()
    mark = stage.seen()
    sleeper = Sleeper(stage, kind, lambda: stage.resume(review.digest))
    slept = stage.apply(review, progress=sleeper)
    (finished,) = sleeper.found
    assert finished.exit_code == 0, told(finished)
    assert slept.exit_code == 5, told(slept)
    assert {one.code for one in slept.targets} == {str(codes.engine.LEASE_LOST)}
    assert writes(stage.since(sleeper.woke_at)) == []
    spans(stage, review, stage.since(mark))
    logs = {"a" * 64: stage.since(mark)[: sleeper.slept_at - mark], "b" * 64: stage.since(sleeper.slept_at)}
    assert law_9({run: rows(log) for run, log in logs.items()}) == []
    assert stage.resume(review.digest).writes == 0


def test_whoever_slept_writes_nothing_more_though_nobody_came(azure: Azure) -> None:
    """What it read before it fell asleep is old."""
    stage = azure(one_server())
    review = stage.dry_run()
    sleeper = Sleeper(stage, "sending", lambda: stage.azure.advance(LEASE + 1))
    slept = stage.apply(review, progress=sleeper)
    assert slept.exit_code == 1, "its first write had not left"
    assert slept.writes == 0
    assert writes(stage.since(sleeper.slept_at)) == []
    assert stage.resume(review.digest).exit_code == 0


def test_a_short_sleep_costs_nothing(azure: Azure) -> None:
    stage = azure(one_server())
    sleeper = Sleeper(stage, "sent", lambda: stage.azure.advance(LEASE / 2))
    assert stage.apply(stage.dry_run(), progress=sleeper).exit_code == 0
    assert sleeper.slept_at >= 0


def dying(stage: Stage, review: Review) -> Stage:
    """Let a process die after its first write, and return what its successor finds."""
    stage.azure.faults.add(Fault("kill-after", method="PUT|PATCH"))
    with pytest.raises(Killed):
        stage.apply(review)
    return Stage(stage.azure.clone(), stage.scene, stage.folder)


def test_a_takeover_waits_for_the_old_lease_and_goes_on_from_the_old_journal(azure: Azure) -> None:
    stage = azure(one_server())
    review = stage.dry_run()
    heir = dying(stage, review)
    begun = heir.azure.clock.stamp()
    said: list[str] = []
    result = cmk.resume(
        review.digest,
        connection=heir.connection,
        runs=heir.folder,
        progress=lambda event: said.append(event.text) if event.kind == "note" else None,
    )
    assert result.exit_code == 0, told(result)
    assert "waiting up to 60 s" in said[0]
    first = next(one for one in heir.since(0) if not one.reads)
    assert heir.azure.clock.stamp() - begun >= LEASE
    assert first.at >= _stamp(begun + LEASE)
    heir.lawful()


def test_a_rollback_whose_process_died_is_gone_on_with_by_the_next_one(azure: Azure) -> None:
    """The command makes a review first: it must not be told for ever that the dead process is at work."""
    stage = azure(previous_cmk())
    review, _ = stage.moved()
    undoing = stage.review_rollback(review.digest)
    stage.azure.faults.add(Fault("kill-after", method="PUT|PATCH"))
    with pytest.raises(Killed):
        stage.rolled_back(review.digest)
    heir = Stage(stage.azure.clone(), stage.scene, stage.folder)
    shown, _ = heir.rolled_back(review.digest)
    begun = [one.run for one in cmk.runs(heir.folder) if one.undoes == review.digest]
    assert len(begun) == 1, "the one that was begun, not another one"
    assert begun == [shown.digest], "what is shown is what is gone on with"
    assert begun != [undoing.digest], "that review was only shown"
    heir.lawful()


@pytest.mark.parametrize("scene", [one_server, geo], ids=["a server", "a pair"])
def test_whoever_was_unlocked_writes_nothing_more_and_no_other_run_comes_in_between(
    azure: Azure, scene: Callable[[], Scene]
) -> None:
    """Unlocked though it was alive: another review of the pair's other server has to wait until this one was gone on with."""
    stage = azure(scene())
    review = stage.dry_run()
    other = review_of(stage, stage.scene.servers[-1])
    found: list[Any] = []

    def unlocked() -> None:
        found.append(cmk.unlock(stage.folder, review.digest))
        with pytest.raises(RefusedError) as caught:
            stage.apply(other)
        found.append(caught.value.code)

    sleeper = Sleeper(stage, "sent", unlocked)
    stopped = stage.apply(review, progress=sleeper)
    names, refusal = found
    assert {one.lower() for one in stage.scene.servers} <= set(names)
    assert refusal == codes.engine.UNFINISHED_RUN
    assert stopped.exit_code == 5, told(stopped)
    assert {one.code for one in stopped.targets} == {str(codes.engine.LEASE_LOST)}
    assert writes(stage.since(sleeper.slept_at)) == []
    assert stage.resume(review.digest).exit_code == 0
    assert stage.apply(other).exit_code in (0, 3), "now it is judged like any other"


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")


def test_another_run_gets_no_resource_of_an_unfinished_one(azure: Azure) -> None:
    """Not at once, and not when the old lease has run out: first somebody resumes or rolls back."""
    stage = azure(one_server())
    review, other = stage.dry_run(), stage.dry_run()
    heir = dying(stage, review)
    with pytest.raises(RunStoreBusy) as caught:
        heir.apply(other)
    assert caught.value.holder == review.digest
    heir.azure.advance(LEASE + 1)
    cmk.unlock(heir.folder, review.digest)
    with pytest.raises(RefusedError, match=review.digest[:8]) as caught2:
        heir.apply(other)
    assert caught2.value.code == codes.engine.UNFINISHED_RUN
    assert f"rollback {review.digest[:8]}" in caught2.value.hint
    assert heir.resume(review.digest).exit_code == 0
    assert heir.apply(other).exit_code in (0, 3)


def test_the_command_line_says_in_one_line_that_the_run_is_alive(azure: Azure, sit_beside: Any) -> None:
    outcome, review = sit_beside
    assert outcome.code == 0
    assert outcome.out == f"Run {review[:8]} is being carried out by another process.\n"
    assert outcome.writes == 0


@pytest.fixture
def sit_beside(desk: Sit) -> Any:
    """Give what `apply` says while another process carries out the same run."""
    at = desk(one_server())
    run = at.reviewed()
    accept = at.accepting()
    found = []

    def again() -> None:
        # It shows that it is alive whenever it is looked at: it renews as it wakes, as the claim's file tells.
        (claim,) = (at.stage.folder / "leases").iterdir()
        clock = at.stage.connection.clock
        real = type(clock).sleep

        async def sleep(self: Any, seconds: float) -> None:
            await real(self, seconds)
            os.utime(claim, ns=(1, 1))

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(clock), "sleep", sleep)
            found.append(at("apply", at.review, "--yes", *accept))

    review = cmk.load_review(at.review)
    sleeper = Sleeper(at.stage, "sending", again)
    at.stage.apply(review, progress=sleeper)
    return found[0], run


def test_unlock_names_what_it_unlocks(desk: Sit, monkeypatch: pytest.MonkeyPatch) -> None:
    at = desk(one_server())
    run = at.reviewed()
    review = cmk.load_review(at.review)
    heir = dying(at.stage, review)
    monkeypatch.setattr(world, "connection", None)  # it needs no Azure
    outcome = at("runs", "--unlock", run[:8])
    assert (outcome.code, outcome.writes) == (0, 0)
    assert f"unlocked {SERVER.lower()}" in outcome.out.splitlines()
    assert at("runs", "--unlock", run[:8]).out == "nothing was locked\n"
    refused(at("runs", "--unlock", "0" * 8), 1, codes.input_.RUN_UNKNOWN, "00000000")
    begun = heir.azure.clock.stamp()
    heir.resume(run)
    looks = [one for one in heir.since(0) if one.url.partition("?")[0].endswith("/servers/sql-one")]
    assert looks[0].at < _stamp(begun + LEASE), "there is nothing to wait for"
