"""Where an extension (a grant, a lock, a policy) stands in a copy that holds nothing above its subscriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cmk_remediate.inventory.reading import Gathering
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.model.json_types import JsonObject


def placed(item: JsonObject, kind: str, place: ResourceId, gathering: Gathering) -> dict[str, Any] | None:
    """Return an extension as it stands in the copy; None for one that is neither within *place* nor above it."""
    subscription = place.subscription_id
    text = str(item.get("id") or "")
    if not text.lower().startswith("/subscriptions/"):
        name = str(item.get("name") or text.rpartition("/")[2])
        above = subscription.extension(kind, name)
        properties = {**(item.get("properties") or {}), "scope": subscription.text}
        return {**item, "id": above.text, "properties": properties}
    resource = gathering.identified(item, place)
    scope = resource.scope or resource.subscription_id if resource is not None else None
    if resource is None or scope is None or not (scope.within(place) or place.within(scope)):
        return None
    return dict(item)
