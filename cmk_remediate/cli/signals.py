"""What Ctrl-C, a terminal that closes and a machine that goes down mean to a run: its end, in order."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmk_remediate.cli.progress import Display
    from cmk_remediate.engine.schedule import Stop

_STOPPING = "Stopping: nothing new is begun; what has begun is brought to its end. Ctrl-C again exits now."
_REASONS = {"SIGINT": "Ctrl-C", "SIGTERM": "SIGTERM", "SIGHUP": "a closed terminal (SIGHUP)"}
"""By a signal's name, what a run says it was interrupted by; Windows has no SIGHUP."""


@contextmanager
def interruptible(display: Display) -> Iterator[Stop]:
    """Give the wish to end that the first Ctrl-C, SIGTERM or SIGHUP expresses; *display* says so.

    A second Ctrl-C ends the process at once. A second SIGTERM or SIGHUP does not: shells and terminals send them twice.
    From the end of the block on all of them are ignored: what was done is then still to be told. `as_before` ends that.
    """
    from cmk_remediate.engine.schedule import Stop

    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    asked = False

    def interrupted(number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked and number == signal.SIGINT:
            # No clean-up: every intent is in the journal before its request leaves, and the lock goes with the process.
            display.leaving()
            os._exit(5)
        if not asked:
            asked = True
            stop.ask(f"interrupted by {_REASONS[signal.Signals(number).name]}")
            display.stopping(_STOPPING)

    taken = [one for one in _signals() if one == signal.SIGINT or signal.getsignal(one) is not signal.SIG_IGN]
    for one in taken:
        signal.signal(one, interrupted)
    try:
        yield stop
    finally:
        for one in taken:
            signal.signal(one, signal.SIG_IGN)


@contextmanager
def as_before() -> Iterator[None]:
    """Give the signals back at the end of the block to whom they belonged at its beginning."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {one: signal.getsignal(one) for one in _signals()}
    try:
        yield
    finally:
        for one, handler in before.items():
            if handler is not None:  # else it is not Python's, and nobody here has touched it
                signal.signal(one, handler)


def _signals() -> list[signal.Signals]:
    """Return the signals that are taken; SIGHUP is left alone where it is ignored, as under nohup."""
    return [signal.Signals[name] for name in _REASONS if hasattr(signal, name)]
