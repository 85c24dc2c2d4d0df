"""How long operations of one kind take today.

Polls count as reads, the scarcer bucket. Where many operations of one kind run at once, one of them is watched closely and the
others are asked when it has shown how long they take; each is then polled about once.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmk_remediate.model.outcomes import Operation

CLOSE = 5.0
"""Seconds between polls of the one that is watched (our choice)."""
LONGEST = 120.0
MANY = 10
"""So many operations of one kind at once that the others leave the watching to one (our choice)."""
APART = 25.0
"""Seconds between polls of those that are not watched (our choice)."""


class Durations:
    """What this session has seen of operations."""

    def __init__(self) -> None:
        """Know nothing."""
        self._took: dict[str, float] = {}
        self._running: Counter[str] = Counter()
        self._watched: dict[str, str] = {}

    def begun(self, operation: Operation) -> None:
        """Take note that *operation* is being waited for."""
        kind = _kind(operation)
        self._running[kind] += 1
        self._watched.setdefault(kind, operation.client_request_id)

    def ended(self, operation: Operation, seconds: float | None) -> None:
        """Take note that *operation* is no longer waited for; it was seen to end after *seconds*, or None."""
        kind = _kind(operation)
        self._running[kind] -= 1
        if seconds is not None:
            self._took[kind] = min(seconds, self._took.get(kind, seconds))
        if self._watched.get(kind) == operation.client_request_id:
            del self._watched[kind]

    def usual(self, operation: Operation, estimate: float) -> float:
        """Return after how many seconds to ask first: what such an operation took today, else *estimate*."""
        return self._took.get(_kind(operation), estimate)

    def left_to_another(self, operation: Operation) -> bool:
        """Say whether another operation of the kind is watched in *operation*'s place, and has not ended yet.

        Where the watched one was lost, whoever asks first is watched from then on.
        """
        kind = _kind(operation)
        if self._running[kind] <= MANY or kind in self._took:
            return False
        return self._watched.setdefault(kind, operation.client_request_id) != operation.client_request_id

    def pause(self, operation: Operation, interval: float) -> float:
        """Return the seconds to the next poll of *operation*; *interval* is what a lone one would wait."""
        kind = _kind(operation)
        if self._running[kind] <= MANY:
            return interval
        return CLOSE if self._watched.get(kind) == operation.client_request_id else APART


def _kind(operation: Operation) -> str:
    return f"{operation.method} {operation.resource.type}".lower()
