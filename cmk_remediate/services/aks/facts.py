"""What is read about a target: raw bodies, and what Azure refused to show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject
from cmk_remediate.services.disk_sets.found import Sets
from cmk_remediate.steps.disks.facts import DiskFacts
from cmk_remediate.steps.key_facts import KeyFacts


@dataclass(frozen=True)
class ClusterFacts:
    """A cluster and its node resource group.

    Attributes:
        id: its id.
        body: its body; None when it does not exist or was not shown.
        nodes: its node resource group; None where it has none that can be.
        scale_sets: those of that group.
        disks: those of that group.
        volumes: those of its disks that are volumes, with their snapshots.
    """

    id: ResourceId
    body: JsonObject | None
    nodes: ResourceId | None = None
    scale_sets: tuple[JsonObject, ...] = ()
    disks: tuple[JsonObject, ...] = ()
    volumes: tuple[DiskFacts, ...] = ()


@dataclass(frozen=True)
class TargetFacts:
    """One entry of a plan's targets.

    Attributes:
        old: the cluster that the plan names.
        new: the cluster that replaces it, built by hand.
        group: the body of their resource group; None if not shown.
        sets: the encryption sets that the plan, a cluster or a volume names.
        granted: the role assignments that count at a set, by its lower-case id.
        wanted: the plan's key and its vault.
        now: Azure's clock.
        refused: what Azure refused to show of the clusters; empty when nothing was.
    """

    old: ClusterFacts
    new: ClusterFacts
    group: JsonObject | None
    sets: Sets
    granted: Mapping[str, tuple[Any, ...]]
    wanted: KeyFacts
    now: datetime
    refused: str = ""
