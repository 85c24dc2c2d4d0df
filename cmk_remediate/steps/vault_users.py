"""Who else uses a vault: a line for each that its body, its role assignments and a search over all resources show.

Whoever is shut out when the vault's network or its permission model changes is among them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmk_remediate.model.decisions import Line
from cmk_remediate.model.json_types import at_path
from cmk_remediate.model.values import Unknown
from cmk_remediate.steps import policies, roles, vault_state

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from cmk_remediate.model.json_types import JsonObject


def by_principal(body: JsonObject, listed: Sequence[JsonObject], ours: Collection[str]) -> Iterator[Line]:
    """Yield a line for each access policy in the vault's *body* and each of the role assignments *listed* that uses keys.

    The principals *ours*, in lower case, are left out: whether they have arrived in the list yet is chance, and no drift.
    """
    for entry in policies.entries(body):
        who = at_path(entry, "objectId")
        if not isinstance(who, Unknown) and str(who).lower() not in ours:
            # One principal may have several: for itself, and for each application that acts for it.
            acting = at_path(entry, "applicationId")
            named = f"{who} through {acting}" if acting else f"{who}"
            other = str(at_path(entry, "tenantId") or "").lower() not in ("", vault_state.tenant(body))
            tenant = f" of {at_path(entry, 'tenantId')}" if other else ""
            yield _relied(f"properties.accessPolicies[{named}{tenant}]", at_path(entry, "permissions"))
    for item in sorted(listed, key=lambda one: str(at_path(one, "name"))):
        if roles.principal_of(item) not in {"", *ours} and roles.role_of(item) not in roles.WITHOUT_DATA_ACTIONS:
            who = f"{at_path(item, 'properties.principalType') or 'Principal'} {roles.principal_of(item)}"
            what = f"{who} is {roles.role_name(roles.role_of(item))} at {roles.scope_of(item)}"
            yield _relied(f"roleAssignments[{at_path(item, 'name')}]", what)


def by_network(body: JsonObject, *, rules: bool) -> Iterator[Line]:
    """Yield a line for each private endpoint in the vault's *body* and, if *rules*, for its lists of network rules."""
    seen: set[str] = set()
    for connection in at_path(body, "properties.privateEndpointConnections") or ():
        own = str(at_path(connection, "id"))
        endpoint = str(at_path(connection, "properties.privateEndpoint.id") or own)
        shown = f"{endpoint}, {own.rpartition('/')[2]}" if endpoint in seen else endpoint
        seen.add(endpoint)
        yield _relied(
            f"properties.privateEndpointConnections[{shown}]",
            at_path(connection, "properties.privateLinkServiceConnectionState.status"),
        )
    for name in ("ipRules", "virtualNetworkRules"):
        found = at_path(body, f"properties.networkAcls.{name}")
        if rules and found:
            yield _relied(f"properties.networkAcls.{name}", found)


def by_uri(named: Sequence[JsonObject], ours: Collection[str]) -> Iterator[Line]:
    """Yield a line for each resource that was found to name the vault's URI.

    The resources *ours*, by lower-case id, are left out: the vault itself, and what the run moves to its keys. A line says
    nothing of the key's version: a rotation is no drift. Resource Graph changes the casing of ids at will, so they are lower case.
    """
    found = {str(at_path(row, "id")).lower(): str(at_path(row, "type")).lower() for row in named}
    for key in sorted(set(found) - set(ours)):
        yield _relied(f"resources[{key}]", f"{found[key]} names the vault's URI")


def _relied(path: str, value: Any) -> Line:
    return Line(path, value, value, "relied_on")
