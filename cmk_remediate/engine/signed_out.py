"""What was not asked and not sent, most of all while the credential gives no token: it is tried again, which costs but time."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from cmk_remediate import codes
from cmk_remediate.engine.attempts import Attempts
from cmk_remediate.errors import LeaseLost, LookTooOldError, NoTokenError, StoppedError
from cmk_remediate.model.outcomes import NotYet

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")

PAUSE = 30
"""Seconds between two tries, each of which asks the credential several times (our choice)."""


def not_sent(error: NoTokenError | LookTooOldError | LeaseLost | StoppedError) -> NotYet:
    """Return what came of a write that was not sent because of *error*."""
    text = f"not sent: {error.cause}"
    if isinstance(error, NoTokenError):
        return NotYet("signed out", "", text, PAUSE, sent=False)
    return NotYet("throttled", "", text, sent=False)


async def once_signed_in(read: Callable[[], Awaitable[T]], pause: Callable[[float, str], Awaitable[bool]]) -> T:
    """Return what *read* returns, tried again for as long as a "not yet" is where the credential gives no token.

    *pause* lets seconds pass and says why; False when the run was asked to end meanwhile.

    Raises:
        NoTokenError: CMK105 when it lasts.
        StoppedError: CMK513 when the run was asked to end.
    """
    waited = 0.0
    while True:
        try:
            return await read()
        except NoTokenError as error:
            if waited >= Attempts.PATIENCE:
                raise
            cause = error.cause
        waited += PAUSE
        if not await pause(PAUSE, cause):
            raise StoppedError(codes.engine.STOPPED, f"stopped while waiting: {cause}")
