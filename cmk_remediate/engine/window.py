"""The gates that are times: a review's expiry and the change window.

They stand at the start of a run and of each untouched target; resuming, closing a bracket and rolling back our own
writes never ask them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.clock import format_utc, parse_utc
from cmk_remediate.errors import RefusedError, ReviewError

if TYPE_CHECKING:
    from cmk_remediate.planfile.schema import Window


def expired(expires: str, now: datetime) -> str:
    """Return in words that *expires* (ISO 8601) has passed at *now*; empty where it has not."""
    return f"it expired at {expires}; it is {format_utc(now)} now" if now >= parse_utc(expires) else ""


def check_expiry(expires: str, now: datetime) -> None:
    """Refuse a review whose *expires* (ISO 8601) has passed at *now*.

    Raises:
        ReviewError: CMK111.
    """
    if why := expired(expires, now):
        raise ReviewError(codes.input_.REVIEW_EXPIRED, why)


def check_open(window: Window | None, now: datetime) -> None:
    """Refuse unless *window* is open at *now*; no window is always open.

    Raises:
        RefusedError: CMK504.
    """
    if window is not None and not fits(window, now, 0):
        when = f"{window.opens} to {window.closes}"
        raise RefusedError(codes.engine.OUTSIDE_WINDOW, f"the change window is {when}; it is {format_utc(now)} now")


def fits(window: Window | None, now: datetime, worst_seconds: int) -> bool:
    """Say whether work begun at *now* that takes *worst_seconds* at worst begins and ends within *window*."""
    if window is None:
        return True
    return parse_utc(window.opens) <= now and now + timedelta(seconds=worst_seconds) < parse_utc(window.closes)
