"""Reads an estate: what is there, what hangs below it, and what surrounds it. A refusal is named, never passed over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.engine.schedule import each
from cmk_remediate.errors import AzureError, InputError
from cmk_remediate.model.decisions import Read
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path, canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cmk_remediate.inventory.scopes import Scope
    from cmk_remediate.model.inventory import Child, Kind
    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.outcomes import Reader

_ROWS = 1000
"""A page (learn.microsoft.com, "Working with large Azure resource data sets")."""
_RESOURCES = (
    "resources | where id startswith '{place}/' | project id, name, type, location, tags, kind, sku, identity, managedBy, "
    "properties | order by id asc"
)
_GROUPS = (
    "resourcecontainers | where type =~ 'microsoft.resources/subscriptions/resourcegroups' | where id startswith '{place}' "
    "| project id, name, location, tags, managedBy, properties | order by id asc"
)
_SUBSCRIPTIONS = "resourcecontainers | where type =~ 'microsoft.resources/subscriptions' | project id | order by id asc"


class Gathering:
    """The reads of one export.

    Attributes:
        reader: what is asked.
        not_read: what Azure did not show, and why, in the order it was asked for.
    """

    def __init__(self, reader: Reader) -> None:
        """Ask *reader*."""
        self.reader = reader
        self.not_read: dict[str, None] = {}

    def miss(self, what: str, why: str) -> None:
        """Note that *what* is not in the export."""
        self.not_read[f"{what}: {why}"] = None

    def missed(self, resource: ResourceId) -> bool:
        """Say whether it was noted why *resource* was not read."""
        return any(text.startswith(f"{resource}: ") for text in self.not_read)

    async def get(
        self, resource: ResourceId, query: tuple[tuple[str, str], ...] = (), *, verb: str = "get"
    ) -> JsonObject | None:
        """Return a body; None when there is none, or it was refused, which is noted."""
        try:
            found = (await self.reader.read(Read(resource, verb, query))).body
        except AzureError as error:
            self.miss(resource.text, error.cause)
            return None
        return found if isinstance(found, Mapping) else None

    async def _whole(self, resource: ResourceId, kind: Kind) -> JsonObject | None:
        """Return a body with the properties that only some api-versions show."""
        body = await self.get(resource, kind.query)
        if body is None:
            return None
        for verb in kind.also:
            more = await self.get(resource, verb=verb)
            body = {
                **body,
                "properties": {**(at_path(more, "properties") or {}), **(at_path(body, "properties") or {})},
            }
        return body

    async def listed(self, read: Read) -> Sequence[JsonObject]:
        """Return a list's items; none when it was refused, which is noted."""
        try:
            items = (await self.reader.read(read)).body or ()
        except AzureError as error:
            self.miss(f"{read.verb.partition(':')[2] or read.verb} of {read.resource}", error.cause)
            return ()
        return [item for item in items if isinstance(item, Mapping)]

    async def search(self, about: ResourceId, query: str, **where: Any) -> Sequence[JsonObject]:
        """Return the rows that Azure Resource Graph finds for *query*.

        Raises:
            AzureError: it could not be searched: without it nobody knows what there is.
        """
        options = {"$top": _ROWS, "resultFormat": "objectArray"}
        body = canonical({"query": query, "options": options, **where}).decode()
        read = Read(about, "search", body=body)
        found = (await self.reader.read(read)).body
        if not isinstance(found, list):
            raise AzureError(
                codes.access.UNCLEAR_ANSWER,
                f"Azure Resource Graph: {at_path(found, 'notSearched')}",
                resource=about.text,
            )
        return [row for row in found if isinstance(row, Mapping)]

    async def subscriptions(self, scope: Scope) -> list[ResourceId]:
        """Return the subscriptions that *scope* is, is in, or holds."""
        if not scope.above:
            return [scope.id.subscription_id]
        return await self.readable(scope.id, managementGroups=[scope.id.name])

    async def readable(self, about: ResourceId, **where: Any) -> list[ResourceId]:
        """Return the subscriptions that the caller may read, all or those *where* says.

        Raises:
            AzureError: as `search`.
        """
        rows = await self.search(about, _SUBSCRIPTIONS, **where)
        return [found for row in rows if (found := self.identified(row, about)) is not None]

    async def groups(self, scope: Scope, subscription: ResourceId) -> list[dict[str, Any]]:
        """Return the resource groups of *subscription* that are in *scope*."""
        query = _GROUPS.format(place=scope.id if scope.id.resource_group else subscription)
        rows = await self.search(subscription, query, subscriptions=[subscription.subscription])
        return [_body(row) for row in rows if self._within(row, scope, subscription)]

    async def resources(self, scope: Scope, subscription: ResourceId) -> list[dict[str, Any]]:
        """Return the top-level resources of *subscription* that are in *scope*, as Resource Graph shows them."""
        place = scope.id if scope.id.resource_group else subscription
        rows = await self.search(
            subscription, _RESOURCES.format(place=place), subscriptions=[subscription.subscription]
        )
        return [_body(row) for row in rows if self._within(row, scope, subscription)]

    def _within(self, row: JsonObject, scope: Scope, subscription: ResourceId) -> bool:
        found = self.identified(row, subscription)
        return found is not None and found.within(scope.id if scope.id.resource_group else subscription)

    async def trees(self, wanted: Sequence[tuple[Kind, ResourceId]]) -> list[JsonObject]:
        """Return each resource as its own provider shows it, with all that hangs below."""
        found = await each(wanted, lambda one: self._tree(*one))
        return [body for bodies in found for body in bodies]

    async def _tree(self, kind: Kind, resource: ResourceId) -> list[JsonObject]:
        body = await self._whole(resource, kind)
        if body is None:
            if not self.missed(resource):
                self.miss(resource.text, "Azure Resource Graph still lists it, but it is gone")
            return []
        beside = await self._beside(kind, resource, str(body.get("location") or ""))
        return [{"id": resource.text, **body}, *await self._below(kind.children, resource), *beside]

    async def _beside(self, kind: Kind, resource: ResourceId, region: str) -> list[JsonObject]:
        """Return what lies under the place of *region* in the resource group; that it cannot be named is noted."""
        if not kind.in_region:
            return []
        try:
            place = resource.in_region(region)
        except InputError:
            what = ", ".join(child.type for child in kind.in_region)
            self.miss(f"{what} of {resource}", f"its location is {region[:200]!r}")
            return []
        return await self._below(kind.in_region, place)

    async def _below(self, children: Iterable[Child], parent: ResourceId) -> list[JsonObject]:
        found: list[JsonObject] = []
        for child in children:
            for resource, body in await self._children(child, parent):
                found.append({"id": resource.text, **body})
                if resource.name.lower() not in child.without:
                    found += await self._below(child.children, resource)
        return found

    async def _children(self, child: Child, parent: ResourceId) -> list[tuple[ResourceId, JsonObject]]:
        if child.name:
            resource = parent.child(child.type, child.name)
            body = await self.get(resource)
            return [(resource, body)] if body is not None else []
        found = []
        for item in await self.listed(Read(parent, child.verb)):
            one = self.identified(item, parent)
            if one is None:
                continue
            whole = item if child.whole else await self.get(one)
            if whole is not None:
                found.append((one, whole))
        return found

    def identified(self, item: JsonObject, about: ResourceId) -> ResourceId | None:
        """Return the id of something listed; None, noted, for one that is no id."""
        try:
            return ResourceId.parse(str(item.get("id")))
        except InputError:
            self.miss(f"something listed at {about}", f"its id is {str(item.get('id'))[:200]!r}")
            return None


def _body(row: JsonObject) -> dict[str, Any]:
    """Return a search's row as a body: what is empty was not there."""
    return {name: value for name, value in row.items() if value not in (None, "", {}, [])}
