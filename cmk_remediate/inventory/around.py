"""What surrounds resources: grants, role definitions, locks, deny assignments, policies, registrations, deleted vaults.

What is set above the subscriptions (at a management group, or the tenant) is worded as set at each of them: a copy holds
nothing above them, and the effect is the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.errors import AzureError, InputError
from cmk_remediate.inventory import policies
from cmk_remediate.inventory.placing import placed
from cmk_remediate.model.decisions import Read
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cmk_remediate.inventory.reading import Gathering
    from cmk_remediate.inventory.scopes import Scope
    from cmk_remediate.model.json_types import JsonObject

GRANTS = "Microsoft.Authorization/roleAssignments"
ROLES = "Microsoft.Authorization/roleDefinitions"
LISTS = (
    ("list:roleAssignments", GRANTS),
    ("list:denyAssignments", "Microsoft.Authorization/denyAssignments"),
    ("list:locks", "Microsoft.Authorization/locks"),
)


async def around(gathering: Gathering, scope: Scope, subscription: ResourceId) -> list[JsonObject]:
    """Return the extensions that count in *scope*, and what they are defined by."""
    place = scope.id if scope.id.resource_group else subscription
    found: dict[str, JsonObject] = {}
    for verb, kind in LISTS:
        places = dict.fromkeys((subscription, place)) if verb == "list:locks" else (place,)
        for one in places:
            for item in await gathering.listed(Read(one, verb)):
                _add(found, placed(item, kind, place, gathering))
    for body in await policies.policies(gathering, place):
        _add(found, body)
    for role in await _roles(gathering, found.values(), subscription):
        _add(found, role)
    return list(found.values())


def _add(found: dict[str, JsonObject], body: JsonObject | None) -> None:
    if body is not None:
        found.setdefault(str(body["id"]).lower(), body)


async def _roles(gathering: Gathering, extensions: Iterable[JsonObject], subscription: ResourceId) -> list[JsonObject]:
    names = [str(at_path(body, "properties.roleDefinitionId") or "").rpartition("/")[2] for body in extensions]
    found: list[JsonObject] = []
    for name in dict.fromkeys(name.lower() for name in names if name):
        try:
            resource = ResourceId.parse(subscription.extension(ROLES, name).text)
        except InputError:
            gathering.miss("a role definition", f"its name is {name[:200]!r}")
            continue
        body = await gathering.get(resource)
        if body is not None:
            found.append({**body, "id": resource.text})
    return found


async def unregistered(gathering: Gathering, subscription: ResourceId, namespaces: Iterable[str]) -> list[str]:
    """Return which of *namespaces* the subscription has not registered."""
    closed = []
    for namespace in namespaces:
        read = Read(subscription, "provider", (("namespace", namespace),))
        try:
            body = (await gathering.reader.read(read)).body
        except AzureError as error:
            gathering.miss(f"registration of {namespace} in {subscription}", error.cause)
            continue
        if str(at_path(body, "registrationState") or "Registered").lower() not in ("registered", "registering"):
            closed.append(namespace)
    return closed


async def deleted_vaults(gathering: Gathering, scope: Scope, subscription: ResourceId) -> list[JsonObject]:
    """Return the soft-deleted vaults that were in *scope*."""
    found = []
    for item in await gathering.listed(Read(subscription, "list:deletedVaults")):
        if gathering.identified(item, subscription) is None:
            continue
        was = str(at_path(item, "properties.vaultId") or "")
        if not scope.id.resource_group or was.lower().startswith(f"{scope.id.key}/"):
            found.append(item)
    return found
