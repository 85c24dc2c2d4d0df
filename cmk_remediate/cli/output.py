"""Writes the product to stdout. Words carry the meaning; colour only repeats it."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from cmk_remediate import codes, files
from cmk_remediate.cli.options import Colour
from cmk_remediate.cli.streams import abandon, nobody_there
from cmk_remediate.errors import InputError

_HEADINGS = (
    "TARGET", "DOWNTIME", "FILES MADE", "HOW IT WILL RUN", "LEFT TO DO", "NOT CHECKABLE", "NOT MOVED", "TO BE ACCEPTED",
    "WHAT STAYS", "PERMISSIONS", "NOTES", "Next:", "STEPS OF NO TARGET", "Summary",
)  # fmt: skip
_STYLES = (
    (r"^ALARM:.*$", "bold white on red"),
    (r"CANNOT BE UNDONE", "bold red"),
    (r"^ *--accept .*$", "bold"),
    (rf"^({'|'.join(_HEADINGS)}).*", "bold"),
    (r"\b(BLOCKED|blocked|failed|wrong|altered|skipped)\b", "red"),
    (r"\b(done|right)\b", "green"),
    (r"\b(in progress|manual|by hand)\b", "yellow"),
    (r"\(known after apply\)", "cyan"),
)
_WIDTH = 80
"""Columns; any number will do for what is not wrapped."""


def wants_colour(choice: Colour, environment: Mapping[str, str], *, terminal: bool) -> bool:
    """Say whether to use colour: the option, then NO_COLOR (no-color.org), then FORCE_COLOR, then the terminal."""
    if choice is not Colour.auto:
        return choice is Colour.always
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return terminal and environment.get("TERM") != "dumb"


def emit(document: str, colour: Colour = Colour.auto, stream: TextIO | None = None) -> None:
    """Write *document* to stdout (or *stream*), coloured where that is wanted.

    Who has stopped reading has read enough: that changes nothing in what was found, nor in the exit code.

    Raises:
        InputError: CMK118 when it cannot be written for another reason.
    """
    out = stream or sys.stdout
    text = coloured(document) if wants_colour(colour, os.environ, terminal=out.isatty()) else document
    try:
        out.write(text)
        out.flush()
    except (OSError, ValueError) as error:
        abandon(out)
        if nobody_there(error):
            return
        cause = getattr(error, "strerror", None) or str(error)
        name = "stderr" if out is sys.stderr else "stdout"
        raise InputError(codes.input_.OUTPUT_UNWRITABLE, cause, resource=name) from error


def coloured(document: str) -> str:
    """Return *document* with the escape sequences of its colours."""
    from rich.console import Console
    from rich.text import Text

    text = Text(document)
    for pattern, style in _STYLES:
        text.highlight_regex(f"(?m){pattern}", style)
    # Drawn aside: where a pipe breaks, rich would end the process by itself, with an exit code of its own.
    drawn = io.StringIO()
    # soft_wrap: what was laid out stays as it was laid out; a width, for COLUMNS may be 0, and then nothing would be
    Console(file=drawn, force_terminal=True, highlight=False, soft_wrap=True, width=_WIDTH).print(text, end="")
    return drawn.getvalue()


def save(document: str, path: Path) -> None:
    """Write *document* to *path*, whole or not at all.

    Raises:
        InputError: CMK118 when that fails.
    """
    with files.naming(path, codes.input_.OUTPUT_UNWRITABLE):
        files.write(path, document.encode("utf-8", "backslashreplace"))


def writable(path: Path, *inputs: Path | None) -> None:
    """Make sure that *path* can be written later, before long work is done for it, and would cost none of the *inputs*.

    Raises:
        InputError: CMK118 when its folder is missing or not writable, it is a folder itself, an input, or where a stream goes to.
    """
    with files.naming(path, codes.input_.OUTPUT_UNWRITABLE):
        refused = _refused(path, [one for one in inputs if one is not None])
    if refused:
        raise InputError(codes.input_.OUTPUT_UNWRITABLE, refused, resource=files.shown(path))


def _refused(path: Path, inputs: Sequence[Path]) -> str:
    """Return why *path* is not written to; empty when it may be."""
    place = Path(os.path.realpath(path))
    if path.is_dir() or not os.access(place.parent if path.is_file() or not path.exists() else path, os.W_OK):
        return "not a file in a writable folder"
    if any(files.is_there(one) and path.exists() and path.samefile(one) for one in inputs):
        return "it is one of the files this command reads"
    if path.is_file() and any(_goes_to(stream, path) for stream in (sys.stdout, sys.stderr)):
        return "stdout or stderr goes there"
    return ""


def _goes_to(stream: TextIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(stream.fileno()), path.stat())
    except (OSError, ValueError):
        return False  # not of the system's
