"""Who may use what, by what is declared: grants, policies and rules as they stand, all delays left out.

What a write takes away is thus seen at the write, not minutes later.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator import access, network
from cmk_remediate.simulator.index import owner
from cmk_remediate.simulator.providers.common import VAULT, properties_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.simulator.declare import Json
    from cmk_remediate.simulator.world import World

_GRANTS = "microsoft.authorization/roleassignments"

# Access policy permission -> data action: learn.microsoft.com, "Migrate from vault access policy to Azure RBAC".
_POLICY = {
    "keys": {
        "get": "keys/read", "list": "keys/read", "wrapkey": "keys/wrap/action", "unwrapkey": "keys/unwrap/action",
        "encrypt": "keys/encrypt/action", "decrypt": "keys/decrypt/action", "sign": "keys/sign/action",
        "verify": "keys/verify/action", "update": "keys/update/action", "backup": "keys/backup/action",
        "create": "keys/create/action", "import": "keys/import/action", "delete": "keys/delete",
        "recover": "keys/recover/action", "restore": "keys/restore/action", "rotate": "keys/rotate/action",
        "getrotationpolicy": "keyrotationpolicies/read", "setrotationpolicy": "keyrotationpolicies/write",
    },
    "secrets": {
        "get": "secrets/getSecret/action", "list": "secrets/readMetadata/action", "set": "secrets/setSecret/action",
        "delete": "secrets/delete", "backup": "secrets/backup/action", "restore": "secrets/restore/action",
    },
    "certificates": {"get": "certificates/read", "list": "certificates/read", "create": "certificates/create/action"},
}  # fmt: skip
ACTIONS = tuple(dict.fromkeys(f"{VAULT}/{action}" for table in _POLICY.values() for action in table.values()))
"""The data actions uses are counted in."""


Users = Mapping[str, Mapping[str, None]]
"""The resources that have a user-assigned identity attached, by the identity; ids in lower case."""


class Use(NamedTuple):
    """Something somebody can do with a vault or key.

    Attributes:
        who: a principal's object id.
        action: the data action.
        scope: the vault or key, lower case.
    """

    who: str
    action: str
    scope: str


def vault_of(scope: str) -> str:
    """Return the vault that *scope* is or is in, lower case."""
    head, _, tail = scope.partition("/providers/microsoft.keyvault/vaults/")
    return f"{head}/providers/microsoft.keyvault/vaults/{tail.split('/')[0]}"


def permits(world: World, use: Use) -> bool:
    """Say whether rights allow *use*."""
    vault = world.get(vault_of(use.scope))
    if vault is None:
        return False
    if not properties_of(vault).get("enableRbacAuthorization"):
        return use.action in _policy_actions(vault, use.who)
    for holder in (use.who, *(str(one).lower() for one in world.principals.get(use.who, {}).get("memberOf", ()))):
        for key in world.index.grants(holder):
            if access.covers(owner(key), use.scope):
                role = str(properties_of(world.get(key)).get("roleDefinitionId", ""))
                if any(one.allows(use.action, data=True) for one in access.permissions_of(world, role)):
                    return True
    return False


def reaches(world: World, who: str, vault: str) -> bool:
    """Say whether the vault's rules let *who* (an object id or a resource id) through."""
    body = world.get(vault)
    return body is not None and network.admits(world, who, ResourceId(vault), body)


def _policy_actions(vault: Json, who: str) -> set[str]:
    found: set[str] = set()
    for entry in properties_of(vault).get("accessPolicies") or ():
        if str(entry.get("objectId", "")).lower() != who:
            continue
        for kind, table in _POLICY.items():
            names = {str(one).lower() for one in (entry.get("permissions") or {}).get(kind) or ()}
            found.update(f"{VAULT}/{action}" for name, action in table.items() if name in names or "all" in names)
    return found


def uses(world: World, vault: str, users: Users) -> Iterator[Use]:
    """Go through all that anybody can do with *vault* and its keys, the network counted in."""
    body = world.get(vault)
    if body is None:
        return
    if not properties_of(body).get("enableRbacAuthorization"):
        people = dict.fromkeys(
            str(one.get("objectId", "")).lower() for one in properties_of(body).get("accessPolicies") or ()
        )
        for who in people:
            if _through(world, who, vault, users):
                allowed = _policy_actions(body, who)
                yield from (Use(who, action, vault) for action in ACTIONS if action in allowed)
        return
    for key in grants_at(world, vault):
        yield from granted(world, key, vault, users)


def grants_at(world: World, vault: str) -> Iterator[str]:
    """Go through the role assignments at, above and below *vault*, ids in lower case."""
    for key in world.index.of_type(_GRANTS):
        at = owner(key)
        if access.covers(at, vault) or access.covers(vault, at):
            yield key


def granted(world: World, grant: str, vault: str, users: Users) -> Iterator[Use]:
    """Go through what one role assignment gives in *vault*."""
    properties = properties_of(world.get(grant))
    who = str(properties.get("principalId", "")).lower()
    scope = max(owner(grant), vault, key=len)
    sets = access.permissions_of(world, str(properties.get("roleDefinitionId", "")))
    if any(one.data_actions for one in sets) and _through(world, who, vault, users):
        yield from (Use(who, action, scope) for action in ACTIONS if any(one.allows(action, data=True) for one in sets))


def _through(world: World, who: str, vault: str, users: Users) -> bool:
    """Say whether *who* reaches the vault: as itself, or as the resources that use it as their identity."""
    resource = str(world.principals.get(who, {}).get("resource") or "")
    if not resource:
        return reaches(world, who, vault)
    if "/userassignedidentities/" not in resource.lower():
        return reaches(world, resource, vault)
    places = users.get(resource.lower(), ())
    return any(reaches(world, place, vault) for place in places) if places else reaches(world, who, vault)


def attached(body: Json | None) -> list[str]:
    """Return the user-assigned identities a resource has, lower case."""
    identity = (body or {}).get("identity")
    found = identity.get("userAssignedIdentities") if isinstance(identity, dict) else None
    return [name.lower() for name in found] if isinstance(found, dict) else []


def holds(world: World, use: Use, users: Users) -> bool:
    """Say whether *use* is still possible: rights and network."""
    return permits(world, use) and _through(world, use.who, vault_of(use.scope), users)
