"""Microsoft.Authorization/roleAssignments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cmk_remediate.simulator import access, doubts
from cmk_remediate.simulator.declare import SYNC, Answer, ArmError, Json, Provider, ResourceType, Rule, Switch, Write
from cmk_remediate.simulator.index import owner
from cmk_remediate.simulator.providers.common import access_changed, bad_request, properties_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Change
    from cmk_remediate.simulator.world import World

GRANT = "Microsoft.Authorization/roleAssignments"
_KEY = GRANT.lower()
_TROUBLE = "learn.microsoft.com: Troubleshoot Azure RBAC"
_LIMIT = 4000  # learn.microsoft.com: Troubleshoot Azure RBAC limits

LIST_LAGS = Switch("role-list-lags", "A list of role assignments misses one that was just made.")
_LAG = (2.0, 30.0)
"""How long a list misses a new row; that it does is a comment in public code, the bound is unconfirmed."""


def _role(body: Json | None) -> str:
    return str(properties_of(body).get("roleDefinitionId", "")).rsplit("/", 1)[-1].lower()


def _person(body: Json | None) -> str:
    return str(properties_of(body).get("principalId", "")).lower()


def _scope_of(write: Write) -> ResourceId:
    return write.id.scope or write.id.subscription_id


def _prepare(write: Write) -> Json:
    body, world = write.new or {}, write.world
    properties = properties_of(body)
    data = world.principals.get(_person(body), {})
    old = properties_of(write.old)
    whole = {
        "roleDefinitionId": properties.get("roleDefinitionId"),
        "principalId": properties.get("principalId"),
        "principalType": data.get("kind") or properties.get("principalType") or "ServicePrincipal",
        "scope": str(_scope_of(write)),
        "condition": properties.get("condition"),
        "conditionVersion": properties.get("conditionVersion"),
        "createdOn": old.get("createdOn") or world.iso(),
        "updatedOn": world.iso(),
        "createdBy": old.get("createdBy") or write.caller,
        "updatedBy": write.caller,
        "delegatedManagedIdentityResourceId": properties.get("delegatedManagedIdentityResourceId"),
        "description": properties.get("description"),
    }
    return {**body, "properties": whole}


def _fixed(write: Write) -> ArmError | None:
    if write.old is None or (_role(write.old), _person(write.old)) == (_role(write.new), _person(write.new)):
        return None
    text = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
    return bad_request("RoleAssignmentUpdateNotPermitted", text, _TROUBLE)


def _exists(write: Write) -> ArmError | None:
    if write.old is not None:
        return None
    scope = _scope_of(write).key
    for key in write.world.index.grants(_person(write.new)):
        if owner(key) == scope and _role(write.world.get(key)) == _role(write.new):
            name = key.rsplit("/", 1)[-1].replace("-", "")
            text = f"The role assignment already exists. The ID of the existing role assignment is {name}."
            return ArmError(409, "RoleAssignmentExists", text, _TROUBLE)
    return None


def _known_role(write: Write) -> ArmError | None:
    role = _role(write.new)
    if access.permissions_of(write.world, role) or role in write.world.registry.roles:
        return None
    text = f"The specified role definition with ID '{role.replace('-', '')}' does not exist."
    return bad_request("RoleDefinitionDoesNotExist", text, "unconfirmed")


def _known_principal(write: Write) -> ArmError | None:
    world, person = write.world, _person(write.new)
    if write.old is not None or world.known(person):
        return None
    if properties_of(write.sent).get("principalType") and world.doubt(doubts.PRINCIPAL_TYPE) == "skips":
        return None
    tenant = world.tenant(write.id)
    text = (
        f"Principal {person.replace('-', '')} does not exist in the directory {tenant}. Check that you have "
        "the correct principal ID. "
        "If you are creating this principal and then immediately assigning a role, this error might be related to a replication "
        "delay. In this case, set the role assignment principalType property to a value, such as "
        "ServicePrincipal, User, or Group.  "
        "See https://aka.ms/docs-principaltype"
    )
    return bad_request("PrincipalNotFound", text, _TROUBLE)


def _limit(write: Write) -> ArmError | None:
    keys = write.world.index.of_type(_KEY)
    if write.old is not None or len(keys) < _LIMIT:
        return None
    head = write.id.subscription_id.key + "/"
    if sum(key.startswith(head) for key in keys) < _LIMIT:
        return None
    text = "No more role assignments can be created (code: RoleAssignmentLimitExceeded)."
    return bad_request("RoleAssignmentLimitExceeded", text, "learn.microsoft.com: Troubleshoot Azure RBAC limits")


def _on_write(write: Write) -> Iterator[Change]:
    if write.method == "DELETE":
        yield from access_changed(write.world, _scope_of(write))


def _missing(resource: ResourceId, _world: World) -> ArmError | None:
    text = f"The role assignment '{resource.name}' is not found."
    return ArmError(404, "RoleAssignmentNotFound", text, "azure-mgmt-authorization RoleAssignmentsOperations.get")


def _listed(scope: ResourceId, world: World) -> Iterator[ResourceId]:
    """Go through the assignments at, above and below *scope*: azure-mgmt-authorization list_for_scope."""
    lags = world.switch(LIST_LAGS.name)
    for key in world.index.of_type(_KEY):
        at = owner(key)
        if not access.covers(at, scope.key) and not at.startswith(scope.key + "/"):
            continue
        made = world.store.tables["resources"][key]["made"]
        if lags and made is not None and world.stamp - made < world.draw(*_LAG, "role-list", key):
            continue
        yield world.spelled(key)


def _filter(body: Json, wanted: str, world: World, scope: ResourceId) -> bool:
    """Know ``atScope()``, ``principalId eq '...'`` and ``assignedTo('...')``."""
    if "atscope()" in wanted.lower() and owner(str(body["id"]).lower()).startswith(scope.key + "/"):
        return False
    named = re.search(r"principalId\s+eq\s+'([^']*)'", wanted, re.IGNORECASE)
    if named:
        return _person(body) == named[1].lower()
    assigned = re.search(r"assignedTo\('([^']*)'\)", wanted, re.IGNORECASE)
    if assigned:
        person = assigned[1].lower()
        return _person(body) in [
            person,
            *(str(one).lower() for one in world.principals.get(person, {}).get("memberOf", ())),
        ]
    return True


GRANTS = ResourceType(
    type=GRANT,
    api_versions=("2022-04-01", "2020-10-01-preview", "2018-09-01-preview"),
    answers={
        "GET": SYNC,
        "LIST": SYNC,
        "PUT": Answer(status=201, created=201),
        "DELETE": Answer(status=200, absent=204),
    },
    prepare=_prepare,
    rules=(Rule(_fixed), Rule(_exists), Rule(_known_role), Rule(_known_principal), Rule(_limit)),
    on_write=(_on_write,),
    on_missing=_missing,
    tracked=False,
    extension=True,
    list_under=_listed,
    list_filter=_filter,
)
"""azure-mgmt-authorization v2022_04_01 RoleAssignmentsOperations."""

GRANT_PROVIDER = Provider(
    namespace="Microsoft.Authorization", types=(GRANTS,), doubts=doubts.AUTHORIZATION, switches=(LIST_LAGS,)
)
"""The part of the resource provider that the engine leaves to us."""
