"""Shows on stderr what a run does: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol, TextIO

from typing_extensions import Self

from cmk_remediate.cli.board import Activity, Board, named
from cmk_remediate.cli.options import Globals
from cmk_remediate.cli.output import wants_colour
from cmk_remediate.clock import format_utc, span
from cmk_remediate.model.result import Event
from cmk_remediate.report.words import middle, plain

HEARTBEAT = 60.0
"""Seconds of the machine's clock after which a quiet run says that it is alive."""
_LONGEST = 240
_USUAL = ("waiting", "sending", "sent", "settled", "target", "note")


class Display(Protocol):
    """What shows a run to somebody: an observer that also knows how to end."""

    def __call__(self, event: Event) -> None:
        """Show *event*."""

    def stopping(self, text: str) -> None:
        """Say *text*: the run is being stopped. Called by a signal handler."""

    def leaving(self) -> None:
        """Leave the terminal in order: the process ends at once. Called by a signal handler."""


@contextmanager
def progress(options: Globals, stream: TextIO | None = None) -> Iterator[Display]:
    """Give a display that suits the options and the stream; it ends with the block."""
    out = stream or sys.stderr
    terminal = out.isatty() and os.environ.get("TERM") != "dumb"
    if options.quiet:
        yield Silence()
    elif terminal and not options.verbose:
        from cmk_remediate.cli.live import LiveProgress

        with LiveProgress(out, colour=wants_colour(options.colour, os.environ, terminal=True)) as live:
            yield live
    else:
        with PlainProgress(out, everything=options.verbose > 0) as lines:
            yield lines


class Silence:
    """Shows nothing but that the run is being stopped."""

    def __call__(self, event: Event) -> None:
        """Show nothing."""

    def stopping(self, text: str) -> None:
        """Say *text*, past sys.stderr: a write to it may be what was interrupted, and an error here would hit a step."""
        with suppress(OSError):
            os.write(2, f"\n{text}\n".encode())

    def leaving(self) -> None:
        """Nothing is to be put in order."""


class PlainProgress(Silence):
    """One line for each thing that happens, and a heartbeat while nothing does."""

    def __init__(
        self,
        out: TextIO,
        *,
        everything: bool = False,
        board: Board | None = None,
        quiet_for: Callable[[float], bool] | None = None,
    ) -> None:
        """Write to *out*; *everything* shows reads too.

        *quiet_for* waits until something happens or so many seconds have passed, and says whether nothing has happened.
        """
        self._out = out
        self._everything = everything
        self._board = board or Board()
        self._last: dict[tuple[str, ...], str] = {}
        self._happened = threading.Event()
        self._over = threading.Event()
        self._quiet_for = quiet_for or (lambda seconds: not self._happened.wait(seconds))
        self._thread = threading.Thread(target=self._heartbeat, daemon=True)

    def __enter__(self) -> Self:
        """Start the heartbeat."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._over.set()
        self._happened.set()
        self._thread.join()

    def __call__(self, event: Event) -> None:
        """Show *event*, unless it only repeats the last one of its targets."""
        self._board.take(event)
        if event.kind not in _USUAL and not self._everything:
            return
        text = _sentence(event)
        key = (*event.target, event.step)
        if self._last.get(key) == text:
            return
        self._last[key] = text
        self._happened.set()
        self._write(f"{format_utc(event.at)} {text}\n")

    def beat(self) -> None:
        """Write one line that says what is still going on."""
        said = [*self._board.summary(), *(_still(one) for one in self._board.activities()[:1])]
        self._write(f"still working: {middle('; '.join(said), _LONGEST)}\n")

    def _write(self, line: str) -> None:
        """Write *line*; where that fails the run tells us nothing more, so the heartbeat would tell what was."""
        try:
            self._out.write(line)
            self._out.flush()
        except OSError:
            self._over.set()
            raise

    def _heartbeat(self) -> None:
        while not self._over.is_set():
            quiet = self._quiet_for(HEARTBEAT)
            self._happened.clear()
            if quiet and not self._over.is_set():
                with suppress(OSError):
                    self.beat()


def _still(one: Activity) -> str:
    usual = f" (usually {span(one.usual)})" if one.usual else ""
    about = f" of {one.targets}" if one.targets else ""
    return f"{one.step or 'run'}{about} since {span(one.seconds)}{usual}: {one.what}"


def _sentence(event: Event) -> str:
    if not event.target:
        return plain(f"{event.kind}: {event.text}")
    step = f" {event.step.partition('.')[0]}" if event.step else ""
    return middle(plain(f"{named(event.target)}:{step} {event.kind}: {event.text}"), _LONGEST)
