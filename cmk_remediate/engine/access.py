"""Waiting for a grant that nobody can see arrive: one prober, the others wait for its answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tenacity import RetryCallState, wait_exponential

from cmk_remediate import codes
from cmk_remediate.clock import format_utc
from cmk_remediate.codes.code import Code

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tenacity.wait import wait_base

    from cmk_remediate.model.decisions import Found
    from cmk_remediate.model.outcomes import NotYet
    from cmk_remediate.model.step import AccessWait

PROBE_INTERVAL = wait_exponential(multiplier=15, min=15, max=120)
"""15 s doubling to 2 min."""


def delay(strategy: wait_base, attempt: int) -> float:
    """Return the seconds that tenacity's *strategy* waits after *attempt* (from 1)."""
    state = RetryCallState(retry_object=None, fn=None, args=(), kwargs={})  # type: ignore[arg-type]
    state.attempt_number = attempt
    return float(strategy(state))


@dataclass
class _Gate:
    """One grant: whether it was seen to work, and who is asking."""

    works: bool = False
    prober: str = ""
    waiting: list[asyncio.Future[None]] = field(default_factory=list)


class AccessGates:
    """Lets one step a grant try; once it got through, all others go at once."""

    def __init__(self) -> None:
        """No grant has been tried."""
        self._gates: dict[str, _Gate] = {}

    async def enter(self, grant: str, node: str) -> bool:
        """Return once *node* may try *grant*; True when it had to wait, so that it should look again first."""
        gate = self._gates.setdefault(grant, _Gate())
        waited = False
        while not gate.works and gate.prober not in ("", node):
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            gate.waiting.append(turn)
            await turn
            waited = True
        if not gate.works:
            gate.prober = node
        return waited

    def works(self, grant: str) -> None:
        """Say that a request behind *grant* got through, or that nobody need wait for another one's answer any more."""
        gate = self._gates.setdefault(grant, _Gate())
        gate.works = True
        self._wake(gate, len(gate.waiting))

    def leave(self, grant: str, node: str) -> None:
        """Say that *node* has ended; if it was the prober and had no luck, the next in line tries."""
        gate = self._gates.get(grant)
        if gate is not None and gate.prober == node and not gate.works:
            gate.prober = ""
            self._wake(gate, 1)

    @staticmethod
    def _wake(gate: _Gate, count: int) -> None:
        woken, gate.waiting = gate.waiting[:count], gate.waiting[count:]
        for turn in woken:
            if not turn.done():
                turn.set_result(None)


@dataclass(frozen=True)
class OutOfTime:
    """The grant is older than the timeout, and still refused."""

    code: Code
    text: str


def judge(
    answer: NotYet,
    wait: AccessWait,
    found: Found,
    now: datetime,
    attempts: int,
    pause: float,
    own: Sequence[tuple[str, datetime]] = (),
) -> OutOfTime | None:
    """Say whether *answer* means "never": the youngest cause is older than the timeout, or will be before the next try.

    *own* are the changes of this run to what tries the grant, by resource: a new identity takes its time too. When the vault's
    network was not excluded as a cause the verdict says that the cause is unknown, with both readings.
    """
    what, since = wait.youngest(found)
    timeout = wait.deadline(found) - (since or found.now)
    for resource, changed in own:
        if since is None or changed > since:
            what, since = f"the change of {resource.rsplit('/', 1)[-1]}", changed
    if now + timedelta(seconds=pause) <= (since or found.now) + timeout:
        return None
    age = f"{int((now - since).total_seconds() // 60)} min" if since else "unknown age"
    evidence = (
        f"{what} ({age} old), {attempts} attempts until {format_utc(now)}, last answer {answer.code}: {answer.text}"
    )
    if answer.network_possible and not wait.excludes_network(found):
        return OutOfTime(
            codes.access.ACCESS_UNKNOWN,
            f"unknown cause: either the grant has not arrived or the vault's firewall refuses the service; {evidence}",
        )
    return OutOfTime(codes.access.ACCESS_NOT_YET, f"the grant has not arrived in time; {evidence}")
