"""Soft-deleted vaults: what is remembered of one, and bringing it back.

Recorded by Azure/azure-cli's tests of `az keyvault recover`. What comes back are the vault's properties and its keys, not its
role assignments: learn.microsoft.com, "Azure Key Vault soft-delete overview".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator.declare import Change, Json, RemoveResource, SetResource
from cmk_remediate.simulator.providers.common import properties_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.simulator.declare import Write

_DELETED = "Microsoft.KeyVault/locations/deletedVaults"
_KEPT = ("keys", "deletedKeys")


def place_of(vault: ResourceId, location: str) -> ResourceId:
    """Return the id under which *vault* is found once deleted."""
    return vault.subscription_id.extension("Microsoft.KeyVault/locations", location).child("deletedVaults", vault.name)


def remembered(write: Write) -> Json:
    """Return what is kept of the vault that *write* deletes."""
    world = write.world
    found = [pair for kind in _KEPT for pair in world.children(write.id, kind)]
    found += [pair for key, _ in found for pair in world.children(key, "versions")]
    return {"vault": write.old, "below": [[str(place), body] for place, body in found]}


def _gone(write: Write) -> ResourceId | None:
    """Return the deleted vault that *write* recovers, if it does."""
    if not write.creates or properties_of(write.sent).get("createMode") != "recover":
        return None
    named = (one for one, _ in write.world.by_type(_DELETED) if one.name.lower() == write.id.name.lower())
    return next(named, None)


def kept(write: Write) -> Json | None:
    """Return the body a recovered vault has; None where *write* recovers none, or nothing is known of it."""
    gone = _gone(write)
    found: Json | None = write.world.hidden(gone).get("vault") if gone is not None else None
    return found


def recovered(write: Write) -> Iterator[Change]:
    """Go through what else comes back with a vault, and forget the deleted one."""
    gone = _gone(write)
    if gone is None:
        return
    for place, body in write.world.hidden(gone).get("below", ()):
        yield SetResource(ResourceId(place), body)
    yield RemoveResource(gone)
