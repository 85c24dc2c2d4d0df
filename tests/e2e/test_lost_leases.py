"""A process that stood still, and one whose lease was lost by nobody's doing.

Fails: a machine stands still, or a successor is shut out of its own run.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.errors import RunStoreBusy
from cmk_remediate.simulator.faults import Fault, Killed
from cmk_remediate.simulator.providers.compute.names import power
from tests.e2e.machines import one_machine
from tests.e2e.stage import Stage, told
from tests.simulator.compute import MACHINE

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmk_remediate.model.result import Event, RunResult
    from tests.e2e.conftest import Azure

WAIT = 60.0


def state(stage: Stage) -> str:
    return power(stage.azure.world.get(MACHINE)).rpartition("/")[2]


def lost(result: RunResult) -> bool:
    """Say whether the run ended part-way, for want of its lease."""
    return (result.exit_code, {one.code for one in result.targets}) == (5, {str(codes.engine.LEASE_LOST)})


class Successor:
    """Another process that goes on with a run while the first one stands still, and says when it is where."""

    def __init__(self, work: Callable[[Callable[[Event], None]], Any], until: str) -> None:
        """Let *work* begin; *until* is the step it shows itself at and waits for `go`; empty: when it has ended."""
        self.here, self.go = threading.Event(), threading.Event()
        self._until = until
        self.found: Any = None
        self._thread = threading.Thread(target=self._run, args=(work,))

    def begin(self) -> None:
        """Come, and get as far as it is to get while the other one stands still."""
        self._thread.start()
        assert self.here.wait(WAIT)

    def end(self) -> Any:
        """Go on to the end and return what came of it."""
        self.go.set()
        self._thread.join(WAIT)
        return self.found

    def _run(self, work: Callable[[Callable[[Event], None]], Any]) -> None:
        try:
            self.found = work(self._seen)
        finally:
            self.here.set()

    def _seen(self, event: Event) -> None:
        at = event.kind == "sent" and event.step.startswith(self._until)
        waiting = event.kind == "note" and "waiting up to" in event.text
        if self._until and (at or (self._until == "note" and waiting)) and not self.here.is_set():
            self.here.set()
            assert self.go.wait(WAIT)


@pytest.mark.parametrize("meanwhile", ["deallocate_machine", ""], ids=["in its bracket", "at its end"])
@pytest.mark.parametrize("begun", [True, False], ids=["resumed", "new"])
def test_whoever_stood_still_before_it_opened_the_journal_writes_nothing_into_its_successors(
    azure: Azure, meanwhile: str, *, begun: bool
) -> None:
    """Fails: the successor's next append finds another's line, and its machine stays down; or its finished run is unfinished."""
    stage = azure(one_machine())
    review = stage.dry_run()
    if begun:
        stage.azure.faults.add(Fault("kill-after", method="PUT|PATCH"))
        with pytest.raises(Killed):
            stage.apply(review)
        stage = Stage(stage.azure.clone(), stage.scene, stage.folder)
    successor = Successor(lambda seen: stage.apply(review, progress=seen), meanwhile)
    journals: list[list[bytes]] = []

    def stand_still(event: Event) -> None:
        if event.kind == "began" and not journals:
            successor.begin()
            journals.append(stage.journal(review.digest))

    slept = stage.apply(review, progress=stand_still)
    journals.append(stage.journal(review.digest))
    finished = successor.end()
    assert lost(slept), told(slept)
    assert slept.writes == 0
    assert journals[0] == journals[1], "it appended"
    assert finished.exit_code == 0, told(finished)
    assert state(stage) == "running"
    assert [one.state for one in cmk.runs(stage.folder)] == ["finished"]


def test_whoever_only_looks_takes_no_claim_of_a_living_process_away(azure: Azure) -> None:
    """A rollback is to be shown while the run is at work; the terminal stands still, as one does behind a pager."""
    stage = azure(one_machine())
    review = stage.dry_run()
    leases = stage.folder / "leases"
    claims: list[list[str]] = []

    def show(seen: Callable[[Event], None]) -> object:
        with pytest.raises(RunStoreBusy) as caught:
            cmk.review_rollback(review.digest, connection=stage.connection, runs=stage.folder, progress=seen)
        return caught.value.holder

    onlooker = Successor(show, "note")

    def watch(event: Event) -> None:
        if event.kind == "sent" and event.step.startswith("create_identity") and not claims:
            claims.append(sorted(one.name for one in leases.iterdir()))
            onlooker.begin()
        if event.kind == "sent" and event.step.startswith("deallocate_machine"):
            assert onlooker.end() == review.digest
            claims.append(sorted(one.name for one in leases.iterdir()))

    result = stage.apply(review, progress=watch)
    assert result.exit_code == 0, told(result)
    assert claims[0] == claims[1] != []
    assert state(stage) == "running"


@dataclass
class Corrected:
    """A clock whose time of day is *by* seconds off."""

    real: Any
    by: float

    def now(self) -> datetime:
        now: datetime = self.real.now()
        return now + timedelta(seconds=self.by)

    def monotonic(self) -> float:
        found: float = self.real.monotonic()
        return found

    async def sleep(self, seconds: float) -> None:
        await self.real.sleep(seconds)


def test_a_clock_that_is_corrected_while_a_machine_is_stopped_leaves_it_running(azure: Azure) -> None:
    """Nobody can tell it from a machine that was paused, so nothing more is begun; but nobody has come either."""
    stage = azure(one_machine())
    review = stage.dry_run()
    clock = Corrected(stage.connection.clock, -90.0)
    said: list[str] = []

    def correct(event: Event) -> None:
        said.append(event.text)
        if event.kind == "sending" and event.step.startswith("encrypt_disk"):
            clock.by = 0.0

    connection = replace(stage.connection, clock=clock)
    accept = review.acknowledgements_required
    result = cmk.apply(review, connection=connection, accept=accept, progress=correct)
    assert lost(result), told(result)
    assert result.alarms == ()
    assert state(stage) == "running"
    assert any("nobody has come" in text for text in said)
    assert stage.resume(review.digest).exit_code == 0


def test_a_lease_that_is_taken_away_by_hand_while_a_machine_is_stopped_leaves_it_running(azure: Azure) -> None:
    """`runs --unlock` for a run that was alive, and nobody resumed it."""
    stage = azure(one_machine())
    review = stage.dry_run()

    def unlock(event: Event) -> None:
        if event.kind == "settled" and event.step.startswith("deallocate"):
            cmk.unlock(stage.folder, review.digest)

    result = stage.apply(review, progress=unlock)
    assert lost(result), told(result)
    assert state(stage) == "running"
    assert stage.resume(review.digest).exit_code == 0


@pytest.mark.parametrize("until", ["deallocate_machine", "encrypt_disk"])
def test_what_was_lost_to_another_process_is_that_ones_to_close(azure: Azure, until: str) -> None:
    """Suspended in its bracket: the successor has closed it, or is about to, and the machine is started once."""
    stage = azure(one_machine())
    review = stage.dry_run()
    successor = Successor(lambda _: stage.resume(review.digest), "")
    marks: list[int] = []

    def stand_still(event: Event) -> None:
        if event.kind == "sent" and event.step.startswith(until) and not marks:
            marks.append(stage.seen())
            successor.begin()
            marks.append(stage.seen())

    slept = stage.apply(review, progress=stand_still)
    finished = successor.end()
    assert finished.exit_code == 0, told(finished)
    assert lost(slept), told(slept)
    assert [one.url for one in stage.since(marks[1]) if not one.reads] == []
    assert state(stage) == "running"
    assert [one.state for one in cmk.runs(stage.folder)] == ["finished"]
