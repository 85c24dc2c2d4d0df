"""Reads for detection: what Azure refuses to show is a fact, which the limits judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cmk_remediate.errors import AzureError
from cmk_remediate.model.decisions import Read

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.outcomes import Reader


async def body_of(
    reader: Reader,
    resource: ResourceId,
    refusals: list[str],
    query: tuple[tuple[str, str], ...] = (),
    verb: str = "get",
) -> JsonObject | None:
    """Return a body; None when it does not exist or was refused, which is added to *refusals*."""
    try:
        found = (await reader.read(Read(resource, verb, query))).body
    except AzureError as error:
        refusals.append(f"{resource.name} was not shown: {error.cause}")
        return None
    return found if isinstance(found, Mapping) else None


async def items_of(reader: Reader, read: Read, refusals: list[str]) -> Sequence[Any]:
    """Return a list; empty when it was refused, which is added to *refusals*."""
    try:
        return (await reader.read(read)).body or ()
    except AzureError as error:
        refusals.append(f"{read.verb.partition(':')[2]} of {read.resource.name} were not shown: {error.cause}")
        return ()
