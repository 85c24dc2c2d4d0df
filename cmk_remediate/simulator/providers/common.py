"""What several providers need: key identifiers, vault look-ups, and the word that access to a key may have changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cmk_remediate.simulator.bodies import lookup
from cmk_remediate.simulator.declare import ArmError, Change, Event, Json, Provider, Schedule, SetHidden

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Changes
    from cmk_remediate.simulator.world import World

VAULT = "Microsoft.KeyVault/vaults"
KEY_READ = f"{VAULT}/keys/read"
KEY_WRAP = f"{VAULT}/keys/wrap/action"
KEY_UNWRAP = f"{VAULT}/keys/unwrap/action"
KEY_ACTIONS = (KEY_READ, KEY_WRAP, KEY_UNWRAP)
"""What a service identity needs on its key: learn.microsoft.com, "Azure Key Vault Crypto Service Encryption User"."""

REVIEW = "consumers.review"
REVIEW_AFTER = (5.0, 60.0, 400.0)
"""Seconds after a change at which consumers look again; the last lies beyond the longest delay a change takes effect with."""


@dataclass(frozen=True)
class KeyUri:
    """A key as a service names it.

    Attributes:
        host: the vault's host, lower case.
        vault: the first label of the host.
        key: the key's name, lower case.
        version: the version, or empty for none.
        spelled: the key's name as written.
    """

    host: str
    vault: str
    key: str
    version: str
    spelled: str

    @property
    def versioned(self) -> bool:
        """Whether a version is named."""
        return bool(self.version)


@lru_cache(maxsize=8192)
def parse_key_uri(text: str) -> KeyUri | None:
    """Return the key that *text* names, or None where it is no key identifier."""
    parts = urlsplit(text.strip())
    names = [name for name in parts.path.split("/") if name]
    named = parts.scheme == "https" and parts.hostname and len(names) in (2, 3) and names[0].lower() == "keys"
    if not named or not parts.hostname:
        return None
    host = parts.hostname.lower()
    return KeyUri(host, host.split(".")[0], names[1].lower(), names[2].lower() if len(names) == 3 else "", names[1])  # noqa: PLR2004


def thumbprint(uri: KeyUri) -> str:
    """Return the thumbprint of a key version: 40 hex digits, as in servers' keys."""
    text = f"{uri.vault}/{uri.key}/{uri.version}"
    return hashlib.sha256(text.encode()).hexdigest()[:40].upper()


def vault_named(world: World, name: str) -> ResourceId | None:
    """Return the vault of that globally unique name, or None."""
    ending = "/" + name.lower()
    for key in world.index.of_type(VAULT.lower()):
        if key.endswith(ending):
            return world.spelled(key)
    return None


def key_id(world: World, uri: KeyUri) -> ResourceId | None:
    """Return the ARM id of the key that *uri* names, or None where its vault is not in this Azure."""
    vault = vault_named(world, uri.vault)
    return None if vault is None else vault.child("keys", uri.key)


def key_version(world: World, key: ResourceId, version: str) -> Json | None:
    """Return the body of a version of *key*, the latest for no version; None where there is none."""
    body = world.get(key)
    if body is None:
        return None
    if version:
        return world.get(key.child("versions", version))
    latest = latest_version(body)
    return world.get(key.child("versions", latest)) if latest else body


def latest_version(key: Json) -> str:
    """Return the name of the latest version of a key, from the key's body."""
    uri = parse_key_uri(str(lookup(key, "properties.keyUriWithVersion", "")))
    return uri.version if uri else ""


def vault_host(world: World, vault: str) -> str:
    """Return the host of a vault's data plane."""
    return f"{vault.lower()}.{world.cloud.suffixes['vault']}"


def access_changed(world: World, resource: ResourceId) -> list[Change]:
    """Return the changes that make consumers look again whether they can still use their keys.

    Once a resource and moment: what changes again before the first look is seen by that one too.
    """
    due = float(world.hidden(resource).get("reviewedUntil", 0.0))
    if due > world.stamp:
        return []
    first = Schedule(REVIEW_AFTER[0], REVIEW, {"of": str(resource), "step": 0})
    return [SetHidden(resource, {"reviewedUntil": world.stamp + REVIEW_AFTER[0]}), first]


CONSUMERS: list[Callable[[World, str], Changes]] = []
"""Asked when access may have changed: (world, id of what changed, lower case) -> what follows; services add theirs."""


def _review(world: World, data: Json) -> Iterator[Change]:
    step = int(data["step"])
    if step + 1 < len(REVIEW_AFTER):
        yield Schedule(REVIEW_AFTER[step + 1] - REVIEW_AFTER[step], REVIEW, {**data, "step": step + 1})
    for consumer in CONSUMERS:
        yield from consumer(world, str(data["of"]).lower())


REVIEWS = Provider(namespace="Microsoft.KeyVault", types=(), events=(Event(REVIEW, _review),))
"""The event all consumers of keys share."""


def bad_request(code: str, message: str, source: str) -> ArmError:
    """Return a 400."""
    return ArmError(400, code, message, source)


def properties_of(body: Json | None) -> dict[str, Any]:
    """Return a body's ``properties``, or an empty object."""
    found = (body or {}).get("properties")
    return found if isinstance(found, dict) else {}


def display_region(location: str) -> str:
    """Return a region as some answers spell it: ``West Europe`` for ``westeurope``."""
    known = {
        "westeurope": "West Europe",
        "northeurope": "North Europe",
        "eastus": "East US",
        "eastus2": "East US 2",
        "westus": "West US",
        "westus2": "West US 2",
        "australiaeast": "Australia East",
        "uksouth": "UK South",
    }
    return known.get(location.replace(" ", "").lower(), location)
