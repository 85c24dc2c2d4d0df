"""Microsoft.Compute/disks and snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator.declare import SYNC, Answer, Json, ResourceType, Rule, Write
from cmk_remediate.simulator.providers.common import properties_of
from cmk_remediate.simulator.providers.compute import diskrules
from cmk_remediate.simulator.providers.compute.names import (
    API_VERSIONS,
    DISK,
    DISK_OPERATION,
    PLATFORM,
    SET,
    SNAPSHOT,
    encryption_of,
    set_named,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


def _prepare(write: Write) -> Json:
    body = write.new or {}
    properties = dict(properties_of(body))
    if write.creates:
        source = str((properties.get("creationData") or {}).get("sourceResourceId") or "")
        taken = encryption_of(write.world.get(source)) if source else {}
        properties.setdefault("encryption", dict(taken) or {"type": PLATFORM})
        properties |= {"timeCreated": write.world.iso(), "uniqueId": write.world.new_guid("disk", write.id.key)}
        properties.setdefault("diskState", "Unattached")
    return {**body, "properties": properties}


def _reads_set(write: Write) -> Iterator[tuple[str, ResourceId]]:
    named = set_named(write.sent)
    if named:
        yield f"{SET}/read", ResourceId(named)


_RULES = (Rule(diskrules.platform_names_no_set), Rule(diskrules.never_ade), Rule(diskrules.is_at_rest))
_READ_ONLY = (
    "managedBy",
    "managedByExtended",
    "properties.diskState",
    "properties.provisioningState",
    "properties.timeCreated",
    "properties.uniqueId",
    "properties.diskSizeBytes",
)

DISKS = ResourceType(
    type=DISK,
    api_versions=API_VERSIONS,
    answers={
        "GET": SYNC,
        "LIST": SYNC,
        "PUT": Answer(status=202, created=202, operation=DISK_OPERATION),
        "PATCH": Answer(status=202, operation=DISK_OPERATION),
    },
    read_only=_READ_ONLY,
    merge=diskrules.merged,
    prepare=_prepare,
    rules=(*_RULES, Rule(diskrules.set_fits), Rule(diskrules.incremental)),
    also_needs=_reads_set,
)
"""azure-mgmt-compute DisksOperations."""

SNAPSHOTS = ResourceType(
    type=SNAPSHOT,
    api_versions=API_VERSIONS,
    answers={
        "GET": SYNC,
        "LIST": SYNC,
        "PUT": Answer(status=202, created=202, operation=DISK_OPERATION),
        "PATCH": Answer(status=202, operation=DISK_OPERATION),
        "DELETE": Answer(status=202, body="none", operation=DISK_OPERATION),
    },
    read_only=_READ_ONLY,
    merge=diskrules.merged,
    prepare=_prepare,
    rules=(*_RULES, Rule(diskrules.set_fits)),
    also_needs=_reads_set,
)
"""azure-mgmt-compute SnapshotsOperations."""
