"""The files of a rebuild pack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.artefacts import ArtefactFile, folder_name
from cmk_remediate.services.aks.pack.checklist import checklist
from cmk_remediate.services.aks.pack.storage_classes import manifests

if TYPE_CHECKING:
    from cmk_remediate.services.aks.choice import Wish
    from cmk_remediate.services.aks.pack.green import Green


def pack_of(wish: Wish, made: Green) -> tuple[ArtefactFile, ...]:
    """Return the rebuild pack of *wish*'s target: template, storage classes, checklist; the same for the same cluster."""
    folder = f"rebuild-{folder_name(wish.id.name, wish.id.key)}"
    contents = {
        "cluster.bicep": made.template(),
        "storage-classes.yaml": manifests(wish.facts.sets, wish.facts.old.volumes),
        "checklist.md": checklist(wish, made),
    }
    return tuple(ArtefactFile(f"{folder}/{name}", text.encode()) for name, text in contents.items())
