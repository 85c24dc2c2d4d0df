"""What of Microsoft.Compute a copy of an estate needs: all that `detect` and the steps read."""

from __future__ import annotations

from cmk_remediate.model.inventory import Kind
from cmk_remediate.steps.disks.bodies import DISK, MACHINE

KINDS = (
    Kind(MACHINE),
    Kind(DISK),
    Kind("Microsoft.Compute/diskEncryptionSets"),
    Kind("Microsoft.Compute/snapshots"),
    Kind("Microsoft.Network/networkInterfaces"),
    Kind("Microsoft.Network/publicIPAddresses"),
)
