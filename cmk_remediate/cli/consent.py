"""What an operator agrees to: doors by name, and the review by its digest."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from cmk_remediate import codes, files
from cmk_remediate.cli.streams import aside
from cmk_remediate.errors import RefusedError, UsageError
from cmk_remediate.model.review import Review

_LARGEST = 8 << 20
"""Bytes of a file of names that are read at most."""


def accepted(names: Sequence[str], file: Path | None) -> tuple[str, ...]:
    """Return the names given with ``--accept`` and, one a line, in ``--accept-file``; ``#`` begins a comment.

    Raises:
        UsageError: CMK100 when the file cannot be read.
    """
    found = [name.strip() for name in names]
    if file is not None:
        with files.naming(f"--accept-file {file}", codes.input_.USAGE, UsageError):
            # Windows' editors begin a file with a mark of its encoding
            lines = files.read(file, _LARGEST).decode("utf-8-sig").splitlines()
        found.extend(line.partition("#")[0].strip() for line in lines)
    # A file made for copying may hold the whole option.
    names = [name.removeprefix("--accept ").strip() for name in found]
    return tuple(dict.fromkeys(name for name in names if name))


def confirm(review: Review, *, yes: bool) -> None:
    """Let the operator type the review's short digest, unless *yes*.

    Raises:
        RefusedError: CMK518 when something else is typed, or there is no terminal to ask at.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise RefusedError(codes.engine.NOT_CONFIRMED, "there is no terminal to confirm at, and --yes was not given")
    aside(f"To carry out this review, type the first 8 characters of its digest ({review.short_digest}): ")
    typed = sys.stdin.readline().strip().lower()
    if typed != review.short_digest:
        raise RefusedError(codes.engine.NOT_CONFIRMED, "that is not this review's digest")
