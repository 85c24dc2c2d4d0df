"""The zip of an evidence file: one spelling for the same members, so that no byte of it can be altered unseen; pure.

Members are stored, not compressed: what a compressor makes of them differs from version to version, and nothing that is read can
grow. Every time in it is the one the evidence was made at, every right the same.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.errors import EvidenceError, InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

LARGEST = 1 << 30
"""Bytes of an evidence file that is still read; 200 servers were measured to make 6 MB."""
_MAGIC = b"PK\x03\x04"
_UNIX = 3
_RIGHTS = 0o100644 << 16
_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The first moment a zip can hold."""


def write(members: Mapping[str, bytes], at: datetime) -> bytes:
    """Return the zip of *members*, in their order, as made at *at*.

    Raises:
        InputError: CMK150 when it would be larger than `LARGEST`.
    """
    size = sum(len(data) for data in members.values())
    if size > LARGEST:
        raise InputError(codes.input_.EVIDENCE_UNREADABLE, f"it would have {size} bytes; {LARGEST} are read at most")
    out = io.BytesIO()
    stamp = max(_EARLIEST, (at.year, at.month, at.day, at.hour, at.minute, at.second))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED, allowZip64=False) as file:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, stamp)
            info.create_system = _UNIX
            info.external_attr = _RIGHTS
            file.writestr(info, data)
    return out.getvalue()


def read(data: bytes, known: Collection[str], where: str) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Return the members of the zip *data*, by name, and which of them do not fit the zip's own checksum.

    Only those *known* may be in it, each once and as it is. Nothing is written anywhere: a name is compared, never used as a path.

    Raises:
        InputError: CMK150 when it is no zip, or is not of an evidence file.
        EvidenceError: CMK151 when it was one, and its own structure is broken.
    """
    if not data.startswith(_MAGIC):
        raise _unreadable("it is not a zip", where)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            infos = file.infolist()
            for info in infos:
                if wrong := _odd(info, known):
                    raise _unreadable(wrong, where)
            names = [info.filename for info in infos]
            if twice := [name for name in names if names.count(name) > 1]:
                raise _unreadable(f"{twice[0]} is in it twice", where)
            if sum(info.file_size for info in infos) > len(data):
                raise _unreadable("its members overlap", where)
            found = {info.filename: _content(file, info, data) for info in infos}
            return found, tuple(info.filename for info in infos if zlib.crc32(found[info.filename]) != info.CRC)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, OSError, ValueError) as error:
        cause = f"the zip itself is damaged: {error}"
        raise EvidenceError(codes.input_.EVIDENCE_ALTERED, cause, resource=where) from error


def digest(data: bytes) -> str:
    """Return the SHA-256 of *data*, in hex."""
    return hashlib.sha256(data).hexdigest()


def difference(data: bytes, members: Mapping[str, bytes], at: datetime) -> str:
    """Return where the zip *data* is not the one spelling of *members*, in a sentence; empty where it is."""
    made = write(members, at)
    if data == made:
        return ""
    place = next((index for index, (one, other) in enumerate(zip(data, made, strict=False)) if one != other), len(made))
    return f"from byte {place} on the zip is not as it was written: {_around(place, members)}"


def _odd(info: zipfile.ZipInfo, known: Collection[str]) -> str:
    """Return why a member is none of an evidence file; empty where it may be one."""
    if info.filename not in known:
        return f"it holds {info.filename[:100]!r}, which no evidence file does"
    if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
        return f"{info.filename} is compressed"
    if info.flag_bits:
        return f"{info.filename} is encrypted, or written in another way than ours"
    if info.external_attr != _RIGHTS:
        return f"{info.filename} is not a plain file"
    return ""


def _content(file: zipfile.ZipFile, info: zipfile.ZipInfo, data: bytes) -> bytes:
    """Return a member's bytes, also where they do not fit the zip's own checksum: SHA256SUMS tells what was altered."""
    with file.open(info) as member:
        try:
            return member.read()
        except zipfile.BadZipFile:
            begins = info.header_offset + _HEADER + len(info.filename.encode())
            return data[begins : begins + info.file_size]


_HEADER = 30
"""Bytes of a member's header before its name."""


def _around(place: int, members: Mapping[str, bytes]) -> str:
    begins = 0
    for name, data in members.items():
        ends = begins + _HEADER + len(name.encode()) + len(data)
        if place < ends:
            return name
        begins = ends
    return "its directory"


def _unreadable(cause: str, where: str) -> InputError:
    return InputError(codes.input_.EVIDENCE_UNREADABLE, cause, resource=where)
