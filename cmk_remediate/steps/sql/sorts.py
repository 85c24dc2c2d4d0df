"""The two resources of Azure SQL that have a protector of their own: what differs between them, in words and names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.decisions import Read

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.steps.network import ServiceKind

SERVER = "Microsoft.Sql/servers"
INSTANCE = "Microsoft.Sql/managedInstances"

_SERVER_READS = (
    "read",
    "keys/read",
    "encryptionProtector/read",
    "databases/read",
    "databases/transparentDataEncryption/read",
    "failoverGroups/read",
    "replicationLinks/read",
)
_INSTANCE_READS = _SERVER_READS[:5]


def is_instance(server: ResourceId) -> bool:
    """Say whether *server* is a managed instance, not a logical server."""
    return server.is_type(INSTANCE)


def noun(server: ResourceId) -> str:
    """Return what a sentence calls *server*."""
    return "managed instance" if is_instance(server) else "server"


def network_kind(server: ResourceId) -> ServiceKind:
    """Return as what the vault's network is judged for *server*."""
    return "managed-instance" if is_instance(server) else "sql"


def actions(server: ResourceId, *names: str) -> tuple[str, ...]:
    """Return the actions *names* (``keys/write``) of *server*'s type, in full."""
    kind = INSTANCE if is_instance(server) else SERVER
    return tuple(f"{kind}/{name}" for name in names)


def reads(server: ResourceId) -> tuple[str, ...]:
    """Return the actions a dry run needs on *server* (names after the request paths in azure-mgmt-sql)."""
    return actions(server, *(_INSTANCE_READS if is_instance(server) else _SERVER_READS))


def geo_reads(server: ResourceId, region: str) -> tuple[Read, ...]:
    """Return what shows the partners of *server*, which is in *region*; first the groups, then, of a server, the links."""
    if is_instance(server):
        return (Read(server.in_region(region), "list:instanceFailoverGroups"),)
    return (Read(server, "list:failoverGroups"), Read(server, "list:replicationLinks"))
