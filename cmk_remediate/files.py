"""Files that somebody names: what can go wrong with a path, reading no more than can be meant, writing whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from cmk_remediate.errors import CmkError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.codes.code import Code

_PIECE = 1 << 20
"""Bytes."""


@contextmanager
def naming(path: str | Path, code: Code, error: type[CmkError] = InputError) -> Iterator[None]:
    """Say with *code* what goes wrong with *path* in the block.

    Beside what a disk refuses: a name that is too long, NUL in it, bytes that are no text, links that lead in a circle, a
    current folder that is gone. Python has OSError, ValueError and RuntimeError for these.

    Raises:
        InputError: or *error*, with *code*.
    """
    try:
        yield
    except (OSError, ValueError, RuntimeError) as wrong:
        raise error(code, why(wrong), resource=shown(path)) from wrong


def why(error: Exception) -> str:
    """Return what went wrong, in one line and without the path, which is named beside it."""
    if isinstance(error, UnicodeEncodeError):
        return "its name holds bytes that are no UTF-8"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(text).split())


def shown(path: str | Path) -> str:
    """Return *path* as text that can be written anywhere: a byte that is no UTF-8 as its number."""
    return str(path).encode("utf-8", "backslashreplace").decode()


def absolute(path: str | Path, code: Code, error: type[CmkError] = InputError) -> str:
    """Return *path* absolute and without links; it need not be there.

    Raises:
        InputError: or *error*, with *code*: it cannot be a path, or not one that a review can carry.
    """
    with naming(path, code, error):
        found = str(Path(path).resolve())
        found.encode()
        if "\0" in found:
            message = "there is a NUL in it"
            raise ValueError(message)
        return found


def is_there(path: str | Path) -> bool:
    """Say whether there is something at *path*; nothing is at what cannot be a path."""
    try:
        return Path(path).exists()
    except (OSError, ValueError, RuntimeError):
        return False


def read(path: str | Path, most: int) -> bytes:
    """Return what is in the file at *path*; of a pipe that never ends no more than *most* bytes are taken, of a device none.

    Raises:
        OSError, ValueError: it cannot be read, is a device, or has more than *most* bytes.
    """
    with Path(path).open("rb") as file:
        about = os.fstat(file.fileno())
        if stat.S_ISBLK(about.st_mode) or stat.S_ISCHR(about.st_mode):
            message = "it is a device, not a file"
            raise ValueError(message)
        # In one piece where its size is known: a large file is not held twice.
        data = file.read(min(about.st_size, most) + 1)
        if len(data) > about.st_size:
            data += _rest(file, most + 1 - len(data))
    if len(data) > most:
        message = f"larger than {most >> 20} MiB"
        raise ValueError(message)
    return data


def _rest(file: BinaryIO, most: int) -> bytes:
    """Return what else *file* holds, at most *most* bytes; never room for more than there is."""
    pieces = []
    while most > 0 and (piece := file.read(min(most, _PIECE))):
        pieces.append(piece)
        most -= len(piece)
    return b"".join(pieces)


def write(path: str | Path, data: bytes) -> None:
    """Make *path* hold *data*: the old contents or the new, never a part. Links are followed.

    What is there and no plain file (a device, a named pipe) is written to as it is.

    Raises:
        OSError: when that fails; a plain file is as it was.
    """
    place = Path(path)
    if not _is_plain_or_missing(place):
        with place.open("wb") as device:
            device.write(data)
        return
    place = Path(os.path.realpath(place))
    # Not made of the file's own name, which may be as long as names can be.
    temporary = place.with_name(f".cmk-{os.getpid()}-{uuid.uuid4().hex[:8]}.part")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if place.exists():
            shutil.copymode(place, temporary)
        temporary.replace(place)
    except BaseException:  # Ctrl-C too leaves no half of a file
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _keep_names(place.parent)


def _is_plain_or_missing(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return True


def _keep_names(folder: Path) -> None:
    """Make the names in *folder* durable, where the system has a way to say so."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
