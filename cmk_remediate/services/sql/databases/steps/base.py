"""What the steps of one database share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cmk_remediate import codes
from cmk_remediate.model.decisions import Blocked, Found, Line, Read
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.permissions import Permission, Permissions, Split
from cmk_remediate.model.step import Step
from cmk_remediate.services.sql.databases import body
from cmk_remediate.services.sql.databases.body import OwnKey
from cmk_remediate.steps.sql import geo
from cmk_remediate.steps.sql.base import POLLING

READS = (
    "Microsoft.Sql/servers/read",
    "Microsoft.Sql/servers/keys/read",
    "Microsoft.Sql/servers/encryptionProtector/read",
    "Microsoft.Sql/servers/databases/read",
    "Microsoft.Sql/servers/databases/transparentDataEncryption/read",
    "Microsoft.Sql/servers/databases/replicationLinks/read",
    "Microsoft.Sql/servers/databases/backupLongTermRetentionPolicies/read",
)
"""What a dry run reads of a database and its server (action names after the request paths in azure-mgmt-sql)."""
PROTECTOR = "Microsoft.Sql/servers/databases/encryptionProtector"
WRITE = "Microsoft.Sql/servers/databases/write"
ASSIGN = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"


@dataclass(frozen=True)
class DatabaseStep(Step):
    """A step on one database.

    Attributes:
        database: the database's id.
        partner: whether it is a geo replica of the target, not the target itself.
        group: the name of the geo group: the lower-case id of its first database; empty for a database on its own.
    """

    database: ResourceId
    partner: bool = field(default=False, kw_only=True)
    group: str = field(default="", kw_only=True)

    def address(self) -> ResourceId:
        """Return the database's id."""
        return self.database

    def locks(self) -> frozenset[str]:
        """Return the database, and the geo group: Azure changes its protectors one at a time; other databases are free."""
        return frozenset({self.database.key, *([f"geo:{self.group}"] if self.group else [])})

    def also_reads(self) -> tuple[Read, ...]:
        """Return the database with its keys, and roles and partners of a geo replica."""
        return (body.expanded(self.database), *self._geo_reads())

    def needs(self, *actions: str) -> Permissions:
        """Return *actions* on the database, what is read of it and its server, and polling its operations."""
        own = tuple(Permission(action, self.database.top_level, self.split) for action in (*READS, *actions))
        return (*own, Permission(POLLING, self.database.group_id, self.split))

    @property
    def split(self) -> Split:
        """Which team holds the rights on this database."""
        return "partner" if self.partner else "service"

    def found(self, found: Found) -> OwnKey:
        """Return what the body with its keys says."""
        return OwnKey.of(found.reads.get(body.expanded(self.database)))

    def judged(self, found: Found) -> Blocked | None:
        """Return what forbids every change now."""
        if found.body is None:
            return body.absent(self.database)
        return body.judge(self.database, self.found(found))

    def of_another(self, have: OwnKey, identity: ResourceId) -> Blocked | None:
        """Return that the database has another identity than *identity*, if it has."""
        others = [item for item in have.attached if item != identity]
        if not others:
            return None
        gone = f"{identity_path(identity)} of the database {self.database.name} is absent"
        why = f"{gone}, and identity.type is UserAssigned, with {others[0]}"
        return Blocked(codes.sql_databases.DATABASE_IDENTITY_TAKEN, why, resource=self.database.text)

    def geo_judged(self, found: Found) -> tuple[Blocked | None, tuple[Line, ...]]:
        """Return what about replication forbids a change now, and the lines it rests on."""
        if not self.group:
            return None, ()
        links = found.reads.get(body.replication(self.database)) or ()
        return geo.judge(self.database, (), links), geo.lines((), links)[1:]

    def _geo_reads(self) -> tuple[Read, ...]:
        return (body.replication(self.database),) if self.group else ()


def identity_path(identity: ResourceId) -> str:
    """Return the property that names *identity*."""
    return f"identity.userAssignedIdentities.{identity.key}"


def attached(identity: ResourceId) -> tuple[Line, ...]:
    """Return the lines of an identity that the body carries along."""
    return (
        Line(identity_path(identity), "attached", "attached", "carried"),
        Line("identity.type", "UserAssigned", "UserAssigned", "carried"),
    )


def identity_body(identity: ResourceId) -> dict[str, Any]:
    """Return ``identity`` as a PATCH sends it: exactly one, and user-assigned."""
    return {"type": "UserAssigned", "userAssignedIdentities": {identity.text: {}}}
