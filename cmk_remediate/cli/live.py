"""The live table of a run on a terminal."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, TextIO

from typing_extensions import Self

from cmk_remediate.cli.board import Activity, Board, named
from cmk_remediate.clock import format_utc, span
from cmk_remediate.model.result import Event
from cmk_remediate.report.words import middle, plain

if TYPE_CHECKING:
    from rich.console import RenderableType

_PERMANENT = ("note", "target")
"""Kinds of events that stay on the screen, above the table."""
_WIDTHS: Mapping[str, int] = MappingProxyType({"step": 20, "target": 24, "what": 16, "since": 11, "usually": 11})
"""The columns of the table and how wide each is at least."""
_GAP = 2
_LEAST = 10
"""Signs of a name below which it says nothing."""
_TOO_NARROW = 24
"""Columns below which there is no table."""
_AROUND = 6
"""Lines of a screen that the table leaves to what stands around it."""
_STOPPING = "stopping: nothing new is begun; Ctrl-C again ends at once"
_SHOW_CURSOR = b"\x1b[?25h\n"


class LiveProgress:
    """A table that is drawn anew while the run goes on; what ended stays above it."""

    def __init__(self, out: TextIO, *, colour: bool, board: Board | None = None) -> None:
        """Draw on the terminal *out*."""
        from rich.live import Live

        from cmk_remediate.cli.screen import Screen

        self._board = board or Board()
        # Without colours the table is drawn all the same: moving the cursor is no colour.
        self._console = Screen(
            file=out,
            force_terminal=True,
            no_color=not colour,
            highlight=False,
            emoji=False,
            _environ=_without_zeros(os.environ),
        )
        self._colour = colour
        self._stopping = False
        self._live = Live(
            console=self._console,
            get_renderable=self._picture,
            refresh_per_second=2,
            transient=True,
            redirect_stdout=False,
        )

    def __enter__(self) -> Self:
        """Begin to draw."""
        with suppress(OSError):  # a terminal that is gone is said by the first event
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Wipe the table and give the cursor back, if the terminal is still there."""
        with suppress(OSError):
            self._live.stop()

    def __call__(self, event: Event) -> None:
        """Show *event*."""
        self._board.take(event)
        if event.kind in _PERMANENT:
            about = f"{named(event.target)}: " if event.target else ""
            text = plain(f"{format_utc(event.at)} {about}{event.text}")
            self._console.print(middle(text, self._console.width - 1), markup=False, no_wrap=True, crop=True)

    def stopping(self, text: str) -> None:
        """Have the table say that the run is being stopped; called by a signal handler, which must not draw."""
        del text
        self._stopping = True

    def leaving(self) -> None:
        """Leave the terminal in order, for the process ends now, without any cleaning up."""
        with suppress(OSError):
            os.write(2, _SHOW_CURSOR)

    def _picture(self) -> RenderableType:
        size = self._console.size
        return picture(self._board, size.width, size.height, colour=self._colour, stopping=self._stopping)


def _without_zeros(environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return *environment* without a size of 0, which says that nobody knows it: the terminal is asked then."""
    sizes = ("COLUMNS", "LINES")
    return {name: value for name, value in environment.items() if name not in sizes or value.strip("0")}


def picture(board: Board, width: int, height: int, *, colour: bool, stopping: bool = False) -> RenderableType:
    """Return what is drawn of *board* on a terminal of *width* columns and *height* lines; no more lines than it has."""
    from rich.console import Group
    from rich.text import Text

    lines = [Text(line, no_wrap=True, overflow="crop") for line in _filled(board.summary(), width)]
    if stopping:
        lines.append(Text(middle(_STOPPING, width - 1), no_wrap=True))
    rows = board.activities()
    return Group(*lines, *([_table(rows, width, height, colour=colour)] if rows and width >= _TOO_NARROW else []))


def _table(rows: Sequence[Activity], width: int, height: int, *, colour: bool) -> RenderableType:
    from rich.table import Table

    columns = _columns(width)
    table = Table(box=None, padding=(0, _GAP, 0, 0), header_style="bold" if colour else "", pad_edge=False)
    for name, wide in columns.items():
        table.add_column(name, no_wrap=True, width=wide)
    room = max(height - _AROUND, 1)
    for one in rows[:room]:
        cells = {
            "step": one.step or "run",
            "target": one.targets,
            "what": one.what,
            "since": span(one.seconds),
            "usually": span(one.usual) if one.usual else "",
        }
        table.add_row(*(_cut(cells[name], wide, name) for name, wide in columns.items()))
    if len(rows) > room:
        table.add_row(middle(f"and {len(rows) - room} more", columns["step"]))
    return table


def _cut(text: str, wide: int, column: str) -> str:
    """Return *text* cut to fit: of a name the middle goes, of a sentence the end."""
    if column != "what" or len(text) <= wide:
        return middle(text, wide)
    return f"{text[: wide - 3]}..."


def _columns(width: int) -> Mapping[str, int]:
    """Return the columns there is room for, and how wide they are; one of them takes what is left, or gives what is missing."""
    columns = dict(_WIDTHS)
    for name in ("what", "usually"):
        if _taken(columns) > width:
            del columns[name]
    flexible = "what" if "what" in columns else "target"
    columns[flexible] += width - _taken(columns)
    if columns[flexible] < _LEAST:
        del columns[flexible]
        columns["step"] += width - _taken(columns)
    return columns


def _taken(columns: Mapping[str, int]) -> int:
    return sum(columns.values()) + _GAP * len(columns) + 1


def _filled(parts: tuple[str, ...], width: int) -> list[str]:
    """Return *parts* as few lines as they fit on."""
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + 3 + len(part) < width:
            lines[-1] += f" | {part}"
        else:
            lines.append(middle(part, width - 1))
    return lines
