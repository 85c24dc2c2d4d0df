"""The state a server is found in, in the words that reviews and assessments use."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cmk_remediate.model.json_types import at_path
from cmk_remediate.services.insight import named_key
from cmk_remediate.services.states import (
    CROSS_TENANT,
    FOREIGN,
    HEALTHY,
    IN_PROGRESS,
    INACCESSIBLE,
    MANAGED_HSM,
    MIXED,
    NOT_CHECKABLE,
    PLATFORM,
    SYSTEM_ASSIGNED,
    WRONG,
    joined,
)
from cmk_remediate.steps.sql.names import Protector
from cmk_remediate.steps.sql.server_state import Identities

if TYPE_CHECKING:
    from cmk_remediate.services.protectors.facts import ServerFacts
    from cmk_remediate.services.protectors.group import Group


def of_group(group: Group) -> str:
    """Return the state of a target: that of its servers, joined."""
    return joined(of_server(group, server) for server in group.servers)


def as_found(group: Group) -> str:
    """Return the state of a target as plans see it of which each wants one of its servers as it is."""
    return joined(of_server(_wanting(group, server), server) for server in group.servers)


def _wanting(group: Group, server: ServerFacts) -> Group:
    known, key = server.current, named_key(server.current)
    return (
        group if known is None or key is None else replace(group, wanted=known, wishes=replace(group.wishes, key=key))
    )


def of_server(group: Group, server: ServerFacts) -> str:
    """Return the state of one server."""
    if server.server is None or server.protector is None:
        return INACCESSIBLE
    kind = str(server.server.get("kind") or "").lower()
    if "analytics" in kind or at_path(server.server, "managedBy") or at_path(server.group, "managedBy"):
        return FOREIGN
    if at_path(server.server, "properties.federatedClientId"):
        return CROSS_TENANT
    current = Protector.of(server.protector)
    if not current.is_customer:
        return PLATFORM
    if current.in_managed_hsm:
        return MANAGED_HSM
    if any(database.status.lower() == "inaccessible" for database in server.databases):
        return INACCESSIBLE
    return _of_key(group, server)


def _of_key(group: Group, server: ServerFacts) -> str:
    """Return the state of a server on a customer's key in a vault."""
    known, identities = server.current, Identities.of(server.server or {})
    if known is None or known.key is None or known.refused:
        return NOT_CHECKABLE
    if not group.uses_wanted(server) or group.deadline(server) or not identities.works:
        return WRONG
    if any(database.scan in ("running", "resume") for database in server.databases):
        return IN_PROGRESS
    if not all(database.is_encrypted for database in server.databases):
        return MIXED
    return HEALTHY if identities.primary is not None else SYSTEM_ASSIGNED
