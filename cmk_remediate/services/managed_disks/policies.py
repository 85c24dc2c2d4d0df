"""What Azure Policy's built-in definition says of a machine and of disks; computed from what was read, beside our own judgement.

Azure/azure-policy, Compute/OSAndDataDiskCMKRequired_Deny 3.0.0: a disk names an encryption set; a machine's model names one on the
disk of its operating system, and on each data disk that it does not name by an id. It asks for no more than that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.json_types import at_path
from cmk_remediate.steps.disks import bodies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.services.managed_disks.facts import TargetFacts

DISKS = "702dd420-7fcc-42c5-afe8-4026edd20fe0"
_MODEL = "managedDisk.diskEncryptionSet.id"


def verdicts(facts: TargetFacts) -> Iterator[str]:
    """Yield what the definition says of each resource that it concerns, alike ones together, with the property it goes by."""
    machine = facts.machine
    if machine is not None and machine.body is not None:
        lacking = [*_lacking(machine.body)]
        why = f"{lacking[0]} is absent" if lacking else f"osDisk.{_MODEL} is there"
        yield f"{machine.id.name} {'non-compliant' if lacking else 'compliant'}, {why}"
    alike: dict[str, list[str]] = {}
    for disk in facts.disks:
        if disk.body is not None:
            current = bodies.encryption(disk.body)[1]
            verdict = "non-compliant" if current is None else "compliant"
            shown = "absent" if current is None else current.name
            alike.setdefault(f"{verdict}, encryption.diskEncryptionSetId is {shown}", []).append(disk.id.name)
    yield from (f"{', '.join(names)} {said}" for said, names in alike.items())


def _lacking(machine: bodies.Body) -> Iterator[str]:
    if not at_path(machine, f"properties.storageProfile.osDisk.{_MODEL}"):
        yield f"osDisk.{_MODEL}"
    for one in at_path(machine, "properties.storageProfile.dataDisks") or ():
        if not at_path(one, "managedDisk.id") and not at_path(one, _MODEL):
            yield f"dataDisks[*].{_MODEL}"
