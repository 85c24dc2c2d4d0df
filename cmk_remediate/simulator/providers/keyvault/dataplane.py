"""The keys data plane of a vault: reading keys, versions and rotation policies, rotating, switching versions off, deleting."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cmk_remediate.simulator.declare import (
    ArmError,
    Change,
    DataPlane,
    DataRequest,
    Json,
    Reply,
    SetResource,
)
from cmk_remediate.simulator.providers.common import (
    VAULT,
    access_changed,
    latest_version,
    properties_of,
    vault_named,
)
from cmk_remediate.simulator.providers.keyvault import bundles, softdelete
from cmk_remediate.simulator.providers.keyvault.conflicts import touched_by
from cmk_remediate.simulator.providers.keyvault.rotation import (
    attributes_of,
    completed,
    new_version,
    policy_problem,
    timers,
    version_changes,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.world import World

_CODES = "learn.microsoft.com: Azure Key Vault REST API error codes"

AUDIENCES: Mapping[str, str] = {
    "AzureCloud": "https://vault.azure.net",
    "AzureUSGovernment": "https://vault.usgovcloudapi.net",
    "AzureChinaCloud": "https://vault.azure.cn",
}


def _refused(request: DataRequest, vault: ResourceId, key: str, action: str) -> ArmError | None:
    """Judge the caller's network position first, then its rights."""
    world = request.world
    if not world.reachable(request.caller, vault):
        text = (
            "Client address is not authorized and caller is not a trusted service.\r\nCaller: "
            f"oid={request.caller}\r\nVault: {vault.name}"
        )
        return ArmError(403, "Forbidden", text, _CODES, inner="ForbiddenByFirewall")
    scope = vault.child("keys", key) if key else vault
    if world.may(request.caller, action, scope, data=True):
        return None
    text = (
        "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role definitions were "
        f"changed recently, please observe propagation time.\r\nCaller: oid={request.caller}\r\nAction: '{action}'\r\n"
        f"Resource: '{scope}'\r\nAssignment: (not found)\r\nDecisionReason: 'DeniedWithNoValidRBAC'\r\nVault: {vault.name}"
    )
    on_roles = properties_of(world.get(vault)).get("enableRbacAuthorization")
    return ArmError(403, "Forbidden", text, _CODES, inner="ForbiddenByRbac" if on_roles else "AccessDenied")


def _set_policy(world: World, key: ResourceId, body: Json, sent: Json) -> Reply | ArmError:
    problem = policy_problem(sent, attributes_of(body).get("exp"))
    if problem is not None:
        return ArmError(400, "BadParameter", problem.message, problem.source)
    stored: Json = {
        "attributes": {**(sent.get("attributes") or {}), "updated": int(world.stamp)},
        "lifetimeActions": [
            {
                "trigger": dict(one.get("trigger") or {}),
                "action": {"type": str((one.get("action") or {}).get("type", "")).lower()},
            }
            for one in sent.get("lifetimeActions") or ()
        ],
    }
    stored["attributes"].setdefault("created", int(world.stamp))
    fresh = {**body, "properties": {**properties_of(body), "rotationPolicy": stored}}
    changes: list[Change] = [SetResource(key, fresh), *timers(world, key, fresh)]
    return Reply(body=bundles.policy(world, key, fresh), changes=tuple(changes))


def _update(world: World, key: ResourceId, body: Json, version: str, sent: Json) -> Reply | ArmError:
    kept = world.get(key.child("versions", version))
    if kept is None:
        return softdelete.not_found(f"{key.name}/{version}")
    properties = properties_of(kept)
    attributes = {**attributes_of(kept), **(sent.get("attributes") or {}), "updated": int(world.stamp)}
    changed: Json = {**kept, "properties": {**properties, "attributes": attributes}}
    if sent.get("key_ops") is not None:
        changed["properties"]["keyOps"] = list(sent["key_ops"])
    changes: list[Change] = [SetResource(key.child("versions", version), changed)]
    if version == latest_version(body):
        changes.append(SetResource(key, {**body, "properties": {**properties_of(body), **changed["properties"]}}))
    changes += access_changed(world, key)
    return Reply(body=bundles.bundle(world, key, changed, version), changes=tuple(changes))


def _action(method: str, path: tuple[str, ...]) -> str:
    """Return the data action a request needs: learn.microsoft.com, "Azure permissions for Security"."""
    tail = path[2] if len(path) > 2 else ""  # noqa: PLR2004 - keys/name/tail
    if path[0] == "deletedkeys":
        verb = "purge/action" if method == "DELETE" else "recover/action" if tail == "recover" else "read"
        return f"{VAULT}/keys/{verb}"
    if tail == "rotationpolicy":
        return f"{VAULT}/keyrotationpolicies/{'write' if method == 'PUT' else 'read'}"
    verbs = {"GET": "read", "PATCH": "update/action", "DELETE": "delete", "POST": f"{tail}/action"}
    return f"{VAULT}/keys/{verbs.get(method, 'read')}"


def answer(request: DataRequest) -> Reply | ArmError:
    """Answer a request to a vault's keys."""
    reply = _answer(request)
    if isinstance(reply, ArmError):
        return reply
    return replace(reply, body=bundles.as_of(reply.body, request.query.get("api-version", "")))


def _answer(request: DataRequest) -> Reply | ArmError:
    world = request.world
    vault = vault_named(world, request.host.split(".")[0])
    path = (request.path[0].lower(), *request.path[1:]) if request.path else ("",)
    if vault is None or path[0] not in ("keys", "deletedkeys"):
        return ArmError(404, "NotFound", "The requested path is not modelled here.", "unconfirmed")
    refused = _refused(request, vault, path[1] if len(path) > 1 else "", _action(request.method, path))
    if refused is not None:
        return refused
    if path[0] == "deletedkeys":
        return softdelete.on_deleted(request, vault, path)
    if len(path) == 1:
        return Reply(
            body={
                "value": [bundles.item(world, key, body) for key, body in world.children(vault, "keys")],
                "nextLink": None,
            }
        )
    key = world.spelled(vault.child("keys", path[1]))
    body = world.get(key)
    if body is None:
        return _create(request, key) if path[2:] == ("create",) else softdelete.not_found(path[1])
    return _on_key(request, key, body, path[2:])


def _on_key(request: DataRequest, key: ResourceId, body: Json, tail: tuple[str, ...]) -> Reply | ArmError:
    world, method = request.world, request.method
    version = (
        tail[0].lower()
        if tail and tail[0] not in ("rotationpolicy", "rotate", "versions", "create")
        else latest_version(body)
    )
    if tail == ("rotationpolicy",):
        return (
            _set_policy(world, key, body, request.sent)
            if method == "PUT"
            else Reply(body=bundles.policy(world, key, body))
        )
    if method == "POST" and tail in (("rotate",), ("create",)):
        changes = (*new_version(world, key), *touched_by(world, key.top_level))
        fresh = next(one.body for one in changes if isinstance(one, SetResource) and one.id == key)
        return Reply(body=bundles.bundle(world, key, fresh, latest_version(fresh)), changes=changes)
    if tail == ("versions",):
        return Reply(
            body={
                "value": [bundles.item(world, one, kept) for one, kept in world.children(key, "versions")],
                "nextLink": None,
            }
        )
    if method == "PATCH":
        return _update(world, key, body, version, request.sent)
    if method == "DELETE":
        return softdelete.soft_deleted(world, key, body)
    kept = world.get(key.child("versions", version))
    return (
        softdelete.not_found(f"{key.name}/{version}")
        if kept is None
        else Reply(body=bundles.bundle(world, key, {**kept, "tags": body.get("tags")}, version))
    )


def _create(request: DataRequest, key: ResourceId) -> Reply | ArmError:
    world, sent = request.world, request.sent
    if world.get(key.top_level.child("deletedKeys", key.name)) is not None:
        text = f"Key {key.name} is currently in a deleted but recoverable state, and its name cannot be reused."
        source = "github.com/external-secrets/external-secrets/issues/3519"
        return ArmError(409, "Conflict", text, source, inner="ObjectIsDeletedButRecoverable")
    asked = {
        "kty": sent.get("kty"),
        "keySize": sent.get("key_size"),
        "keyOps": sent.get("key_ops"),
        "attributes": sent.get("attributes"),
    }
    version = world.new_hex("key-version", key.key)
    whole = completed(world, key, {"properties": asked, "tags": sent.get("tags") or {}}, version)
    changes = (SetResource(key, whole), *version_changes(key, whole, version), *timers(world, key, whole))
    return Reply(body=bundles.bundle(world, key, whole, version), changes=changes)


def _exists(host: str, world: World) -> bool:
    return vault_named(world, host.split(".", maxsplit=1)[0]) is not None


DATA_PLANE = DataPlane(
    suffix="vault",
    exists=_exists,
    audience=AUDIENCES,
    answer=answer,
    challenge={"error": {"code": "Unauthorized", "message": "AKV10000: Request is missing a Bearer or PoP token."}},
)
"""The challenge's text: learn.microsoft.com, "Azure Key Vault REST API error codes"."""
