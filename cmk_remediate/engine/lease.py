"""Leases: who may write a resource, for how long, and who comes after.

A process claims everything its review writes before it writes anything, and renews the claim every `RENEW` seconds. It writes
only while enough of the lease is left for the request and then some; by its own clock, so that a process that was suspended knows
when it wakes. Whoever finds a claim of an ended process waits until it cannot be renewed any more.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Protocol

from cmk_remediate import codes
from cmk_remediate.engine.claims import Claim, new_claim, run_name
from cmk_remediate.engine.run_store import state_or_damage
from cmk_remediate.errors import CmkError, LeaseLost, RunStoreBusy

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from cmk_remediate.clock import Clock
    from cmk_remediate.engine.run_store import RunStore

LEASE = 60.0
"""Seconds a claim stands without being renewed."""
RENEW = 20.0
"""Seconds between two renewals."""
SPARE = 10.0
"""Seconds that must be left of the lease beyond the longest a request may take."""
WRITE = 25.0
"""Seconds a write may take; the connection asks again, for what it really grants one."""
LOOK = 2.0
"""Seconds between two looks at somebody else's claim; also what two that claim at once give each other to step back."""


class Permit(Protocol):
    """The right to write, asked for immediately before each write."""

    async def permit(self, seconds: float, *, closing: bool = False) -> None:
        """Return if the lease lasts *seconds* and `SPARE` more; *closing*: what is written ends an outage of our making.

        Raises:
            LeaseLost: CMK530 when it does not, and could not be renewed.
        """

    def lose(self, why: str) -> None:
        """Take note that somebody else has taken it."""


class Pen(Protocol):
    """The right to append to a run's journal, asked for before each append."""

    async def may_append(self) -> None:
        """Return if the journal is ours to write to.

        Raises:
            LeaseLost: CMK530 when somebody else may go on with it.
        """

    async def again(self, error: CmkError) -> bool:
        """Say, after a while, whether an append is to be tried again that failed with *error*, which may pass."""


class Unlimited:
    """The permit of a process that shares its Azure with nobody."""

    async def permit(self, seconds: float, *, closing: bool = False) -> None:
        """Always."""

    async def may_append(self) -> None:
        """Always."""

    async def again(self, error: CmkError) -> bool:
        """Never."""
        del error
        return False

    def lose(self, why: str) -> None:
        """Nothing to lose."""


class Lease:
    """What one process holds; once lost it stays lost.

    Attributes:
        lost: why it is not ours any more; empty while it is.
    """

    def __init__(self, store: RunStore, claim: Claim, clock: Clock) -> None:
        """Use `take`."""
        self.lost = ""
        self._store = store
        self._claim = claim
        self._clock = clock
        self._since = self._moment()
        self._renewals = 0
        self._renewing = asyncio.Lock()
        self._on_loss: list[Callable[[str], None]] = []

    def on_loss(self, told: Callable[[str], None]) -> None:
        """Have *told* called with the reason when it is lost."""
        self._on_loss.append(told)

    def remaining(self) -> float:
        """Return for how many seconds it is ours for certain."""
        return 0.0 if self.lost else max(0.0, LEASE - self._age())

    async def permit(self, seconds: float) -> None:
        """See `Permit`; it is renewed first, for as long as it is worth trying, unless that is what the store calls a moment ago.

        So that somebody has taken it is noticed before the next write, or so much later.
        """
        if self._age() >= self._store.fresh:
            await self._renew()
        while not self.lost and self.remaining() <= seconds + SPARE:
            await self._clock.sleep(LOOK)
            await self._renew()
        if self.lost:
            raise LeaseLost(codes.engine.LEASE_LOST, self.lost, resource=f"run {self._claim.run[:8]}")

    def lose(self, why: str) -> None:
        """See `Permit`."""
        if not self.lost:
            self.lost = why
            for told in self._on_loss:
                told(f"the lease was lost: {why}")

    async def keep(self) -> None:
        """Renew it until it is lost."""
        while not self.lost:
            await self._clock.sleep(max(RENEW - self._age(), 1.0))
            if self._age() >= RENEW:
                await self._renew()

    async def release(self) -> None:
        """Give it back; whatever goes wrong, it runs out."""
        with contextlib.suppress(CmkError):
            await self._store.withdraw(self._claim)

    async def _renew(self) -> None:
        asked = self._renewals
        async with self._renewing:
            if self.lost or self._renewals != asked:
                return  # somebody who asked earlier has done it for us
            if self.remaining() == 0:
                # Not renewed even where the store would: whoever waited it out is about to take it.
                self.lose("it ran out before it was renewed: this process stood still")
                return
            before = self._moment()
            try:
                stands = await self._store.renew(self._claim)
            except CmkError:
                return  # not reached this time; it runs on
            if stands:
                self._since = before
                self._renewals += 1
            else:
                self.lose("somebody took it")

    def _moment(self) -> tuple[float, datetime]:
        return self._clock.monotonic(), self._clock.now()

    def _age(self) -> float:
        """Return the seconds since it was renewed, by whichever clock says more: a paused machine's monotonic one stood still."""
        monotonic, now = self._since
        return max(self._clock.monotonic() - monotonic, (self._clock.now() - now).total_seconds())


async def take(
    store: RunStore, run: str, names: Collection[str], clock: Clock, *, notice: Callable[[str], None] = lambda _: None
) -> Lease:
    """Return the lease on *names* for a process of *run*; what ended processes left is waited out first.

    Args:
        store: where claims stand.
        run: its digest; it is claimed too.
        names: what it will write, and other runs whose journal it will write to.
        clock: what waiting goes by.
        notice: told that there is something to wait for.

    Raises:
        RunStoreBusy: CMK510 when a living process has one of them; ``holder`` is its run.
        RunStoreError: CMK512 when the store cannot be written.
    """
    while True:
        # Another one each time: what cannot be deleted cannot be written anew either.
        claim = new_claim(run, {*names, run_name(run)})
        await outwait(store, run, claim.names or (), clock, notice)
        lease = Lease(store, claim, clock)
        await store.claim(claim)
        others = await _others(store, claim)
        if others and all(claim.id < other.id for other in others):
            await clock.sleep(LOOK)  # theirs to step back, if they came at the same moment
            others = await _others(store, claim)
        if others == () and lease.remaining() > LEASE - RENEW:
            return lease
        await store.withdraw(claim)


async def outwait(
    store: RunStore,
    run: str,
    names: Collection[str],
    clock: Clock,
    notice: Callable[[str], None] = lambda _: None,
    *,
    undoing: bool = False,
) -> None:
    """Return once no claim on *names* stands: those of ended processes are waited out and removed.

    *undoing*: whoever asks is to undo *run*, and goes on with a rollback of it that was begun: its process is waited out too.

    Raises:
        RunStoreBusy: CMK510 when one is alive, or of another run that has not come to its end.
    """
    seen: dict[str, tuple[str | None, float]] = {}
    while True:
        # Two looks lie as far apart as the end of the one and the beginning of the other: we may stand still ourselves.
        began = clock.monotonic()
        standing = [claim for claim in await store.claims() if claim.shared(names)]
        if not standing:
            return
        ended = clock.monotonic()
        for claim in standing:
            if claim.id not in seen:
                seen[claim.id] = (claim.mark, ended)
                await _refuse_unfinished(store, claim, run, names, undoing=undoing)
                if not claim.expired:
                    notice(
                        f"run {claim.run[:8]} has claimed it: waiting up to {LEASE:.0f} s to see whether it is alive"
                    )
            mark, since = seen[claim.id]
            still = began - since >= LEASE
            if claim.mark != mark or (still and claim.mark is None and not claim.expired):
                raise busy(claim, names)
            if claim.expired or still:
                await store.clear(claim)
        await clock.sleep(LOOK)


def busy(claim: Claim, names: Collection[str]) -> RunStoreBusy:
    """Return the error that says whose *claim* is in the way of *names*."""
    shared = claim.shared(names)
    what = next((name for name in shared if not name.startswith("run:")), "")
    cause = f"run {claim.run[:8]} is at work on it" if what else f"run {claim.run[:8]} is being carried out"
    return RunStoreBusy(codes.engine.RUN_STORE_BUSY, cause, resource=what or claim.run[:8], holder=claim.run)


async def _refuse_unfinished(store: RunStore, claim: Claim, run: str, names: Collection[str], *, undoing: bool) -> None:
    """Refuse at once what waiting would not change: another run's process is alive, or has left its work unfinished.

    Of one whose journal is damaged only waiting tells whether it is alive; whether to begin beside it is not asked here.
    """
    if claim.run == run or run_name(claim.run) in names:
        return
    state = await state_or_damage(store, claim.run, damaged={})
    if state.started is not None and not state.over and not (undoing and state.started.undoes == run):
        raise busy(claim, names)


async def _others(store: RunStore, claim: Claim) -> tuple[Claim, ...] | None:
    """Return the other claims on what *claim* names; None when it does not stand itself."""
    standing = await store.claims()
    if all(one.id != claim.id for one in standing):
        return None
    return tuple(one for one in standing if one.id != claim.id and one.shared(claim.names or ()))
