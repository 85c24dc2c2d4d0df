"""What is exported or assessed: subscriptions, resource groups, management groups; single resources too, where asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.errors import InputError
from cmk_remediate.model.ids import ResourceId

if TYPE_CHECKING:
    from collections.abc import Iterable

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ABOVE = re.compile(r"/providers/Microsoft\.Management/managementGroups/[\w.()-]{1,90}", re.IGNORECASE)


@dataclass(frozen=True)
class Scope:
    """One scope.

    Attributes:
        id: a subscription, a resource group, a management group or a resource.
    """

    id: ResourceId

    @property
    def above(self) -> bool:
        """Whether it is a management group: its subscriptions have to be looked up."""
        return self.id.key.startswith("/providers/")


def parse(texts: Iterable[str], *, resources: bool = False) -> tuple[Scope, ...]:
    """Return the scopes that *texts* name: an id each, or a subscription's GUID; with *resources*, single resources too.

    Raises:
        InputError: CMK122 when one is none of these, or there is none.
    """
    found = tuple(dict.fromkeys(_parse(text, resources=resources) for text in texts))
    if not found:
        raise InputError(codes.input_.SCOPE_INVALID, "no scope was given")
    asked = {one.id.key for one in found}
    return tuple(one for one in found if not asked & ({one.id.subscription_id.key, one.id.group_id.key} - {one.id.key}))


def _parse(text: str, *, resources: bool) -> Scope:
    clean = text.strip().rstrip("/")
    if _GUID.fullmatch(clean):
        return Scope(ResourceId.parse(f"/subscriptions/{clean}"))
    if _ABOVE.fullmatch(clean):
        return Scope(ResourceId(clean))
    try:
        resource = ResourceId.parse(clean)
    except InputError as error:
        raise InputError(codes.input_.SCOPE_INVALID, error.cause) from error
    if (
        resources
        and resource.resource_group
        and resource.top_level == resource
        and _GUID.fullmatch(resource.subscription)
    ):
        return Scope(resource)
    if resource.group_id != resource or not _GUID.fullmatch(resource.subscription):
        raise InputError(codes.input_.SCOPE_INVALID, "it is neither a subscription nor a resource group", resource=text)
    return Scope(resource)
