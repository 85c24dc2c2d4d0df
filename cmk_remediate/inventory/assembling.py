"""Puts together what was read: an estate in the embedded Azure's words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.errors import InputError
from cmk_remediate.inventory import around, secrets
from cmk_remediate.inventory.kinds import IDENTITY, VAULT
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.inventory.reading import Gathering
    from cmk_remediate.inventory.scopes import Scope
    from cmk_remediate.model.inventory import Kind
    from cmk_remediate.model.json_types import JsonObject

_SUBSCRIPTION = ("subscriptionId", "tenantId", "displayName", "state")
_FOREIGN = ("id", "name", "type", "location", "kind", "sku", "identity", "managedBy", "tags")
_ID = re.compile(r"/subscriptions/[^/\s?#]+/resourceGroups/[^/\s?#]+/providers/[^\s?#]+", re.IGNORECASE)


class Estate:
    """What an estate file will hold, growing scope by scope."""

    def __init__(self, gathering: Gathering, kinds: Mapping[str, Kind], *, tenant: str, vault_suffix: str) -> None:
        """Begin with nothing; *kinds*, by lower-case type, are read whole; *tenant* is where who asks is signed in."""
        self._gathering = gathering
        self._kinds = kinds
        self._tenant = tenant
        self._vault_suffix = vault_suffix
        self._subscriptions: dict[ResourceId, dict[str, Any]] = {}
        self._groups: dict[str, dict[str, Any]] = {}
        self._resources: dict[str, dict[str, Any]] = {}
        self._extensions: dict[str, dict[str, Any]] = {}
        self.removed: list[str] = []

    async def add(self, scope: Scope) -> None:
        """Read *scope*.

        Raises:
            AzureError: what there is in it could not be searched.
            InputError: CMK122 when Azure knows no such subscription or resource group.
        """
        gathering = self._gathering
        for subscription in await gathering.subscriptions(scope):
            await self._subscription(subscription)
            if scope.id.resource_group and await gathering.get(scope.id) is None and not gathering.missed(scope.id):
                raise InputError(codes.input_.SCOPE_INVALID, "there is no such resource group", resource=scope.id.text)
            for group in await gathering.groups(scope, subscription):
                self._keep(self._groups, group)
            found = await gathering.resources(scope, subscription)
            wanted = [(kind, ResourceId(str(one["id"]))) for one in found if (kind := self._kind(one)) is not None]
            for body in await gathering.trees(wanted):
                self._keep(self._resources, body)
            for one in found:
                if self._kind(one) is None:
                    self._keep(self._resources, self._foreign(one))
            for body in await around.deleted_vaults(gathering, scope, subscription):
                self._keep(self._resources, body)
            for body in await around.around(gathering, scope, subscription):
                self._keep(self._extensions, body)

    async def _subscription(self, subscription: ResourceId) -> None:
        if subscription in self._subscriptions:
            return
        body = await self._gathering.get(subscription)
        if body is None and not self._gathering.missed(subscription):
            raise InputError(codes.input_.SCOPE_INVALID, "there is no such subscription", resource=subscription.text)
        body = body or {}
        kept = {name: body[name] for name in _SUBSCRIPTION if body.get(name)}
        closed = await around.unregistered(
            self._gathering, subscription, dict.fromkeys(kind.namespace for kind in self._kinds.values())
        )
        self._subscriptions[subscription] = {
            "subscriptionId": subscription.subscription,
            "tenantId": self._tenant,
            **kept,
            **({"unregistered": closed} if closed else {}),
        }

    def _kind(self, body: JsonObject) -> Kind | None:
        return self._kinds.get(ResourceId(str(body["id"])).type.lower())

    def _foreign(self, body: JsonObject) -> dict[str, Any]:
        """Return what a copy needs of a resource that no plan moves: what it is, its identities, which vaults it names."""
        kept = {name: body[name] for name in _FOREIGN if name in body}
        properties = secrets.referring(body.get("properties"), self._vault_suffix)
        return {**kept, **({"properties": properties} if properties else {})}

    def _keep(self, where: dict[str, dict[str, Any]], body: JsonObject) -> None:
        key = str(body["id"]).lower()
        if key in where:
            return
        clean, removed = secrets.stripped(body)
        where[key] = clean
        self.removed += [f"{body['id']}: {path}" for path in removed]

    # -- at the end ------------------------------------------------------------------------------------------------------

    def content(self, *, operator: str, cloud: str, now: str) -> dict[str, Any]:
        """Return the estate file's content; what it names and does not hold is noted."""
        for text in self._outside():
            self._gathering.miss(text, "named in the export, but outside of its scopes")
        resources = [self._groups[key] for key in sorted(self._groups)]
        resources += [self._resources[key] for key in sorted(self._resources)]
        resources += [self._extensions[key] for key in sorted(self._extensions)]
        return {
            "now": now,
            "operator": {"object_id": operator, "tenant": self._tenant, "role": "Owner"},
            "subscriptions": list(self._subscriptions.values()),
            "principals": dict(self._principals()),
            "settings": {"cloud": cloud},
            "resources": resources,
        }

    def _principals(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield who holds a grant, less the identities that the estate itself holds."""
        own = {str(at_path(body, "properties.principalId") or "").lower() for body in self._resources.values()}
        own |= {str(at_path(body, "identity.principalId") or "").lower() for body in self._resources.values()}
        for body in self._extensions.values():
            who = str(at_path(body, "properties.principalId") or "").lower()
            if who and who not in own:
                own.add(who)
                yield who, {"kind": at_path(body, "properties.principalType") or "ServicePrincipal"}

    def _outside(self) -> list[str]:
        """Return the vaults, identities and moved resources that are named but not held, sorted."""
        wanted = {VAULT.lower(), IDENTITY.lower(), *self._kinds}
        named: dict[str, str] = {}
        for body in self._resources.values():
            for text in _texts(body):
                if _ID.fullmatch(text):
                    top = ResourceId(text).top_level
                    if top.type.lower() in wanted:
                        named.setdefault(top.key, top.text)
        return [text for key, text in sorted(named.items()) if key not in self._resources]


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in *value*, names of members too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield name
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
