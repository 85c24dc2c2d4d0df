"""Storage classes whose volumes are made on an encryption set; pure.

Parameters: kubernetes-sigs/azuredisk-csi-driver, docs/driver-parameters.md; the parameters of a class that exists cannot change,
so these are new ones.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from cmk_remediate.model.json_types import at_path
from cmk_remediate.steps.disks import bodies

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cmk_remediate.services.disk_sets.found import Sets
    from cmk_remediate.steps.disks.facts import DiskFacts
    from cmk_remediate.steps.disks.judging import WantedSet

ALWAYS = ("StandardSSD_LRS", "Premium_LRS")
"""Those of AKS's own classes (``managed-csi``, ``managed-csi-premium``)."""
_WIDE = 4096
KNOWN = (*ALWAYS, "Standard_LRS", "StandardSSD_ZRS", "Premium_ZRS", "PremiumV2_LRS", "UltraSSD_LRS")
"""azure-mgmt-compute `DiskStorageAccountTypes`: no other name from a body goes into a manifest."""


def classes(sets: Sets, volumes: Iterable[DiskFacts]) -> tuple[dict[str, Any], ...]:
    """Return a class for each kind of disk among *volumes*, and for those that AKS has by default."""
    return tuple(_classes(sets, {str(at_path(one.body, "sku.name")) for one in volumes}))


def manifests(sets: Sets, volumes: Iterable[DiskFacts]) -> str:
    """Return the classes as YAML, one document each."""
    writer = YAML()
    writer.width = _WIDE
    stream = io.StringIO()
    writer.dump_all(classes(sets, volumes), stream)
    return (
        "# Classes for new volumes on the encryption set: kubectl apply -f storage-classes.yaml\n" + stream.getvalue()
    )


def unknown(volumes: Iterable[DiskFacts]) -> tuple[str, ...]:
    """Return the names of *volumes* for whose kind of disk there is no class."""
    return tuple(one.id.name for one in volumes if str(at_path(one.body, "sku.name")) not in KNOWN)


def _classes(sets: Sets, found: set[str]) -> Iterator[dict[str, Any]]:
    for sku in KNOWN:
        direct = sku in ("PremiumV2_LRS", "UltraSSD_LRS")
        chosen = sets.direct if direct else sets.ordinary
        if chosen is not None and (sku in ALWAYS or sku in found) and not (direct and chosen.kind == bodies.DOUBLE):
            yield _class(sku, chosen, direct=direct)


def _class(sku: str, chosen: WantedSet, *, direct: bool) -> dict[str, Any]:
    parameters = {"skuName": sku, "diskEncryptionSetID": chosen.id.text, "diskEncryptionType": chosen.kind}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": f"cmk-{sku.lower().replace('_', '-')}"},
        "provisioner": "disk.csi.azure.com",
        "parameters": {**parameters, "cachingMode": "None"} if direct else parameters,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
        "allowVolumeExpansion": True,
    }
