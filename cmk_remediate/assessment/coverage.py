"""How much of a place the caller may read: Resource Graph leaves out the rest without a word."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cmk_remediate.engine.preflight.rights import allows
from cmk_remediate.engine.schedule import each
from cmk_remediate.errors import AzureError
from cmk_remediate.model.decisions import Read
from cmk_remediate.model.findings import NotRead

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.model.outcomes import Reader


async def gaps(
    reader: Reader, places: Sequence[ResourceId], types: Sequence[str]
) -> tuple[list[NotRead], list[NotRead]]:
    """Return of *places*, subscriptions and resource groups, what the caller may not read whole; and those where nobody knows.

    The permissions API is documented for resource groups and resources; whether every cloud answers it for a subscription is not
    confirmed (REST API reference, "Permissions"). Where it does not, that is said, and the rest goes on.
    """
    partly: list[NotRead] = []
    unsure: list[NotRead] = []
    for missing, why in await each(places, partial(_gap, reader, types)):
        if why is not None:
            unsure.append(why)
        elif missing is not None:
            partly.append(missing)
    return partly, unsure


async def _gap(reader: Reader, types: Sequence[str], place: ResourceId) -> tuple[NotRead | None, NotRead | None]:
    what = f"all of {place}"
    try:
        sets = (await reader.read(Read(place, "permissions"))).body or ()
    except AzureError as error:
        return None, NotRead(what=what, why=f"what the caller may read there could not be asked: {error.cause}")
    hidden = sorted(kind for kind in types if not allows(sets, f"{kind}/read"))
    if not hidden:
        return None, None
    return NotRead(what=what, why=f"the caller may not read everything there: {', '.join(hidden)}"), None
