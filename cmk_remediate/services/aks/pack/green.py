"""The new cluster as a template says it, derived from the live one; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.secrets import without_secrets
from cmk_remediate.services.aks import cluster
from cmk_remediate.services.aks.choice import new_identity
from cmk_remediate.services.aks.pack.bicep import Symbol, value
from cmk_remediate.services.aks.pack.writable import API_VERSION, writable

if TYPE_CHECKING:
    from cmk_remediate.services.aks.choice import Wish

PASSWORD = Symbol("windowsAdminPassword")
_SERVER_MADE = re.compile(
    r"properties\.(status|privateLinkResources|servicePrincipalProfile|agentPoolProfiles\[\d+\]\."
    r"(status|virtualMachineNodesStatus|powerState|nodeImageVersion))"
)
"""What a client may write by the models, and only Azure says of a cluster that is made; and the service principal, which a managed
identity replaces."""
_CREDENTIALS = re.compile(r"://[^/\s@]*@")
_LONGEST_PREFIX = 54
"""Signs of a DNS prefix (azure-mgmt-containerservice `ManagedClusterProperties.dns_prefix`)."""
_HERE, _HIDDEN, _PREVIEW = "lies in the old node resource group", "may hold a secret", "is of a preview"


@dataclass(frozen=True)
class Green:
    """A new cluster.

    Attributes:
        body: what the template says of it, less its secrets.
        identity: its control plane's; None for one of its own.
        left_out: what could not be carried over: path and reason.
    """

    body: Mapping[str, Any]
    identity: tuple[ResourceId, ...]
    left_out: tuple[tuple[str, str], ...]

    @property
    def has_password(self) -> bool:
        """Whether the template asks for the password of Windows nodes."""
        return "windowsProfile" in self.body["properties"]

    def template(self) -> str:
        """Return it as Bicep."""
        body = {**self.body, "properties": dict(self.body["properties"])}
        parameters = ""
        if self.has_password:
            body["properties"]["windowsProfile"] = {**body["properties"]["windowsProfile"], "adminPassword": PASSWORD}
            parameters = (
                f"@secure()\n@description('Of the administrator of Windows nodes.')\nparam {PASSWORD.name} string\n\n"
            )
        outputs = "output nodeResourceGroup string = cluster.properties.nodeResourceGroup\n"
        if not self.identity:
            outputs += "output principalId string = cluster.identity.principalId\n"
        return (
            "// A cluster that replaces another one, whose node disks cannot change their encryption in place.\n"
            "// checklist.md says what to do with this file, in which order, and what it leaves out.\n\n"
            f"{parameters}resource cluster 'Microsoft.ContainerService/managedClusters@{API_VERSION}' = {value(body)}\n\n{outputs}"
        )


def green(wish: Wish, encryption_set: ResourceId) -> Green:
    """Return the cluster that replaces *wish*'s target, on *encryption_set*."""
    old, place = wish.facts.old, wish.facts.new.id
    source = old.body or {}
    kept, previews = writable(without_secrets(source))
    left = [(path, _PREVIEW) for path in previews]
    nodes = f"{old.nodes.key}/" if old.nodes else ""
    body = dict(_members(kept, "", nodes, left))
    properties = dict(body.get("properties") or {})
    for name, longest in (("dnsPrefix", _LONGEST_PREFIX), ("fqdnSubdomain", _LONGEST_PREFIX)):
        if properties.get(name):
            properties[name] = _renamed(str(properties[name]), longest)
    properties["nodeResourceGroup"] = cluster.planned_group(place, source.get("location")).name
    properties["diskEncryptionSetID"] = encryption_set.text
    named = new_identity(wish.wishes, wish.id)
    identity = (named,) if named is not None else cluster.own_identities(source)
    body |= {"identity": _identity(identity), "properties": properties}
    return Green({"name": place.name, **body}, identity, tuple(left))


def _identity(named: tuple[ResourceId, ...]) -> dict[str, Any]:
    if not named:
        return {"type": "SystemAssigned"}
    return {"type": "UserAssigned", "userAssignedIdentities": {one.text: {} for one in named}}


def _renamed(text: str, longest: int) -> str:
    return f"{text[: longest - 4].rstrip('-')}-cmk"


def _members(body: Mapping[str, Any], path: str, nodes: str, left: list[tuple[str, str]]) -> Iterator[tuple[str, Any]]:
    """Yield what of *body* the new cluster can have: nothing of the group *nodes*, which goes with the old one."""
    for name, item in body.items():
        here = f"{path}.{name}" if path else name
        if _SERVER_MADE.fullmatch(here) or here == "identity":
            continue
        found = _value(item, here, nodes, left)
        if found is not None:
            yield name, found


def _value(item: Any, path: str, nodes: str, left: list[tuple[str, str]]) -> Any:
    """Return *item* as the new cluster can have it; None for nothing, which is noted in *left*."""
    if isinstance(item, str):
        why = _why_not(item, nodes)
        if why:
            left.append((path, why))
        return None if why else item
    if isinstance(item, Mapping):
        if any(isinstance(item.get(name), str) and _why_not(item[name], nodes) for name in ("id", "resourceId")):
            left.append((path, _HERE))
            return None
        found = dict(_members(item, path, nodes, left))
        return found if found or not item else None
    if isinstance(item, (list, tuple)):
        judged = [_value(one, f"{path}[{index}]", nodes, left) for index, one in enumerate(item)]
        there = [one for one in judged if one is not None]
        return there if there or not item else None
    return item


def _why_not(text: str, nodes: str) -> str:
    if nodes and f"{text.lower()}/".startswith(nodes):
        return _HERE
    return _HIDDEN if _CREDENTIALS.search(text) else ""
