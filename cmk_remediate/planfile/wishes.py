"""What a plan wants for one target: its overrides laid over the plan's own. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.planfile.schema import (
    CustomerManagedKey,
    DiskEncryptionSet,
    NewCluster,
    Overrides,
    PlanFile,
    TargetEntry,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Wishes:
    """What the plan wants for one target, its overrides laid over it."""

    key: CustomerManagedKey
    identity: Literal["user-assigned", "system-assigned"]
    private_endpoint: bool
    enable_tde: bool
    move_encryption_scopes: bool
    disk_encryption_set: DiskEncryptionSet | None
    new_cluster: NewCluster

    @property
    def pinned(self) -> bool:
        """Whether the plan names the key's version."""
        return self.key.key_version is not None

    def named(self, text: str, target: ResourceId) -> str:
        """Return *text* with ``{target}`` replaced."""
        return text.replace("{target}", target.name)

    def key_id(self, target: ResourceId) -> ResourceId:
        """Return the ARM id of the key for *target*."""
        vault = ResourceId.parse(self.key.key_vault_resource_id)
        return vault.child("keys", self.named(self.key.key_name, target))

    def identity_id(self, target: ResourceId) -> ResourceId | None:
        """Return the id of the plan's identity for *target*; None where it names none."""
        chosen = self.key.user_assigned_identity
        return None if chosen is None else ResourceId.parse(self.named(chosen.resource_id, target))

    @property
    def identity_is_shared(self) -> bool:
        """Whether one identity serves several targets: the plan's name for it does not hold ``{target}``."""
        chosen = self.key.user_assigned_identity
        return chosen is not None and "{target}" not in chosen.resource_id


def wishes(plan: PlanFile, entry: TargetEntry | None) -> Wishes:
    """Return what *plan* wants for the target in *entry*."""
    special = entry.overrides if entry is not None and entry.overrides is not None else Overrides()
    return Wishes(
        key=special.customer_managed_key or plan.customer_managed_key,
        identity=special.identity or plan.identity,
        private_endpoint=plan.private_endpoint if special.private_endpoint is None else special.private_endpoint,
        enable_tde=plan.enable_tde if special.enable_tde is None else special.enable_tde,
        move_encryption_scopes=(
            plan.move_encryption_scopes if special.move_encryption_scopes is None else special.move_encryption_scopes
        ),
        disk_encryption_set=special.disk_encryption_set or plan.disk_encryption_set,
        new_cluster=special.new_cluster or plan.new_cluster or NewCluster(),
    )


def entry_of(plan: PlanFile, target: ResourceId) -> TargetEntry | None:
    """Return the plan's entry for *target*, or None for a resource it does not list, such as a geo partner."""
    return next((entry for entry in plan.targets if ResourceId.parse(entry.resource_id) == target), None)


def vaults_named(plan: PlanFile) -> Iterator[ResourceId]:
    """Yield the vaults that *plan* and its overrides name."""
    yield ResourceId.parse(plan.customer_managed_key.key_vault_resource_id)
    for entry in plan.targets:
        if entry.overrides is not None and entry.overrides.customer_managed_key is not None:
            yield ResourceId.parse(entry.overrides.customer_managed_key.key_vault_resource_id)
