"""What the steps of one server share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.permissions import Permission, Permissions, Split
from cmk_remediate.model.step import Step
from cmk_remediate.steps.sql import geo

if TYPE_CHECKING:
    from cmk_remediate.model.decisions import Blocked, Found, Line, Read

READS = (
    "Microsoft.Sql/servers/read",
    "Microsoft.Sql/servers/keys/read",
    "Microsoft.Sql/servers/encryptionProtector/read",
    "Microsoft.Sql/servers/databases/read",
    "Microsoft.Sql/servers/databases/transparentDataEncryption/read",
    "Microsoft.Sql/servers/failoverGroups/read",
    "Microsoft.Sql/servers/replicationLinks/read",
)
"""What a dry run reads of a server (action names after the request paths in azure-mgmt-sql)."""
POLLING = "Microsoft.Sql/locations/*/read"
"""Status URLs lie under ``<resource group>/providers/Microsoft.Sql/locations/<region>`` (recorded: 2023)."""


@dataclass(frozen=True)
class SqlStep(Step):
    """A step on one server.

    Attributes:
        server: the server's id.
        partner: whether it is a geo partner of the target, not the target itself.
        group: the name of the geo pair: the lower-case id of its first server; empty for a server on its own.
    """

    server: ResourceId
    partner: bool = field(default=False, kw_only=True)
    group: str = field(default="", kw_only=True)

    def locks(self) -> frozenset[str]:
        """Return the server, and the pair: Azure changes its protectors one at a time."""
        return frozenset({self.server.key, *([f"geo:{self.group}"] if self.group else [])})

    @property
    def split(self) -> Split:
        """Which team holds the rights on this server."""
        return "partner" if self.partner else "service"

    def geo_reads(self) -> tuple[Read, ...]:
        """Return what shows roles and partners; nothing for a server on its own."""
        return (geo.failover_groups(self.server), geo.replication_links(self.server)) if self.group else ()

    def geo_judged(self, found: Found) -> tuple[Blocked | None, tuple[Line, ...]]:
        """Return what forbids a change now, and the lines it rests on."""
        if not self.group:
            return None, ()
        groups, links = (found.reads.get(read) or () for read in self.geo_reads())
        return geo.judge(self.server, groups, links), geo.lines(groups, links)

    def needs(self, *actions: str) -> Permissions:
        """Return *actions* on the server, what is read of it, and polling its operations."""
        own = tuple(Permission(action, self.server, self.split) for action in (*READS, *actions))
        return (*own, Permission(POLLING, self.server.group_id, self.split))
