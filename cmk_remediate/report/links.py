"""What the steps of a geo group rely on, said once a target instead of at every step."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from cmk_remediate.report.things import parsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.model.review import ReviewedLine, ReviewedStep
    from cmk_remediate.report.names import Names

_WORDS: Mapping[str, str] = MappingProxyType({"failoverGroups": "failover group", "replicationLinks": "replication of"})
_LINK = re.compile(r"(?P<name>.+): (?P<role>\w+) with (?P<partner>/subscriptions/\S+)")

Ends = dict[str, str]
"""The role of each server, by its short name; empty where only its partner's view is in the review."""


def is_link(line: ReviewedLine) -> bool:
    """Say whether *line* is a server's view of its failover groups or replication links."""
    return line.role == "relied_on" and line.path in _WORDS


def links(steps: Iterable[ReviewedStep], names: Names) -> str:
    """Return the links that *steps* rely on, such as ``failover group fg (one primary, other secondary)``.

    Empty where there are none, and where two steps see them differently or in words this version does not know: then each
    step must say its own.
    """
    seen: dict[tuple[str, ResourceId], tuple[str, ...]] = {}
    for step in steps:
        server = parsed(step.params.get("server"))
        for line in step.lines:
            if not is_link(line):
                continue
            if server is None or not isinstance(line.before, list) or line.before != line.after:
                return ""
            view = tuple(str(entry) for entry in line.before)
            if seen.setdefault((line.path, server), view) != view:
                return ""
    found: dict[tuple[str, str], Ends] = {}
    for (path, server), entries in seen.items():
        for entry in entries:
            link = _LINK.fullmatch(entry)
            partner = parsed(link["partner"]) if link else None
            if link is None or partner is None:
                return ""
            ends = found.setdefault((path, link["name"]), {})
            ends[names(server.text)] = link["role"].lower()
            ends.setdefault(names(partner.top_level.text), "")
    return ", ".join(_said(path, name, found) for path, name in sorted(found))


def _said(path: str, name: str, found: Mapping[tuple[str, str], Ends]) -> str:
    # A replication link is `database/GUID`; the GUID is needed only where one database has several.
    short = name.partition("/")[0]
    alone = sum(other.partition("/")[0] == short for at, other in found if at == path) == 1
    ends = sorted(found[path, name].items(), key=lambda end: (end[1] != "primary", end[0]))
    roles = ", ".join(f"{server} {role or 'the partner'}" for server, role in ends)
    return f"{_WORDS[path]} {short if alone else name} ({roles})"
