"""Azure's clock: the Date headers, carried on by ours."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cmk_remediate.connection.calls import http_date

if TYPE_CHECKING:
    from cmk_remediate.clock import Clock

_JUMP = timedelta(seconds=2)


class AzureClock:
    """Keeps how far Azure's clock is ahead of ours.

    A Date header is cut to the second and old by the time it arrives, so of two that nearly agree the later reading is the
    better one; and the clock then never runs backwards. One that disagrees by more than two seconds replaces it: ours was set.
    """

    def __init__(self, clock: Clock) -> None:
        """Carry on with *clock*."""
        self._clock = clock
        self._ahead: timedelta | None = None

    def observe(self, date_header: str) -> None:
        """Take in one Date header; nonsense is ignored."""
        moment = http_date(date_header)
        if moment is None:
            return
        ahead = moment - self._clock.now()
        if self._ahead is None or abs(ahead - self._ahead) > _JUMP:
            self._ahead = ahead
        else:
            self._ahead = max(self._ahead, ahead)

    def now(self) -> datetime:
        """Return Azure's clock; ours as long as Azure has not answered."""
        return self._clock.now() + (self._ahead or timedelta())

    @property
    def skew(self) -> timedelta:
        """How far Azure's clock is ahead of ours (negative: behind), to about a second."""
        return self._ahead or timedelta()
