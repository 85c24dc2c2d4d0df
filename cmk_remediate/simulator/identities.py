"""Managed identities on resources: what a body says of them, and the principals behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator.bodies import canonical_keys
from cmk_remediate.simulator.declare import ArmError, Change, Json, SetPrincipal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.simulator.world import World

IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
ASSIGN = f"{IDENTITY}/assign/action"


def kinds(identity: Any) -> set[str]:
    """Return the kinds an ``identity`` member names, in lower case, ``none`` left out."""
    text = str(identity.get("type") or "") if isinstance(identity, dict) else ""
    return {part.strip().lower() for part in text.split(",")} - {"", "none"}


def attached(identity: Any) -> dict[str, Json]:
    """Return the user-assigned identities of an ``identity`` member, by id as spelled there."""
    found = identity.get("userAssignedIdentities") if isinstance(identity, dict) else None
    return found if isinstance(found, dict) else {}


def newly_attached(old: Json | None, sent: Json) -> Iterator[ResourceId]:
    """Go through the identities a write attaches that were not attached before."""
    before = {name.lower() for name in attached((old or {}).get("identity"))}
    for name, value in attached(sent.get("identity")).items():
        if name.lower() not in before and isinstance(value, dict):
            yield ResourceId(name)


def unknown(world: World, new: Json) -> ArmError | None:
    """Return the refusal of a body that attaches an identity which does not exist."""
    for name in attached(new.get("identity")):
        if world.get(name) is None:
            return ArmError(
                400,
                "FailedIdentityOperation",
                f"Identity operation for resource '{new.get('id', '')}' failed with error 'Failed to perform resource identity "
                f"operation. Status: 'BadRequest'. The resource '{name}' was not found.'.",
                "unconfirmed",
            )
    return None


def merged(old: Json | None, sent: Json, method: str) -> Json | None:
    """Return the ``identity`` member after a write, ids not yet filled in; None for no such member."""
    before = (old or {}).get("identity")
    if "identity" not in sent:
        return before if method == "PATCH" else None
    asked = sent["identity"]
    if not isinstance(asked, dict):
        return None
    chosen = canonical_keys(attached(before), attached(asked))
    users = {**attached(before), **chosen} if method == "PATCH" else chosen
    users = {name: value for name, value in users.items() if value is not None}
    identity: Json = {**(before if isinstance(before, dict) and method == "PATCH" else {}), **asked}
    named = kinds(identity)
    identity.pop("userAssignedIdentities", None)
    if users and "userassigned" in named:
        identity["userAssignedIdentities"] = users
    return identity


def completed(world: World, resource: ResourceId, old: Json | None, identity: Json) -> tuple[Json, list[Change]]:
    """Return *identity* with ids filled in as the service does, and the principals that come and go."""
    before = (old or {}).get("identity")
    named = kinds(identity)
    changes: list[Change] = []
    identity = dict(identity)
    had = before.get("principalId") if isinstance(before, dict) and "systemassigned" in kinds(before) else None
    if "systemassigned" in named:
        principal = had or world.new_guid("system", resource.key)
        identity |= {"principalId": principal, "tenantId": world.tenant(resource)}
        if had is None:
            data = {"kind": "ServicePrincipal", "name": resource.name, "resource": str(resource)}
            changes.append(SetPrincipal(principal, data))
    else:
        identity.pop("principalId", None)
        identity.pop("tenantId", None)
        if had:
            changes.append(SetPrincipal(had, None))
    if "userAssignedIdentities" in identity:
        identity["userAssignedIdentities"] = {
            name: _ids(world, name) for name in identity["userAssignedIdentities"]
        }  # fmt: skip
    spelling = world.settings.identity_spelling
    if spelling != "sent" and len(named) > 1:
        identity["type"] = "SystemAssigned, UserAssigned" if spelling == "spaced" else "SystemAssigned,UserAssigned"
    return identity, changes


def _ids(world: World, name: str) -> Json:
    properties = (world.get(name) or {}).get("properties", {})
    return {member: properties[member] for member in ("principalId", "clientId") if member in properties}
