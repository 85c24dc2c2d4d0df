"""How long a run is its process's to go on with: as long as it has the lease, and for closing brackets as long as nobody has come.

A lease may be lost without anybody else's doing: the process stood still, the time of day was corrected, the run store did not
answer. Then nothing is begun any more. But a machine that this run has stopped would stand still until somebody resumes: so it is
looked whether somebody has come, and if not, claimed anew what is needed to start the machine and to write down how the run ended.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from cmk_remediate import codes
from cmk_remediate.engine.claims import run_name
from cmk_remediate.engine.lease import LEASE, LOOK, take
from cmk_remediate.engine.run_store import rollbacks_of
from cmk_remediate.errors import CmkError, LeaseLost, RunStoreBusy

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from cmk_remediate.clock import Clock
    from cmk_remediate.engine.lease import Lease
    from cmk_remediate.engine.run_store import RunStore

PATIENCE = 900.0
"""Seconds for which a run store that does not answer is asked again while a machine stands still (our choice): longer than a
failover of storage usually takes, and soon enough that somebody hears of the machine."""


class EndOfJournal(Protocol):
    """A journal that can say whether somebody else has written to it."""

    async def untouched(self) -> bool:
        """Say whether it ends exactly where we left it."""


class Tenure:
    """The `lease.Permit` and `lease.Pen` of one process of one run.

    Whoever writes what is not *closing* is refused for good once the first lease is lost.
    """

    def __init__(
        self,
        store: RunStore,
        runs: Sequence[str],
        lease: Lease,
        clock: Clock,
        note: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Begin with a lease on everything.

        Args:
            store: where claims stand.
            runs: the run, and then the one it undoes, if any: whose journals it writes to.
            lease: on everything that the run writes.
            clock: what waiting goes by.
            note: told what is tried when the lease is lost.
        """
        self._store = store
        self._run = runs[0]
        self._journals = frozenset(run_name(run) for run in runs)
        self._first = lease
        self._lease = lease
        self._clock = clock
        self._note = note
        self._journal: EndOfJournal | None = None
        self._standing_still: Callable[[], Collection[str]] = frozenset
        self._theirs = False
        self._claiming = asyncio.Lock()
        self._failing: tuple[float, float] | None = None

    def looks_after(self, journal: EndOfJournal, standing_still: Callable[[], Collection[str]]) -> None:
        """Say where the run writes, and what gives the names of what stands still because of it now."""
        self._journal, self._standing_still = journal, standing_still

    async def permit(self, seconds: float, *, closing: bool = False) -> None:
        """See `lease.Permit`."""
        await (self._last(seconds) if closing else self._first.permit(seconds))

    async def may_append(self) -> None:
        """See `lease.Pen`."""
        await self._last(0)

    async def again(self, error: CmkError) -> bool:
        """See `lease.Pen`: what cannot be journaled now is not given up while something stands still and nobody else has come."""
        if not self._standing_still() or self._out_of_patience(error.cause):
            return False
        await self._clock.sleep(LOOK)
        try:
            await self.may_append()
        except LeaseLost:
            return False
        return True

    def lose(self, why: str) -> None:
        """See `lease.Permit`."""
        self._theirs = True
        self._first.lose(why)
        self._lease.lose(why)

    async def keep(self) -> None:
        """Renew whichever lease there is."""
        while True:
            await self._lease.keep()
            await self._clock.sleep(LOOK)

    async def release(self) -> None:
        """Give it back."""
        await self._lease.release()

    async def _last(self, seconds: float) -> None:
        """Return once a lease lasts *seconds*: the first one, or one claimed anew.

        Raises:
            LeaseLost: CMK530 when somebody else has come, or that cannot be told.
        """
        while True:
            lease = self._lease
            try:
                await lease.permit(seconds)
            except LeaseLost as lost:
                await self._claim_anew(lease, lost)
            else:
                return

    async def _claim_anew(self, lost_lease: Lease, lost: LeaseLost) -> None:
        async with self._claiming:
            while self._lease is lost_lease:
                if self._theirs or self._journal is None:
                    raise lost
                names = self._standing_still()
                try:
                    found = await self._claimed(lost_lease, self._journal, names)
                except RunStoreBusy:
                    found = None
                except CmkError as error:
                    if not names or error.code == codes.engine.JOURNAL_DAMAGED or self._out_of_patience(error.cause):
                        raise lost from None
                    await self._clock.sleep(LOOK)
                    continue
                if found is None:
                    self._theirs = True
                    raise lost
                self._lease = found
                if names:
                    self._note(
                        f"the lease was lost ({lost.cause}) and nobody has come: what stands still is started again"
                    )

    async def _claimed(self, lost: Lease, journal: EndOfJournal, names: Collection[str]) -> Lease | None:
        """Return a new lease on *names* and the run itself; None when somebody has come.

        Raises:
            RunStoreBusy: CMK510 when somebody is at it.
            RunStoreError: CMK512 when the store does not answer.
        """
        if not await journal.untouched():
            return None
        await lost.release()
        lease = await take(self._store, self._run, self._journals.union(names), self._clock)
        ours = False
        try:
            ours = await journal.untouched() and not await rollbacks_of(self._store, self._run)
        finally:
            if not ours:
                await lease.release()
        return lease if ours else None

    def _out_of_patience(self, cause: str) -> bool:
        """Say whether the run store has been away for too long; told is the first time."""
        now = self._clock.monotonic()
        if self._failing is None or now - self._failing[1] > 2 * LEASE:
            self._failing = (now, now)
            self._note(f"{cause}: something stands still, so it is tried for {PATIENCE / 60:.0f} minutes")
        self._failing = (self._failing[0], now)
        return now - self._failing[0] >= PATIENCE
