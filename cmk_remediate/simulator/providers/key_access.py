"""Whether a resource can use its key at this moment, all delays counted in: the same for every service, whatever it says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator.providers.common import (
    KEY_ACTIONS,
    KeyUri,
    key_id,
    key_version,
    parse_key_uri,
    properties_of,
    vault_named,
)

if TYPE_CHECKING:
    from cmk_remediate.simulator.declare import Json
    from cmk_remediate.simulator.world import World

Hindrance = Literal["", "identity", "version", "network", "disabled", "expired", "right"]
"""What keeps a resource from its key; empty for nothing."""


@dataclass(frozen=True)
class NamedKey:
    """A key of this Azure, as its URI names it; whether it exists is not said.

    Attributes:
        uri: the URI's parts.
        vault: the vault's id.
        key: the key's id.
    """

    uri: KeyUri
    vault: ResourceId
    key: ResourceId

    def version(self, world: World) -> Json | None:
        """Return the body of the version named, of the latest one where none is; None where there is none."""
        return key_version(world, self.key, self.uri.version)


def named_key(world: World, text: str) -> NamedKey | None:
    """Return the key that the URI *text* names; None where it is no key's, or its vault is not in this Azure."""
    uri = parse_key_uri(text)
    vault = vault_named(world, uri.vault) if uri else None
    key = key_id(world, uri) if uri else None
    return None if uri is None or vault is None or key is None else NamedKey(uri, vault, key)


def may_use(world: World, principal: str, key: ResourceId) -> bool:
    """Say whether *principal* may read *key*, and wrap and unwrap with it."""
    return bool(principal) and all(world.may(principal, one, key, data=True) for one in KEY_ACTIONS)


def out_of_date(world: World, version: Json | None) -> Literal["", "disabled", "expired"]:
    """Return what of a key version's attributes forbids its use now."""
    attributes = properties_of(version).get("attributes") or {}
    if attributes.get("enabled") is False:
        return "disabled"
    return "expired" if attributes.get("exp") is not None and attributes["exp"] <= world.stamp else ""


def hindrance(world: World, resource: ResourceId, principal: str, text: str) -> Hindrance:
    """Return what keeps *resource*, which reaches vaults as *principal*, from the key *text* now.

    A vault outside this Azure counts as one that answers.
    """
    named = named_key(world, text)
    if named is None:
        return ""
    if not principal:
        return "identity"
    version = named.version(world)
    if version is None:
        return "version"
    if not world.reachable(resource, named.vault):
        return "network"
    return out_of_date(world, version) or ("" if may_use(world, principal, named.key) else "right")
