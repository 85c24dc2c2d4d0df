"""Request budgets, kept on our side so that Azure never has to refuse a request.

Azure Resource Manager gives each principal, per subscription and kind, a token bucket: reads 250 and 25 a second, writes 200 and
10, deletes 200 and 10 (learn.microsoft.com, "Understand how Azure Resource Manager throttles requests"). Polls are reads. The
headers ``x-ms-ratelimit-remaining-subscription-reads|writes|deletes`` tell what is left, so that other programs of the same
principal, and smaller buckets, are seen.
"""

from __future__ import annotations

import asyncio
import heapq
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from cmk_remediate.connection.calls import Call, Throttled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.clock import Clock

IN_FLIGHT = 16
"""Requests in flight at once: as many as the transport has connections and threads."""

REQUEST_LIMIT = 25
"""Seconds one attempt may take from connecting to the last byte; after that there is no answer (our choice)."""

DEFAULT_PAUSE = 5
"""Seconds everybody waits after a 429 without Retry-After (our choice)."""

POLL_YIELDS = 30.0
"""Seconds for which a poll lets reads go first when both wait (our choice): nothing is lost by learning late."""

Budget = Literal["reads", "writes", "deletes"]

_SIZES: Mapping[Budget, tuple[int, float]] = {"reads": (250, 25.0), "writes": (200, 10.0), "deletes": (200, 10.0)}
_MARGIN = 5
"""Kept back from each bucket, since requests do not arrive in the rhythm they left in."""
_WHOLE = 1.0 - 1e-9
"""A whole token, less what floating point may lose."""
_DEBT = -2.0
"""Below this a bucket is overdrawn; rounding in Azure's headers alone does not lead there."""
_VAULT = (1000, 200.0)
"""For a vault's own host: half of 4,000 in 10 s (learn.microsoft.com, "Azure Key Vault service limits")."""


def budget_of(call: Call) -> Budget:
    """Return which budget *call* uses."""
    return "writes" if call.kind == "write" else "deletes" if call.kind == "delete" else "reads"


@dataclass(order=True)
class _Waiter:
    key: float
    number: int
    patience: float = field(compare=False)
    future: asyncio.Future[bool] = field(compare=False)
    """True: here is your token. False: be the pump."""
    gone: bool = field(default=False, compare=False)

    @property
    def left(self) -> bool:
        """Whether nobody waits here any more."""
        return self.gone or self.future.cancelled()


class Bucket:
    """One token bucket with a queue.

    Of those who wait one is the pump: it sleeps until a token is there and hands it to whoever is first, itself at last.
    """

    def __init__(self, clock: Clock, capacity: float, rate: float) -> None:
        """Start full: *capacity* tokens, *rate* more a second."""
        self._clock = clock
        self._capacity = capacity
        self._rate = rate
        self._tokens = float(capacity)
        self._stamp = clock.monotonic()
        """When `_tokens` was right; in the future during a pause."""
        self._queue: list[_Waiter] = []
        self._number = 0
        self._pumping = False
        self.taken = 0
        self.sent = 0

    async def take(self, *, patience: float, yields: float = 0.0) -> None:
        """Wait for a token, behind those whose turn it is; then `leave`, or `give_back`.

        Args:
            patience: seconds to wait at most where Azure asked for a pause.
            yields: seconds for which others may overtake.

        Raises:
            Throttled: the pause is longer than *patience*.
        """
        self._refuse_long_pause(patience)
        if not self._pumping and self._delay() <= 0:
            self._spend()
            return
        self._number += 1
        key = self._clock.monotonic() + yields
        waiter = _Waiter(key, self._number, patience, asyncio.get_running_loop().create_future())
        heapq.heappush(self._queue, waiter)
        try:
            if not self._pumping or not await self._turn(waiter):
                await self._pump(waiter)
        finally:
            waiter.gone = True

    def leave(self) -> int:
        """Say that a request leaves now; return its number."""
        self.sent += 1
        return self.sent

    def give_back(self) -> None:
        """Return a token for which no request left."""
        self.taken -= 1
        self._tokens += 1.0

    @property
    def overdrawn(self) -> bool:
        """Whether tokens were given out that, as it turned out since, Azure does not have."""
        self._refill()
        return self._paused_for() > 0 or self._tokens < _DEBT

    def correct(self, remaining: int, number: int) -> None:
        """Take in what Azure, answering request *number*, says is left.

        Tokens given to later requests are not counted in it yet.
        """
        self._refill()
        self._tokens = min(self._tokens, float(remaining - (self.taken - number)))

    def pause(self, seconds: float) -> None:
        """Let nobody pass for *seconds*, and then begin with an empty bucket."""
        self._refill()
        self._stamp = max(self._stamp, self._clock.monotonic() + seconds)
        self._tokens = min(self._tokens, 0.0)
        for waiter in self._queue:
            if self._paused_for() > waiter.patience and not waiter.future.done():
                waiter.gone = True
                waiter.future.set_exception(Throttled(math.ceil(self._paused_for())))

    async def _turn(self, waiter: _Waiter) -> bool:
        """Wait for the token (True) or for being made the pump (False)."""
        try:
            return await waiter.future
        except asyncio.CancelledError:
            if waiter.future.done() and not waiter.future.cancelled() and waiter.future.exception() is None:
                waiter.gone = True
                if waiter.future.result():
                    self.give_back()
                else:
                    self._hand_over()
            raise

    async def _pump(self, own: _Waiter) -> None:
        self._pumping = True
        try:
            while True:
                self._refuse_long_pause(own.patience)
                delay = self._delay()
                if delay > 0:
                    await self._clock.sleep(max(delay, 0.001))
                    continue
                first = heapq.heappop(self._queue)
                if first.left:
                    continue
                self._spend()
                if first is own:
                    return
                first.gone = True
                first.future.set_result(True)
        finally:
            own.gone = True
            self._hand_over()

    def _hand_over(self) -> None:
        """Make whoever is first the pump, if anybody waits."""
        while self._queue and self._queue[0].left:
            heapq.heappop(self._queue)
        self._pumping = bool(self._queue)
        if self._queue:
            self._queue[0].future.set_result(False)

    def _refuse_long_pause(self, patience: float) -> None:
        if self._paused_for() > patience:
            raise Throttled(math.ceil(self._paused_for()))

    def _paused_for(self) -> float:
        return max(0.0, self._stamp - self._clock.monotonic())

    def _delay(self) -> float:
        """Return the seconds until there is a whole token."""
        self._refill()
        return self._paused_for() + max(0.0, (_WHOLE - self._tokens) / self._rate)

    def _refill(self) -> None:
        now = self._clock.monotonic()
        if now > self._stamp:
            self._tokens = min(self._capacity, self._tokens + (now - self._stamp) * self._rate)
            self._stamp = now

    def _spend(self) -> None:
        self._tokens -= 1.0
        self.taken += 1


class Pacing:
    """All budgets of one principal, and the bound on requests in flight."""

    def __init__(self, clock: Clock, arm_host: str) -> None:
        """Keep budgets for *arm_host* by subscription and kind, and one for every other host."""
        self._clock = clock
        self._arm_host = arm_host
        self._buckets: dict[tuple[str, str, Budget], Bucket] = {}
        self.slots = asyncio.Semaphore(IN_FLIGHT)

    def bucket(self, host: str, call: Call) -> Bucket:
        """Return the bucket *call* draws from when it goes to *host*."""
        budget = budget_of(call)
        in_arm = host == self._arm_host
        key = (host, call.subscription if in_arm else "", budget if in_arm else "reads")
        if key not in self._buckets:
            capacity, rate = _SIZES[budget] if in_arm else _VAULT
            self._buckets[key] = Bucket(self._clock, capacity - _MARGIN, rate)
        return self._buckets[key]

    def learn(
        self, bucket: Bucket, number: int, call: Call, status: int, headers: Mapping[str, str], wait: int
    ) -> None:
        """Take in the answer to request *number*: what is left of the budget, and whether everybody has to wait."""
        left = headers.get(f"x-ms-ratelimit-remaining-subscription-{budget_of(call)}", "").strip()
        if left.isascii() and left.isdigit():
            bucket.correct(int(left), number)
        if status == 429:  # noqa: PLR2004 - Too Many Requests
            bucket.pause(wait or DEFAULT_PAUSE)
