"""Microsoft.KeyVault/vaults: what a PUT and a PATCH do, and what they refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.bodies import merge_patch
from cmk_remediate.simulator.declare import (
    GONE,
    SYNC,
    Answer,
    ArmError,
    Json,
    ResourceType,
    Rule,
    Schedule,
    SetResource,
    Switch,
    Write,
)
from cmk_remediate.simulator.providers.common import (
    VAULT,
    access_changed,
    properties_of,
    vault_host,
)
from cmk_remediate.simulator.providers.keyvault import recovering, vaultrules
from cmk_remediate.simulator.providers.keyvault.conflicts import in_conflict, touched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Changes
    from cmk_remediate.simulator.world import World

API_VERSIONS = (
    "2026-05-15",
    "2026-02-01",
    "2024-11-01",
    "2023-07-01",
    "2023-02-01",
    "2022-07-01",
    "2021-06-01-preview",
    "2019-09-01",
)
"""azure-mgmt-keyvault 14.1 asks for the first."""

DNS_READY = "keyvault.dns-ready"
_ONE_WAY = ("enableSoftDelete", "enablePurgeProtection", "softDeleteRetentionInDays")
_RBAC_DEFAULT_SINCE = "2026-02-01"  # learn.microsoft.com: Prepare for Key Vault access control default

LATE_PROTECTION = Switch(
    "vault-protection-late", "A service sees a vault's soft delete and purge protection a little later."
)
REGISTERING = Switch("vault-registers-dns", "A new vault is RegisteringDns for a while.")


def protected(world: World, vault: ResourceId) -> bool:
    """Say whether a service sees soft delete and purge protection on *vault* by now."""
    record = world.record(vault)
    if record is None:
        return False
    seen: Json | None = record["body"]
    if world.switch(LATE_PROTECTION.name):
        seen = world.as_of(vault, world.draw(*world.settings.vault_delay, "protection", vault.key, record["version"]))
    return is_protected(seen)


def is_protected(vault: Json | None) -> bool:
    """Say whether a vault's body has soft delete and purge protection."""
    properties = properties_of(vault)
    return properties.get("enableSoftDelete") is True and properties.get("enablePurgeProtection") is True


def _merge(old: Json, sent: Json, world: World) -> Json:
    asked = dict(sent)
    properties = dict(asked.get("properties") or {})
    ignored = world.doubt(doubts.VAULT_PATCH_NULL) == "ignored"
    properties = {
        name: value
        for name, value in properties.items()
        if value is not None or not (ignored or name in _ONE_WAY or name in ("tenantId", "sku", "accessPolicies"))
    }
    rules = properties.get("networkAcls")
    if isinstance(rules, dict) and world.doubt(doubts.NETWORK_ACLS_PATCH) == "replace":
        properties["networkAcls"] = _whole(rules)
    if "properties" in asked:
        asked["properties"] = properties
    merged: Json = merge_patch(old, asked)
    return merged


def _whole(rules: Json) -> Json:
    """Return network rules with their defaults: azure-mgmt-keyvault NetworkRuleSet."""
    return {"bypass": "AzureServices", "defaultAction": "Allow", "ipRules": [], "virtualNetworkRules": [], **rules}


def _prepare(write: Write) -> Json:
    body = dict(write.new or {})
    kept = recovering.kept(write)
    if kept is not None:
        return kept
    properties = {
        name: value for name, value in properties_of(body).items() if value is not None and name != "createMode"
    }
    rules = properties.get("networkAcls")
    if isinstance(rules, dict):
        properties["networkAcls"] = _rules(rules)
    if write.creates:
        properties.setdefault("enableSoftDelete", True)
        if properties["enableSoftDelete"]:
            properties.setdefault("softDeleteRetentionInDays", 90)
        properties.setdefault("enableRbacAuthorization", write.api_version >= _RBAC_DEFAULT_SINCE)
        properties["vaultUri"] = f"https://{vault_host(write.world, write.id.name)}/"
        properties["provisioningState"] = "RegisteringDns" if write.world.switch(REGISTERING.name) else "Succeeded"
    return {**body, "properties": properties}


def _rules(rules: Json) -> Json:
    """Spell IP rules as the service does: a single address becomes a /32."""
    listed: list[Any] = [
        {**rule, "value": rule["value"] if "/" in str(rule.get("value")) else f"{rule.get('value')}/32"}
        for rule in rules.get("ipRules") or ()
    ]
    return {**_whole(rules), "ipRules": listed, "virtualNetworkRules": rules.get("virtualNetworkRules") or []}


def _shown(_vault: ResourceId, body: Json, _world: World) -> Json:
    """Leave out network rules that are the default: so in all recorded answers, also to writes that sent them."""
    properties = properties_of(body)
    if properties.get("networkAcls") != _whole({}):
        return body
    return {**body, "properties": {name: value for name, value in properties.items() if name != "networkAcls"}}


def flips_model(write: Write) -> bool:
    """Say whether a write changes the permission model of an existing vault."""
    before, after = properties_of(write.old), properties_of(write.new)
    return not write.creates and bool(before.get("enableRbacAuthorization")) != bool(
        after.get("enableRbacAuthorization")
    )


def _also_needs(write: Write) -> Iterator[tuple[str, ResourceId]]:
    if flips_model(write) and write.world.doubt(doubts.PERMISSION_MODEL_RIGHTS) == "role-assignments-write":
        yield "Microsoft.Authorization/roleAssignments/write", write.id


def _on_write(write: Write) -> Changes:
    if write.method == "DELETE":
        return _soft_deleted(write)
    changes = [*recovering.recovered(write), *touched(write, write.id), *access_changed(write.world, write.id)]
    if properties_of(write.new).get("provisioningState") == "RegisteringDns":
        delay = write.world.draw(2.0, 20.0, "dns", write.id.key)
        changes.append(Schedule(delay, DNS_READY, {"vault": str(write.id)}))
    return changes


def _soft_deleted(write: Write) -> Changes:
    old, world = write.old or {}, write.world
    properties = properties_of(old)
    yield from access_changed(world, write.id)
    if not properties.get("enableSoftDelete"):
        return
    days = properties.get("softDeleteRetentionInDays", 90)
    place = str(old.get("location", ""))
    gone = recovering.place_of(write.id, place)
    body = {
        "vaultId": str(write.id),
        "location": place,
        "tags": old.get("tags") or {},
        "deletionDate": world.iso(),
        "scheduledPurgeDate": world.iso(days * 86400),
    }
    if properties.get("enablePurgeProtection"):
        body["purgeProtectionEnabled"] = True
    shown = {"type": "Microsoft.KeyVault/deletedVaults", "properties": body}
    yield SetResource(gone, shown, hidden=recovering.remembered(write))


def dns_ready(world: World, data: Json) -> Changes:
    """End the registration of a new vault's host name."""
    vault = world.spelled(data["vault"])
    body = world.get(vault)
    return (
        []
        if body is None
        else [SetResource(vault, {**body, "properties": {**properties_of(body), "provisioningState": "Succeeded"}})]
    )


def on_vault(write: Write) -> ArmError | None:
    """Refuse a write to a vault that conflicts with another."""
    return in_conflict(write, write.id)


VAULTS = ResourceType(
    type=VAULT,
    api_versions=API_VERSIONS,
    answers={
        "GET": SYNC,
        "LIST": SYNC,
        "PUT": Answer(status=200, created=200),
        "PATCH": SYNC,
        "DELETE": GONE,
    },
    read_only=(
        "properties.vaultUri",
        "properties.provisioningState",
        "properties.hsmPoolResourceId",
        "properties.privateEndpointConnections",
        "systemData",
    ),
    since={
        "properties.publicNetworkAccess": "2021-10-01",
        "properties.enableRbacAuthorization": "2020-04-01",
        "systemData": "2021-04-01",
    },
    create_only=("location",),
    kept=tuple(f"properties.{name}" for name in _ONE_WAY),
    defaults={
        "tags": {},
        "properties": {"accessPolicies": [], "enabledForDeployment": False, "publicNetworkAccess": "Enabled"},
    },
    merge=_merge,
    prepare=_prepare,
    rules=(
        Rule(on_vault, verbs=frozenset({"PUT", "PATCH", "DELETE"})),
        *vaultrules.RULES,
    ),
    on_write=(_on_write,),
    on_read=_shown,
    also_needs=_also_needs,
    system_data=True,
)
"""Vaults; that PUT replaces the whole property bag is github.com/Azure/azure-cli/issues/7608. What older api-versions do not show
is recorded by Azure/azure-cli's tests (2019-09-01, 2021-06-01-preview)."""


def seeded(world: World, vault: ResourceId, body: Json) -> Changes:
    """Complete a vault of the estate with what the service always shows."""
    properties = properties_of(body)
    whole = {
        "vaultUri": f"https://{vault_host(world, vault.name)}/",
        "provisioningState": "Succeeded",
        "tenantId": world.tenant(vault),
        "sku": {"family": "A", "name": "standard"},
        "accessPolicies": [],
        "enabledForDeployment": False,  # in each of 36 recorded vaults, whoever made it
        **properties,
    }
    return [SetResource(vault, {**body, "properties": whole})] if whole != properties else []
