"""Who may do what, decided anew for every request and for every service identity.

Role-based access as in learn.microsoft.com, "How Azure RBAC determines if a user has access to a resource"; its delays as in
"Troubleshoot Azure RBAC". In a vault without role-based access the access policies decide on data actions.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from cmk_remediate.simulator.declare import ArmError, Json
from cmk_remediate.simulator.index import owner

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.world import World

EVERYONE = "00000000-0000-0000-0000-000000000000"
_VAULT = "microsoft.keyvault/vaults"
_ROLE_DEFINITIONS = "microsoft.authorization/roledefinitions"
_CONDITIONED = ("microsoft.authorization/roleassignments/write", "microsoft.authorization/roleassignments/delete")
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

# learn.microsoft.com, "Migrate from vault access policy to an Azure role-based access control permission model".
_POLICY_FOR = {
    "keys/read": ("get", "list"),
    "keys/wrap/action": ("wrapkey",),
    "keys/unwrap/action": ("unwrapkey",),
    "keys/encrypt/action": ("encrypt",),
    "keys/decrypt/action": ("decrypt",),
    "keys/sign/action": ("sign",),
    "keys/verify/action": ("verify",),
    "keys/update/action": ("update",),
    "keys/backup/action": ("backup",),
    "keys/create/action": ("create",),
    "keys/import/action": ("import",),
    "keys/delete": ("delete",),
    "keys/recover/action": ("recover",),
    "keys/restore/action": ("restore",),
    "keys/rotate/action": ("rotate",),
    "keys/purge/action": ("purge",),
    "keys/release/action": ("release",),
    "keyrotationpolicies/read": ("getrotationpolicy",),
    "keyrotationpolicies/write": ("setrotationpolicy",),
}


@dataclass(frozen=True)
class Permission:
    """One set of a role: what it allows, less what it takes out."""

    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()

    @classmethod
    def of(cls, data: Json) -> Permission:
        """Read a set as ARM writes it."""
        names = ("actions", "notActions", "dataActions", "notDataActions")
        return cls(*(tuple(data.get(name) or ()) for name in names))

    def to_json(self) -> Json:
        """Return the set as ARM writes it."""
        return {
            "actions": list(self.actions),
            "notActions": list(self.not_actions),
            "dataActions": list(self.data_actions),
            "notDataActions": list(self.not_data_actions),
        }

    def allows(self, action: str, *, data: bool) -> bool:
        """Say whether the set allows *action*."""
        allowed, taken = (self.data_actions, self.not_data_actions) if data else (self.actions, self.not_actions)
        return any(matches(one, action) for one in allowed) and not any(matches(one, action) for one in taken)


@lru_cache(maxsize=8192)
def matches(pattern: str, action: str) -> bool:
    """Say whether *action* fits *pattern*, in any casing.

    ``*`` stands for anything, ``/*/`` for a single slash too: the role Managed Identity Operator grants ``.../*/assign/action``,
    and what is asked for is ``.../assign/action``.
    """
    expression = re.escape(pattern.lower()).replace(r"/\*/", "/(?:.*/)?").replace(r"\*", ".*")
    return re.fullmatch(expression, action.lower()) is not None


def permissions_of(world: World, role: str) -> tuple[Permission, ...]:
    """Return the sets of the role whose definition's id ends in *role*."""
    guid = role.rsplit("/", 1)[-1].lower()
    built_in = world.registry.roles.get(guid)
    if built_in is not None:
        return (Permission(built_in.actions, built_in.not_actions, built_in.data_actions, built_in.not_data_actions),)
    for key in world.index.of_type(_ROLE_DEFINITIONS):
        if key.rsplit("/", 1)[-1] == guid:
            body = world.get(key) or {}
            return tuple(Permission.of(one) for one in body["properties"].get("permissions", ()))
    return ()


def decide(
    world: World,
    principal: str,
    action: str,
    scope: ResourceId,
    *,
    data: bool = False,
    attributes: Mapping[str, str] | None = None,
) -> ArmError | None:
    """Return None if *principal* may do *action* at *scope* now, else the refusal."""
    if data and _on_access_policies(world, scope):
        if _policy_allows(world, principal, action, scope):
            return None
        return _refused(principal, action, scope)
    conditioned = False
    for _, body in _grants(world, principal, scope, data=data):
        role = str(body["properties"].get("roleDefinitionId", ""))
        if not any(one.allows(action, data=data) for one in permissions_of(world, role)):
            continue
        if world.settings.abac and not _condition_holds(world, body, action, attributes or {}):
            conditioned = True
            continue
        return _denied(world, principal, action, scope, data=data)
    refusal = _refused(principal, action, scope)
    if conditioned:
        text = refusal.message.replace(
            "does not have authorization", "does not have authorization or an ABAC condition not fulfilled"
        )
        return ArmError(403, refusal.code, text, "learn.microsoft.com: Troubleshoot Azure role assignment conditions")
    return refusal


def effective_sets(world: World, principal: str, scope: ResourceId) -> list[Permission]:
    """Return what the permissions API shows: every set in effect at *scope*, conditions and deny assignments unseen."""
    return [
        one
        for _, body in _grants(world, principal, scope, data=False)
        for one in permissions_of(world, str(body["properties"].get("roleDefinitionId", "")))
    ]


def covers(grant_scope: str, scope: str) -> bool:
    """Say whether what holds at *grant_scope* holds at *scope*; both in lower case. A management group covers everything."""
    return (
        scope == grant_scope
        or scope.startswith(grant_scope + "/")
        or grant_scope in ("", "/")
        or grant_scope.startswith("/providers/microsoft.management/")
    )


def _grants(world: World, principal: str, scope: ResourceId, *, data: bool) -> Iterator[tuple[str, Json]]:
    """Go through the role assignments of *principal* and its groups that are in effect at *scope*."""
    person = principal.lower()
    holders = [person, *(str(one).lower() for one in world.principals.get(person, {}).get("memberOf", ()))]
    for holder in holders:
        for key in world.index.grants(holder):
            if covers(owner(key), scope.key):
                record = world.store.tables["resources"][key]
                if _since(world, key, record["made"], holder, scope, data=data) <= world.stamp:
                    yield key, record["body"]
    if not world.settings.late_rbac:
        return
    for key, ghost in world.store.tables["ghosts"].items():
        properties = ghost["body"]["properties"]
        if str(properties.get("principalId", "")).lower() in holders and covers(owner(key), scope.key):
            began = _since(world, key, ghost["made"], principal, scope, data=data)
            if began <= ghost["gone"] and world.stamp < _until(world, key, ghost["gone"], principal, scope, data=data):
                yield key, ghost["body"]


def _since(world: World, key: str, made: float | None, principal: str, scope: ResourceId, *, data: bool) -> float:
    if made is None:
        return -math.inf
    if not world.settings.late_rbac:
        return made
    place = scope.key if data else ""
    return _cached(
        world, made + world.draw(*world.settings.rbac_delay, "grant", key, made, principal, place), principal, place
    )


def _until(world: World, key: str, gone: float, principal: str, scope: ResourceId, *, data: bool) -> float:
    place = scope.key if data else ""
    late = world.draw(*world.settings.rbac_removal_delay, "removal", key, gone, principal, place)
    return _cached(world, gone + late, principal, place)


def _cached(world: World, moment: float, principal: str, place: str) -> float:
    """Return when a data plane that keeps decisions for a while next asks after *moment*."""
    window = world.settings.rbac_cache
    if not place or window <= 0:
        return moment
    offset = world.draw(0.0, window, "cache", principal, place)
    return math.ceil((moment - offset) / window) * window + offset


def _condition_holds(world: World, body: Json, action: str, attributes: Mapping[str, str]) -> bool:
    """Judge the one kind of condition that is known here: role assignments restricted to a set of roles.

    Any other condition is taken as fulfilled.
    """
    if action.lower() not in _CONDITIONED:
        return True
    role = world.registry.roles.get(str(body["properties"].get("roleDefinitionId", "")).rsplit("/", 1)[-1].lower())
    text = str(body["properties"].get("condition") or (role.condition if role else "")).lower()
    allowed = set(_GUID.findall(text))
    return not allowed or attributes.get("roleDefinition", "").lower() in allowed


def _denied(world: World, principal: str, action: str, scope: ResourceId, *, data: bool) -> ArmError | None:
    if not world.settings.deny_assignments:
        return None
    for key in world.index.of_type("microsoft.authorization/denyassignments"):
        if not covers(owner(key), scope.key):
            continue
        record = world.store.tables["resources"][key]
        properties = record["body"].get("properties", {})
        hit = {str(one.get("id", "")).lower() for one in properties.get("principals", ())}
        spared = {str(one.get("id", "")).lower() for one in properties.get("excludePrincipals", ())}
        if not hit & {principal.lower(), EVERYONE} or principal.lower() in spared:
            continue
        if any(Permission.of(one).allows(action, data=data) for one in properties.get("permissions", ())):
            name = properties.get("denyAssignmentName", record["body"]["name"])
            return ArmError(
                403,
                "DenyAssignmentAuthorizationFailed",
                f"The client '{principal}' with object id '{principal}' has permission to perform action '{action}' on scope "
                f"'{scope}'; however, the access is denied because of the deny assignment with name '{name}' and Id "
                f"'{record['body']['name']}' at scope '{record['id'][: len(owner(key))]}'.",
                "learn.microsoft.com: List Azure deny assignments",
            )
    return None


def _refused(principal: str, action: str, scope: ResourceId) -> ArmError:
    return ArmError(
        403,
        "AuthorizationFailed",
        f"The client '{principal}' with object id '{principal}' does not have authorization to perform action '{action}' over "
        f"scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.",
        "learn.microsoft.com: Troubleshoot Azure RBAC",
    )


def _vault_of(scope: ResourceId) -> ResourceId | None:
    found: ResourceId | None = scope
    while found is not None and found.type.lower() != _VAULT:
        found = found.parent
    return found


def _on_access_policies(world: World, scope: ResourceId) -> bool:
    vault = _vault_of(scope) if "/microsoft.keyvault/vaults/" in scope.key else None
    body = world.get(vault) if vault is not None else None
    return body is not None and not body.get("properties", {}).get("enableRbacAuthorization")


def _policy_allows(world: World, principal: str, action: str, scope: ResourceId) -> bool:
    vault = _vault_of(scope)
    record = world.record(vault) if vault is not None else None
    if record is None or vault is None:
        return False
    delay = world.draw(*world.settings.access_policy_delay, "access-policy", vault.key, principal, record["version"])
    known = [record["body"], world.as_of(vault, delay) or record["body"]]
    needed = _POLICY_FOR.get(action.lower().removeprefix(_VAULT + "/"), ("?",))
    return all(any(name in _entries(body, principal) for name in needed) for body in known)


def _entries(body: Json, principal: str) -> set[str]:
    granted = {
        str(name).lower()
        for entry in body.get("properties", {}).get("accessPolicies") or ()
        if str(entry.get("objectId", "")).lower() == principal.lower()
        for name in (entry.get("permissions") or {}).get("keys") or ()
    }
    if "all" in granted:
        granted.update(name for names in _POLICY_FOR.values() for name in names if name not in ("purge", "release"))
    return granted
