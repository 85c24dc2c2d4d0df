"""What the steps of one server share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.permissions import Permission, Permissions, Split
from cmk_remediate.model.step import Step
from cmk_remediate.steps.sql import geo, sorts

if TYPE_CHECKING:
    from cmk_remediate.model.decisions import Blocked, Found, Line, Read

POLLING = "Microsoft.Sql/locations/*/read"
"""Status URLs lie under ``<resource group>/providers/Microsoft.Sql/locations/<region>`` (recorded: 2023), and so do the failover
groups of managed instances."""


@dataclass(frozen=True)
class SqlStep(Step):
    """A step on one server.

    Attributes:
        server: the id of a logical server or of a managed instance.
        partner: whether it is a geo partner of the target, not the target itself.
        group: the name of the geo pair: the lower-case id of its first server; empty for a server on its own.
        region: where a managed instance in a pair is: its failover groups lie there; empty for all others.
    """

    server: ResourceId
    partner: bool = field(default=False, kw_only=True)
    group: str = field(default="", kw_only=True)
    region: str = field(default="", kw_only=True)

    def locks(self) -> frozenset[str]:
        """Return the server, and the pair: Azure changes its protectors one at a time."""
        return frozenset({self.server.key, *([f"geo:{self.group}"] if self.group else [])})

    @property
    def split(self) -> Split:
        """Which team holds the rights on this server."""
        return "partner" if self.partner else "service"

    def geo_reads(self) -> tuple[Read, ...]:
        """Return what shows roles and partners; nothing for a server on its own."""
        return sorts.geo_reads(self.server, self.region) if self.group else ()

    def geo_judged(self, found: Found) -> tuple[Blocked | None, tuple[Line, ...]]:
        """Return what forbids a change now, and the lines it rests on."""
        if not self.group:
            return None, ()
        groups, links = geo.shown(self.server, [found.reads.get(read) or () for read in self.geo_reads()])
        return geo.judge(self.server, groups, links), geo.lines(groups, links)

    def needs(self, *names: str) -> Permissions:
        """Return the actions *names* (``keys/write``) on the server, what is read of it, and polling its operations."""
        return needs(self.server, self.split, *names)


def needs(server: ResourceId, split: Split, *names: str) -> Permissions:
    """Return the actions *names* on *server*, held by *split*, what is read of it, and polling its operations."""
    own = (*sorts.reads(server), *sorts.actions(server, *names))
    return (*(Permission(action, server, split) for action in own), Permission(POLLING, server.group_id, split))
