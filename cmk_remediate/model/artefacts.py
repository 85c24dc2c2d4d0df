"""Files made beside a review: what somebody works with by hand.

A review names them with their digests; their contents are no part of it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

_PART = r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}(?:\.[A-Za-z0-9_-]{1,62}){0,3}"
_NAME = re.compile(rf"{_PART}(?:/{_PART}){{0,3}}")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
"""learn.microsoft.com, "Naming Files, Paths, and Namespaces": devices, whatever their ending."""
_SIGN = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST = 40


@dataclass(frozen=True)
class ArtefactFile:
    """A file made beside a review.

    Attributes:
        name: below the folder it is saved in: plain names joined by ``/``.
        content: its bytes.

    Raises:
        ValueError: when *name* could lead anywhere else.
    """

    name: str
    content: bytes

    def __post_init__(self) -> None:
        """Refuse a name that is none."""
        if not is_file_name(self.name):
            message = f"{self.name!r} is no name of an artefact"
            raise ValueError(message)

    @property
    def sha256(self) -> str:
        """The digest of its content, in hex."""
        return hashlib.sha256(self.content).hexdigest()


def is_file_name(name: str) -> bool:
    """Say whether *name* is a relative path of plain names that means the same everywhere: no step up, no device, no blank."""
    return _NAME.fullmatch(name) is not None and not any(_RESERVED.fullmatch(part) for part in name.split("/"))


def folder_name(text: str, whole: str) -> str:
    """Return a plain name made from *text*, which may hold anything, told from others by *whole*, of which it is a part."""
    shown = _SIGN.sub("-", text).strip("-_")[:_LONGEST] or "x"
    return f"{shown}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}"
