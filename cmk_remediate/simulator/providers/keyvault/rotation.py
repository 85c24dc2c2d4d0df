"""Key versions: how the first is made, how later ones come by themselves, when they expire."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.declare import (
    ArmError,
    Change,
    Event,
    Json,
    Say,
    Schedule,
    SetResource,
    Switch,
)
from cmk_remediate.simulator.providers.common import (
    access_changed,
    bad_request,
    latest_version,
    properties_of,
    vault_host,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.simulator.declare import Changes
    from cmk_remediate.simulator.world import World

ROTATE = "keyvault.rotate"
EXPIRED = "keyvault.expired"
DAY = 86400.0
_MIN_ROTATE = 7 * DAY  # learn.microsoft.com: Configure cryptographic key auto-rotation
_MIN_EXPIRY = 28 * DAY  # azure-keyvault-keys KeyRotationPolicyAttributes.expiry_time

ROTATION = Switch("keyvault-rotation", "Keys with a rotation policy rotate by themselves.")
EXPIRY = Switch("keyvault-expiry", "What uses a key learns of its expiry when the moment comes.")

_DURATION = re.compile(
    r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.IGNORECASE
)
_UNITS = (365 * DAY, 30 * DAY, 7 * DAY, DAY, 3600.0, 60.0, 1.0)


def seconds_of(duration: object) -> float | None:
    """Return the seconds of an ISO 8601 duration, months of 30 and years of 365 days; None where it is none."""
    found = _DURATION.fullmatch(str(duration or ""))
    if found is None or not any(found.groups()):
        return None
    return sum(int(number) * unit for number, unit in zip(found.groups(), _UNITS, strict=True) if number)


def attributes_of(body: Json | None) -> dict[str, Any]:
    """Return the attributes of a key or version."""
    return dict(properties_of(body).get("attributes") or {})


def policy_problem(policy: Json | None, exp: object) -> ArmError | None:
    """Return what is wrong with a rotation policy as Azure Resource Manager takes it."""
    if policy is None:
        return None
    actions = policy.get("lifetimeActions")
    if actions is None:
        text = "The rotation policy is invalid: value for 'lifetimeActions' is null."
        return bad_request("InvalidKeyRotationPolicy", text, "github.com/Azure/bicep-registry-modules/issues/2760")
    source = "learn.microsoft.com: Configure cryptographic key auto-rotation in Azure Key Vault"
    expiry = seconds_of((policy.get("attributes") or {}).get("expiryTime"))
    if expiry is not None and expiry < _MIN_EXPIRY:
        return bad_request(
            "InvalidKeyRotationPolicy", "The expiry time of a rotation policy is at least 28 days.", source
        )
    for action in actions:
        trigger = action.get("trigger") or {}
        after, before = seconds_of(trigger.get("timeAfterCreate")), seconds_of(trigger.get("timeBeforeExpiry"))
        rotates = str((action.get("action") or {}).get("type", "")).lower() == "rotate"
        if (
            rotates
            and after is not None
            and (after < _MIN_ROTATE or (expiry is not None and after > expiry - _MIN_ROTATE))
        ):
            text = "A key rotates at the earliest 7 days after its creation and 7 days before its expiry."
            return bad_request("InvalidKeyRotationPolicy", text, source)
        if rotates and before is not None and (expiry is None or exp is None):
            text = "A trigger by time before expiry needs an expiry time in the policy and on the key."
            return bad_request("InvalidKeyRotationPolicy", text, source)
    return None


def recovery_level(vault: Json | None) -> Json:
    """Return the members of a key's attributes that its vault decides: azure-keyvault-keys KeyAttributes."""
    properties = properties_of(vault)
    if not properties.get("enableSoftDelete"):
        return {"recoveryLevel": "Purgeable"}
    days = properties.get("softDeleteRetentionInDays", 90)
    level = "Recoverable" if days == 90 else "CustomizedRecoverable"  # noqa: PLR2004 - the default of azure-mgmt-keyvault
    return {"recoveryLevel": level if properties.get("enablePurgeProtection") else f"{level}+Purgeable"}


def uri_of(world: World, key: ResourceId, version: str = "") -> str:
    """Return a key's identifier as Azure Resource Manager writes it."""
    port = ":443" if world.doubt(doubts.KEY_URI_PORT) == "port" else ""
    tail = f"/{version}" if version else ""
    return f"https://{vault_host(world, key.top_level.name)}{port}/keys/{key.name}{tail}"


def completed(world: World, key: ResourceId, body: Json, version: str) -> Json:
    """Return a key's body with what the service fills in, *version* being its latest."""
    vault = world.get(key.top_level)
    properties = {name: value for name, value in properties_of(body).items() if value is not None}
    kind = str(properties.get("kty") or "RSA")
    properties["kty"] = kind
    now = int(world.stamp)
    attributes = {"enabled": True, "created": now, "updated": now, **(properties.get("attributes") or {})}
    properties["attributes"] = {**attributes, **recovery_level(vault)}
    if kind.upper().startswith("RSA"):
        properties.setdefault("keySize", 2048)
        properties.setdefault("keyOps", ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"])
    else:
        properties.setdefault("curveName", "P-256")
        properties.setdefault("keyOps", ["sign", "verify"])
    properties["keyUri"] = uri_of(world, key)
    properties["keyUriWithVersion"] = uri_of(world, key, version)
    return {"location": (vault or {}).get("location"), **body, "properties": properties}


def version_changes(key: ResourceId, body: Json, version: str) -> list[Change]:
    """Return the changes that keep *body* as the key's newest version."""
    shown = {name: value for name, value in properties_of(body).items() if name != "rotationPolicy"}
    return [SetResource(key.child("versions", version), {"location": body.get("location"), "properties": shown})]


def timers(world: World, key: ResourceId, body: Json) -> Iterator[Change]:
    """Go through the timers a key's newest version starts."""
    attributes = attributes_of(body)
    exp = attributes.get("exp")
    if exp is not None and exp > world.stamp:
        yield Schedule(exp - world.stamp, EXPIRED, {"key": str(key)})
    due = next_rotation(body)
    if due is not None:
        version = latest_version(body)
        yield Schedule(max(due - world.stamp, 0.0), ROTATE, {"key": str(key), "version": version}, f"rotate:{key.key}")


def next_rotation(body: Json) -> float | None:
    """Return the stamp at which a key rotates by its policy, or None."""
    policy = properties_of(body).get("rotationPolicy") or {}
    attributes = attributes_of(body)
    for action in policy.get("lifetimeActions") or ():
        if str((action.get("action") or {}).get("type", "")).lower() != "rotate":
            continue
        trigger = action.get("trigger") or {}
        after, before = seconds_of(trigger.get("timeAfterCreate")), seconds_of(trigger.get("timeBeforeExpiry"))
        if after is not None:
            return float(attributes.get("created", 0)) + after
        if before is not None and attributes.get("exp") is not None:
            return float(attributes["exp"]) - before
    return None


def new_version(world: World, key: ResourceId) -> Iterator[Change]:
    """Go through what the making of a new version of *key* changes."""
    body = world.get(key)
    if body is None:
        return
    version = world.new_hex("key-version", key.key)
    properties = dict(properties_of(body))
    attributes = {"enabled": True, "created": int(world.stamp), "updated": int(world.stamp)}
    lasts = seconds_of(((properties.get("rotationPolicy") or {}).get("attributes") or {}).get("expiryTime"))
    if lasts is not None:
        attributes["exp"] = int(world.stamp + lasts)
    fresh = completed(world, key, {**body, "properties": {**properties, "attributes": attributes}}, version)
    yield SetResource(key, fresh)
    yield from version_changes(key, fresh, version)
    yield from timers(world, key, fresh)
    yield Say(f"{key.name} in {key.top_level.name} has a new version {version}")


def _rotate(world: World, data: Json) -> Iterator[Change]:
    key = world.spelled(data["key"])
    body = world.get(key)
    if body is None or latest_version(body) != data["version"] or not world.switch(ROTATION.name):
        return
    yield from new_version(world, key)


def _expired(world: World, data: Json) -> Changes:
    key = ResourceId(data["key"])
    if world.get(key) is None or not world.switch(EXPIRY.name):
        return []
    return [Say(f"a version of {key.name} in {key.top_level.name} has expired"), *access_changed(world, key)]


EVENTS = (Event(ROTATE, _rotate), Event(EXPIRED, _expired))


def seeded(world: World, key: ResourceId, body: Json) -> Iterator[Change]:
    """Complete a key of the estate and its versions, and start its timers."""
    version = latest_version(body)
    if not version:
        known = world.children(key, "versions")
        version = known[-1][0].name if known else world.new_hex("key-version", key.key)
    made = int(world.stamp - 30 * DAY)
    properties = properties_of(body)
    attributes = {"created": made, "updated": made, **(properties.get("attributes") or {})}
    whole = completed(world, key, {**body, "properties": {**properties, "attributes": attributes}}, version)
    yield SetResource(key, whole)
    if world.get(key.child("versions", version)) is None:
        yield from version_changes(key, whole, version)
    for older, kept in world.children(key, "versions"):
        whole_version = completed(
            world, key, {**whole, **kept, "properties": {**properties_of(whole), **properties_of(kept)}}, older.name
        )
        shown = {name: value for name, value in properties_of(whole_version).items() if name != "rotationPolicy"}
        yield SetResource(older, {**kept, "location": whole.get("location"), "properties": shown})
    yield from timers(world, key, whole)


def seeded_deleted(world: World, gone: ResourceId, body: Json) -> Iterator[Change]:
    """Complete a soft-deleted key of the estate."""
    properties = properties_of(body)
    if "keyUriWithVersion" in properties:
        return
    key = gone.top_level.child("keys", gone.name)
    version = world.new_hex("key-version", key.key)
    whole = completed(world, key, {"properties": properties}, version)
    deleted = {**properties_of(whole), "deletedDate": int(world.stamp - DAY)}
    yield SetResource(gone, {**body, "properties": deleted})
