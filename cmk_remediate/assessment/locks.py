"""ReadOnly locks: what one covers cannot be moved (learn.microsoft.com, "Lock your Azure resources")."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.engine.reviewing import reviewed_block
from cmk_remediate.engine.schedule import each
from cmk_remediate.errors import InputError
from cmk_remediate.model.decisions import Blocked, Read
from cmk_remediate.model.findings import NotRead
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.steps import asking

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmk_remediate.model.findings import Finding
    from cmk_remediate.model.outcomes import Reader

_READ_ONLY = "readonly"


async def read_only_locks(
    reader: Reader, places: Sequence[ResourceId]
) -> tuple[Mapping[str, str], tuple[NotRead, ...]]:
    """Return the names of ReadOnly locks in *places*, by the lower-case id of what they are on; and where they were not shown.

    The list of a subscription or resource group holds the locks of everything in it (REST API reference, "Management Locks").
    """
    found: dict[str, str] = {}
    hidden: list[NotRead] = []
    for place, (listed, refused) in zip(places, await each(places, partial(_listed, reader)), strict=True):
        hidden += [NotRead(what=f"locks in {place}", why=why) for why in refused]
        for lock in listed:
            if str(at_path(lock, "properties.level") or "").lower() != _READ_ONLY:
                continue
            on = str(at_path(lock, "id")).lower().rpartition("/providers/microsoft.authorization/locks/")[0]
            found[on] = str(at_path(lock, "name"))
    return found, tuple(hidden)


async def _listed(reader: Reader, place: ResourceId) -> tuple[Sequence[Any], list[str]]:
    refused: list[str] = []
    return await asking.items_of(reader, Read(place, "list:locks"), refused), refused


def with_locks(finding: Finding, locks: Mapping[str, str]) -> Finding:
    """Return *finding* with the lock that stands in its way, where nothing else does and something is left to do."""
    if finding.obstacle is not None or finding.cost is None or not locks:
        return finding
    for member in finding.members:
        for place in _around(member):
            if place in locks:
                on = ResourceId(place).name
                why = f"the ReadOnly lock {locks[place]} on {on} forbids the write"
                blocked = Blocked(codes.access.LOCKED, why, resource=member)
                return finding.model_copy(update={"obstacle": reviewed_block(blocked)})
    return finding


def _around(member: str) -> tuple[str, ...]:
    """Return the lower-case ids of *member* and of what it is in."""
    try:
        resource = ResourceId.parse(member)
    except InputError:
        return ()
    return tuple(
        dict.fromkeys(one.key for one in (resource, resource.top_level, resource.group_id, resource.subscription_id))
    )
