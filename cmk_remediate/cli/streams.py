"""The three streams of the process: always there, and what happens when nobody reads them any more."""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TextIO

_LAST_STANDARD = 2
"""The highest descriptor of stdin, stdout and stderr."""


def make_sure() -> None:
    """Put the null device where the shell closed stdin, stdout or stderr (``>&-``), and let every text be written.

    A descriptor left free would be the next file's that is opened: what is meant for a terminal would end up in a journal.
    """
    while (handle := os.open(os.devnull, os.O_RDWR)) <= _LAST_STANDARD:
        os.set_inheritable(handle, True)
    os.close(handle)
    # Python has None for what was closed, whatever its types say.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - the process's own, to its end
    # A file's name may hold bytes that are no text, and the terminal's encoding may lack a sign.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def abandon(stream: TextIO) -> None:
    """Lead *stream* to the null device: Python would complain once more, with an exit code of its own, when it closes it."""
    with suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
        stream.flush()


def nobody_there(error: BaseException) -> bool:
    """Say whether *error* means that a pipe's reader has left, or that the terminal was closed."""
    return isinstance(error, OSError) and error.errno in (errno.EPIPE, errno.EIO)


def finish() -> None:
    """Write what is left: at its end Python would, fail where nobody is there, and end with an exit code of its own."""
    for stream in (sys.stdout, sys.stderr):
        _flush(stream)


def _flush(stream: TextIO) -> None:
    try:
        stream.flush()
    except (OSError, ValueError):
        abandon(stream)


def aside(text: str) -> None:
    """Write *text* to stderr; where that cannot be written, there is nobody left to say so to."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError):
        abandon(sys.stderr)
