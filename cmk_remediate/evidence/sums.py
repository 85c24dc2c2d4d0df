"""SHA256SUMS, as `sha256sum -c` of the GNU coreutils reads it; pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cmk_remediate.evidence.container import digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAME = "SHA256SUMS"
_LINE = re.compile(r"([0-9a-f]{64})  (\S+)")


def sums(members: Mapping[str, bytes]) -> bytes:
    """Return the line of each of *members*, sorted by name."""
    return "".join(f"{digest(members[name])}  {name}\n" for name in sorted(members)).encode("ascii")


def wrong(members: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """Yield each member that is not as the SHA256SUMS among *members* says, with why."""
    listed: dict[str, str] = {}
    for line in members[NAME].decode("ascii", "replace").splitlines():
        found = _LINE.fullmatch(line)
        if found is None or found[2] in listed:
            yield NAME, "a line of it is no digest of a member"
            continue
        listed[found[2]] = found[1]
    for name, data in members.items():
        if name == NAME:
            continue
        if name not in listed:
            yield name, f"{NAME} does not list it"
        elif listed[name] != digest(data):
            yield name, f"its SHA-256 begins with {digest(data)[:8]}, {NAME} says {listed[name][:8]}"
    for name in sorted(listed.keys() - members.keys()):
        yield name[:100], f"{NAME} lists it, and it is not there"
