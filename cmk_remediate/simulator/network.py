"""Who gets through a vault's network rules.

Rules: learn.microsoft.com, "Configure network security for Azure Key Vault" and "Virtual network service endpoints for Azure
Key Vault" (the trusted-services bypass survives a disabled public access, a perimeter overrides it).
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from cmk_remediate.model.ids import ResourceId

if TYPE_CHECKING:
    from cmk_remediate.simulator.declare import Json
    from cmk_remediate.simulator.world import World

DEFAULT_IP = "198.51.100.7"
"""Where a caller of unknown position sits: somewhere in the internet."""


def position(world: World, who: str) -> Json:
    """Return where *who* calls from: ``ip, subnet, private`` (vault ids or names), ``perimeter``, ``trusted``.

    The estate's ``network`` says it for an object id, a resource id or a resource type; else a resource is as its type is
    declared, and a caller is in the internet.
    """
    known = world.store.get("meta", "network", {})
    key = who.lower()
    if key in known:
        return dict(known[key])
    if not key.startswith("/"):
        return {"ip": DEFAULT_IP}
    kind = ResourceId(who).type.lower()
    declared = world.registry.types.get(kind)
    trusted = world.reading(declared.trusted) if declared else False
    return {"trusted": trusted in (True, "trusted"), **known.get(kind, {})}


def reachable(world: World, who: str, vault: ResourceId) -> bool:
    """Say whether *who* reaches the vault's data plane now."""
    record = world.record(vault)
    if record is None:
        return False
    delay = world.draw(*world.settings.vault_delay, "network", vault.key, record["version"])
    return admits(world, who, vault, world.as_of(vault, delay) or record["body"])


def admits(world: World, who: str, vault: ResourceId, body: Json) -> bool:
    """Say whether a vault whose body is *body* lets *who* through, its rules in effect at once."""
    properties = body.get("properties", {})
    rules = properties.get("networkAcls") or {}
    here = position(world, who)
    if {vault.key, vault.name.lower()} & {str(one).lower() for one in here.get("private", ())}:
        return True
    public = str(properties.get("publicNetworkAccess") or "Enabled").lower()
    if public == "securedbyperimeter":
        return bool(here.get("perimeter", False))
    if here.get("trusted") and str(rules.get("bypass") or "AzureServices").lower() == "azureservices":
        return True
    if public == "disabled":
        return False
    if str(rules.get("defaultAction") or "Allow").lower() == "allow":
        return True
    return _listed(here, rules)


def _listed(here: Json, rules: Json) -> bool:
    subnets = {str(rule.get("id", "")).lower() for rule in rules.get("virtualNetworkRules") or ()}
    if str(here.get("subnet", "-")).lower() in subnets:
        return True
    if "ip" not in here:
        return False
    address = ipaddress.ip_address(here["ip"])
    return any(address in ipaddress.ip_network(rule["value"], strict=False) for rule in rules.get("ipRules") or ())
