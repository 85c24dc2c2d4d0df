"""The only module that reads a clock or sleeps.

Everything else is handed a `Clock`. In tests and on the embedded Azure the clock is the event loop's own, and that loop may
run on virtual time: waiting ten minutes then takes no time at all.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Protocol, runtime_checkable

_BOOT_TIME: int | None = getattr(time, "CLOCK_BOOTTIME", None)


@runtime_checkable
class Clock(Protocol):
    """What the time is, and how to let some pass."""

    def now(self) -> datetime:
        """Return the time of day, aware and in UTC."""

    def monotonic(self) -> float:
        """Return seconds on a clock that never jumps; only differences mean anything."""

    async def sleep(self, seconds: float) -> None:
        """Let *seconds* pass; other work goes on."""


@dataclass(frozen=True)
class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the time of day, aware and in UTC."""
        return datetime.now(timezone.utc)

    def monotonic(self) -> float:
        """Return the machine's monotonic clock, in seconds; where the system has one that goes on while it sleeps, that.

        Linux's CLOCK_MONOTONIC stands still meanwhile, CLOCK_BOOTTIME does not (man 2 clock_gettime).
        """
        return time.monotonic() if _BOOT_TIME is None else time.clock_gettime(_BOOT_TIME)

    async def sleep(self, seconds: float) -> None:
        """Let *seconds* pass."""
        await asyncio.sleep(max(seconds, 0))


_FIRST_YEAR, _LAST_YEAR = 1000, 9000


def parse_utc(text: str) -> datetime:
    """Return the moment an ISO 8601 text names, in UTC.

    Azure writes seven decimals and sometimes no zone; both are read. Raises `ValueError` for anything else.
    """
    head, dot, tail = text.strip().replace("Z", "+00:00").replace("z", "+00:00").partition(".")
    if dot:
        digits = len(tail) - len(tail.lstrip("0123456789"))
        head = f"{head}.{tail[:digits][:6].ljust(6, '0')}{tail[digits:]}"
    moment = datetime.fromisoformat(head)
    return moment.replace(tzinfo=timezone.utc) if moment.tzinfo is None else moment.astimezone(timezone.utc)


def is_utc(text: str) -> bool:
    """Say whether *text* names a moment, for `parse_utc`, that time can be added to."""
    try:
        return _FIRST_YEAR < parse_utc(text).year < _LAST_YEAR
    except (ValueError, OverflowError):
        return False


def format_utc(moment: datetime) -> str:
    """Return *moment* as ISO 8601 in UTC with whole seconds and a Z."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def room_of(opens: str, closes: str) -> int:
    """Return how many whole seconds there are between two moments in ISO 8601; none where the second comes first."""
    return max(int((parse_utc(closes) - parse_utc(opens)).total_seconds()), 0)


def span(seconds: int) -> str:
    """Return whole *seconds* as ``45 s``, ``2 min``, ``1 h 30 min`` or ``7 d``."""
    if seconds < 120 and seconds != 60:  # noqa: PLR2004 - below two minutes, seconds say more
        return f"{seconds} s"
    parts = []
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])
