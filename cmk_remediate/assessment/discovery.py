"""Discovers what there is to assess, with Azure Resource Graph; what the caller may not read is named.

Facts: Resource Graph leaves out what the caller may not read without a word, and lags behind Azure (learn.microsoft.com, "Azure
Resource Graph overview"). So what it lists is only where to look; what is so is read from Azure Resource Manager.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cmk_remediate.model.findings import NotRead
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject, at_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cmk_remediate.inventory import Gathering
    from cmk_remediate.inventory.scopes import Scope

_RESOURCES = (
    "resources | where type in~ ({types}){place} | project id, type, location, tags, managedBy | order by id asc"
)
_VAULTS = (
    "resources | where type =~ 'microsoft.keyvault/vaults' | project id, name, location, properties | order by id asc"
)
_READABLE = "resourcecontainers | where type =~ 'microsoft.resources/subscriptions' | project id | order by id asc"


@dataclass(frozen=True)
class Discovered:
    """A resource to look at.

    Attributes:
        id: its id.
        location: its region; empty where Resource Graph did not list it.
        tags: its tags.
        held_by: ``managedBy``: the machine that a disk hangs on; empty for none.
    """

    id: ResourceId
    location: str
    tags: Mapping[str, str]
    held_by: str


@dataclass
class Discovery:
    """What was discovered.

    Attributes:
        resources: by lower-case id, sorted.
        vaults: every vault that the caller may read, as Resource Graph shows it.
        subscriptions: those that were searched.
        not_read: what could not be searched, and why.
    """

    resources: dict[str, Discovered] = field(default_factory=dict)
    vaults: tuple[JsonObject, ...] = ()
    subscriptions: dict[str, ResourceId] = field(default_factory=dict)
    not_read: list[NotRead] = field(default_factory=list)


async def discover(gathering: Gathering, scopes: Sequence[Scope], types: Iterable[str]) -> Discovery:
    """Return the resources of *types* that are in *scopes*, and all vaults.

    Raises:
        AzureError: it could not be searched: without it nobody knows what there is.
    """
    found = Discovery()
    wanted = ", ".join(f"'{one.lower()}'" for one in sorted(types))
    for scope in scopes:
        where = _where(scope)
        readable = await gathering.search(scope.id, _READABLE, **where)
        shown = {one.key: one for row in readable if (one := gathering.identified(row, scope.id)) is not None}
        found.subscriptions.update(shown)
        if not scope.above and scope.id.subscription_id.key not in shown:
            await _unreadable(gathering, scope.id.subscription_id, found)
            continue
        query = _RESOURCES.format(types=wanted, place=_place(scope.id))
        for row in await gathering.search(scope.id, query, **where):
            one = gathering.identified(row, scope.id)
            if one is not None and (scope.above or one.within(scope.id)):
                found.resources.setdefault(one.key, _discovered(one, row))
        if _is_resource(scope.id):
            # Resource Graph lags: what was asked for by name is looked at in any case.
            found.resources.setdefault(scope.id.key, Discovered(scope.id, "", {}, ""))
    found.resources = dict(sorted(found.resources.items()))
    if scopes:
        found.vaults = tuple(await gathering.search(scopes[0].id, _VAULTS))
    return found


def _where(scope: Scope) -> dict[str, list[str]]:
    if scope.above:
        return {"managementGroups": [scope.id.name]}
    return {"subscriptions": [scope.id.subscription]}


def _place(scope: ResourceId) -> str:
    if _is_resource(scope):
        return f" | where id =~ '{scope}'"
    return f" | where id startswith '{scope}/'" if scope.resource_group else ""


def _is_resource(scope: ResourceId) -> bool:
    return bool(scope.resource_group) and scope != scope.group_id


def _discovered(resource: ResourceId, row: JsonObject) -> Discovered:
    tags = {str(name): str(value) for name, value in (row.get("tags") or {}).items()}
    return Discovered(resource, str(at_path(row, "location") or ""), tags, str(row.get("managedBy") or ""))


async def _unreadable(gathering: Gathering, subscription: ResourceId, found: Discovery) -> None:
    """Ask Azure itself about a subscription that Resource Graph does not know, so that the reason is its own."""
    before = set(gathering.not_read)
    body = await gathering.get(subscription)
    said = [text.removeprefix(f"{subscription}: ") for text in gathering.not_read if text not in before]
    absent = "there is no such subscription, or the caller may not see it"
    why = "; ".join(said) or (absent if body is None else "Azure Resource Graph shows nothing of it to the caller")
    found.not_read.append(NotRead(what=subscription.text, why=why))
