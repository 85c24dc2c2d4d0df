"""What the steps of one region's machines and disks share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.permissions import Permission

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.model.permissions import Permissions

_DISK_STATUS = "Microsoft.Compute/locations/diskOperations/read"
_MACHINE_STATUS = "Microsoft.Compute/locations/operations/read"
"""Status URLs of Microsoft.Compute lie under the subscription (recorded: Azure/azure-cli test_disk_encryption_set_update)."""


def on_disks(resource: ResourceId, *actions: str) -> Permissions:
    """Return *actions* on *resource*, and polling operations on disks and sets."""
    return _with_status(resource, _DISK_STATUS, actions)


def on_machines(resource: ResourceId, *actions: str) -> Permissions:
    """Return *actions* on *resource*, and polling operations on machines."""
    return _with_status(resource, _MACHINE_STATUS, actions)


def _with_status(resource: ResourceId, status: str, actions: tuple[str, ...]) -> Permissions:
    own = tuple(Permission(f"Microsoft.Compute/{action}", resource, "service") for action in actions)
    return (*own, Permission(status, resource.subscription_id, "service", checkable=False))
