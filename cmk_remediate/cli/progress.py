"""Shows on stderr what a run does: a live line per target on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from typing_extensions import Self

from cmk_remediate.cli.options import Globals
from cmk_remediate.clock import format_utc
from cmk_remediate.model.result import Event, Progress, silent
from cmk_remediate.report.names import Names
from cmk_remediate.report.words import COLUMNS, middle, plain

HEARTBEAT = 60.0
"""Seconds of the machine's clock after which a quiet run says that it is alive."""
_LONGEST = 240
_USUAL = ("waiting", "sending", "sent", "settled", "target", "note")


@contextmanager
def progress(options: Globals, stream: TextIO | None = None) -> Iterator[Progress]:
    """Give an observer that suits the options and the stream; the display ends with the block."""
    out = stream or sys.stderr
    if options.quiet:
        yield silent
    elif out.isatty() and os.environ.get("TERM") != "dumb" and not options.verbose:
        with _live(out) as observer:
            yield observer
    else:
        with PlainProgress(out, everything=options.verbose > 0) as lines:
            yield lines


class PlainProgress:
    """One line for each thing that happens, and a heartbeat while nothing does."""

    def __init__(self, out: TextIO, *, everything: bool = False) -> None:
        """Write to *out*; *everything* shows reads too."""
        self._out = out
        self._everything = everything
        self._last: dict[tuple[str, ...], str] = {}
        self._said = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._heartbeat, daemon=True)

    def __enter__(self) -> Self:
        """Start the heartbeat."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._over.set()
        self._said.set()
        self._thread.join()

    def __call__(self, event: Event) -> None:
        """Show *event*, unless it only repeats the last one of its targets."""
        if event.kind not in _USUAL and not self._everything:
            return
        text = _sentence(event)
        key = (*event.target, event.step)
        if self._last.get(key) == text:
            return
        self._last[key] = text
        self._said.set()
        self._out.write(f"{format_utc(event.at)} {text}\n")
        self._out.flush()

    def _heartbeat(self) -> None:
        while not self._over.is_set():
            if not self._said.wait(HEARTBEAT):
                self._out.write("still working\n")
                self._out.flush()
            elif not self._over.is_set():
                self._said.clear()


@contextmanager
def _live(out: TextIO) -> Iterator[Progress]:
    from rich.console import Console
    from rich.live import Live
    from rich.table import Table

    rows: dict[str, str] = {}

    def picture() -> Table:
        table = Table.grid(padding=(0, 2))
        for target, text in list(rows.items())[-30:]:
            table.add_row(middle(plain(Names([target])(target)), 40), text)
        return table

    with Live(picture(), console=Console(file=out), refresh_per_second=4, transient=True) as live:

        def observe(event: Event) -> None:
            if event.kind not in _USUAL:
                return
            for target in event.target or ("run",):
                rows.pop(target, None)
                rows[target] = middle(plain(f"{event.kind}: {event.text}"), COLUMNS - 44)
            live.update(picture())

        yield observe


def _sentence(event: Event) -> str:
    if not event.target:
        return plain(f"{event.kind}: {event.text}")
    names = Names(event.target)
    shown = ", ".join(names(target) for target in event.target[:2])
    more = f" and {len(event.target) - 2} more" if len(event.target) > 2 else ""  # noqa: PLR2004
    step = f" {event.step.partition('.')[0]}" if event.step else ""
    return middle(plain(f"{shown}{more}:{step} {event.kind}: {event.text}"), _LONGEST)
