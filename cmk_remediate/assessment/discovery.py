"""Discovers what there is to assess, with Azure Resource Graph; what the caller may not read is named.

Facts: Resource Graph leaves out what the caller may not read without a word, and lags behind Azure (learn.microsoft.com, "Azure
Resource Graph overview"). So what it lists is only where to look; what is so is read from Azure Resource Manager.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cmk_remediate.engine.schedule import each
from cmk_remediate.errors import AzureError, InputError
from cmk_remediate.model.decisions import Read
from cmk_remediate.model.findings import NotRead
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject, at_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cmk_remediate.inventory import Gathering
    from cmk_remediate.inventory.scopes import Scope

_RESOURCES = (
    "resources | where type in~ ({types}){place} | project id, type, location, tags, managedBy | order by id asc"
)
_VAULTS = (
    "resources | where type =~ 'microsoft.keyvault/vaults' | project id, name, location, properties | order by id asc"
)
_IN_ONE_SEARCH = 100


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
        whole: those of them that were searched whole.
        groups: the resource groups that were searched.
        alone: the resources that were asked for by name.
        not_read: what could not be searched, and why.
    """

    resources: dict[str, Discovered] = field(default_factory=dict)
    vaults: tuple[JsonObject, ...] = ()
    subscriptions: dict[str, ResourceId] = field(default_factory=dict)
    whole: list[ResourceId] = field(default_factory=list)
    groups: list[ResourceId] = field(default_factory=list)
    alone: list[ResourceId] = field(default_factory=list)
    not_read: list[NotRead] = field(default_factory=list)

    @property
    def places(self) -> list[ResourceId]:
        """The subscriptions that were searched whole, and the resource groups of what was asked for beside them."""
        whole = {one.key for one in self.whole}
        rest = [one for one in (*self.groups, *self.alone) if one.subscription_id.key not in whole]
        return [*self.whole, *dict.fromkeys(one.group_id for one in rest)]

    def take(self, types: Iterable[str]) -> list[Discovered]:
        """Return the resources of *types* in the order of their ids, and hold them no longer."""
        wanted = {one.lower() for one in types}
        keys = [key for key, one in self.resources.items() if one.id.type.lower() in wanted]
        return [self.resources.pop(key) for key in keys]


async def discover(gathering: Gathering, scopes: Sequence[Scope], types: Iterable[str]) -> Discovery:
    """Return the resources of *types* that are in *scopes*, and all vaults.

    Scopes are asked for together, as many as a search takes.

    Raises:
        AzureError: it could not be searched: without it nobody knows what there is.
    """
    found = Discovery()
    query = _RESOURCES.format(types=", ".join(f"'{one.lower()}'" for one in sorted(types)), place="{place}")
    search = _Search(gathering, query, found)
    for scope in scopes:
        if scope.above:
            await search.group(scope.id)
    named = [scope.id for scope in scopes if not scope.above]
    whole = await search.readable([one for one in named if not one.resource_group])
    for batch in batches(whole):
        await search.resources(batch, "")
    for place in await _there([one for one in named if one.resource_group and not _is_resource(one)], gathering, found):
        await search.resources([place], f" | where id startswith '{place}/'")
        found.subscriptions.setdefault(place.subscription_id.key, place.subscription_id)
        found.groups.append(place)
    for batch in batches([one for one in named if _is_resource(one)]):
        listed = ", ".join(f"'{one}'" for one in batch)
        await search.resources(batch, f" | where id in~ ({listed})")
        found.subscriptions.update({one.subscription_id.key: one.subscription_id for one in batch})
        found.alone += batch
        for one in batch:
            # Resource Graph lags: what was asked for by name is looked at in any case.
            found.resources.setdefault(one.key, Discovered(one, "", {}, ""))
    found.resources = dict(sorted(found.resources.items()))
    if scopes:
        vaults = await gathering.search(scopes[0].id, _VAULTS)
        found.vaults = tuple(row for row in vaults if gathering.identified(row, scopes[0].id) is not None)
    return found


def batches(items: Sequence[ResourceId]) -> Iterator[Sequence[ResourceId]]:
    """Yield *items*, as many at once as one search names (our choice: its query stays well below what a request holds)."""
    for start in range(0, len(items), _IN_ONE_SEARCH):
        yield items[start : start + _IN_ONE_SEARCH]


class _Search:
    """Searches of one assessment."""

    def __init__(self, gathering: Gathering, query: str, found: Discovery) -> None:
        self._gathering = gathering
        self._query = query
        self._found = found

    async def group(self, group: ResourceId) -> None:
        """Add what is in the management group *group*, and name the subscriptions of it that the caller may not read."""
        shown = {one.key: one for one in await self._gathering.readable(group, managementGroups=[group.name])}
        self._found.subscriptions.update(shown)
        self._found.whole += [one for _, one in sorted(shown.items())]
        for item in await self._gathering.listed(Read(group, "list:descendants")):
            one = self._below(item)
            if one is not None and one.key not in shown:
                await _unreadable(self._gathering, one, self._found)
        await self._add(group, [], "", managementGroups=[group.name])

    async def readable(self, asked: Sequence[ResourceId]) -> list[ResourceId]:
        """Return those of the subscriptions *asked* for that Resource Graph shows; name those it does not."""
        if not asked:
            return []
        # Asked of all that the caller may read: a search that names only what it may not read is refused (400).
        shown = {one.key for one in await self._gathering.readable(asked[0])}
        for one in asked:
            if one.key in shown:
                self._found.subscriptions[one.key] = one
                self._found.whole.append(one)
            else:
                await _unreadable(self._gathering, one, self._found)
        return [one for one in asked if one.key in shown]

    async def resources(self, scopes: Sequence[ResourceId], place: str) -> None:
        """Add what is in *scopes*; *place* narrows the query."""
        subscriptions = list(dict.fromkeys(one.subscription for one in scopes))
        await self._add(scopes[0], scopes, place, subscriptions=subscriptions)

    def _below(self, item: JsonObject) -> ResourceId | None:
        """Return the subscription that *item* is; None for a management group."""
        try:
            found = ResourceId.parse(str(item.get("id")))
        except InputError:
            return None
        return found if found == found.subscription_id else None

    async def _add(self, about: ResourceId, scopes: Sequence[ResourceId], place: str, **where: list[str]) -> None:
        inside = {one.key for one in scopes}
        for row in await self._gathering.search(about, self._query.format(place=place), **where):
            one = self._gathering.identified(row, about)
            if one is not None and (not inside or inside & {one.key, one.group_id.key, one.subscription_id.key}):
                self._found.resources.setdefault(one.key, _discovered(one, row))


def _is_resource(scope: ResourceId) -> bool:
    return bool(scope.resource_group) and scope != scope.group_id


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _discovered(resource: ResourceId, row: JsonObject) -> Discovered:
    tags = {str(name): str(value) for name, value in _mapping(row.get("tags")).items()}
    return Discovered(resource, str(at_path(row, "location") or ""), tags, str(row.get("managedBy") or ""))


async def _there(groups: Sequence[ResourceId], gathering: Gathering, found: Discovery) -> list[ResourceId]:
    """Return those of *groups* that are not absent; name those that are, for a search finds nothing in them, without a word.

    Who may not read a group itself may be allowed to read what is in it: that is searched.
    """
    there = await each(groups, lambda one: _is_there(one, gathering))
    why = "there is no such resource group, or the caller may not see it"
    found.not_read += [
        NotRead(what=one.text, why=why) for one, is_there in zip(groups, there, strict=True) if not is_there
    ]
    return [one for one, is_there in zip(groups, there, strict=True) if is_there]


async def _is_there(group: ResourceId, gathering: Gathering) -> bool:
    try:
        return (await gathering.reader.read(Read(group))).body is not None
    except AzureError:
        return True


async def _unreadable(gathering: Gathering, subscription: ResourceId, found: Discovery) -> None:
    """Ask Azure itself about a subscription that Resource Graph does not know, so that the reason is its own."""
    before = set(gathering.not_read)
    body = await gathering.get(subscription)
    said = [text.removeprefix(f"{subscription}: ") for text in gathering.not_read if text not in before]
    absent = "there is no such subscription, or the caller may not see it"
    why = "; ".join(said) or (absent if body is None else "Azure Resource Graph shows nothing of it to the caller")
    found.not_read.append(NotRead(what=subscription.text, why=why))
