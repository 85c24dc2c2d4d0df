"""The plan that a target is judged against: in the vault that suits its region, a key and an identity of its own.

It is the plan `write_plans` writes, so what stands in the way in an assessment stands in the way of that plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmk_remediate.assessment.selection import region_of
from cmk_remediate.model.findings import VaultFound
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject, at_path
from cmk_remediate.planfile.schema import PlanFile, TargetEntry
from cmk_remediate.planfile.unfilled import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Iterable

IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
_ON_SETS = ("aks", "managed-disks")
_KEY_BITS = {"ai-services": 2048}
"""AI services take 2048 bits only (learn.microsoft.com, "Customer-managed keys for Foundry Tools")."""
NOBODY = PLACEHOLDER
"""Stands where only the operator knows what to write; no plan that still holds it is read."""


@dataclass(frozen=True)
class Proposal:
    """A plan for the targets of one service, subscription and region.

    Attributes:
        service: as in ``service:`` of a plan file.
        subscription: where its targets are.
        location: the region of its targets.
        vault: the vault it names; one that does not exist where none suits.
        others: further vaults of that region, by id.
        exists: whether the vault exists.
    """

    service: str
    subscription: ResourceId
    location: str
    vault: ResourceId
    others: tuple[ResourceId, ...]
    exists: bool

    def content(self, tenant: str, cloud: str, targets: Iterable[TargetEntry], owner: str = NOBODY) -> dict[str, Any]:
        """Return the plan's values for *targets*."""
        group, service = self.vault.group_id, self.service
        content: dict[str, Any] = {
            "service": service,
            "tenant": tenant,
            "cloud": cloud,
            "owner": owner,
            "customer_managed_key": {
                "key_vault_resource_id": self.vault.text,
                "key_name": f"cmk-{service}-{self.location}" if service in _ON_SETS else "cmk-{target}",
                "user_assigned_identity": {"resource_id": f"{group}/providers/{IDENTITY}/{self._named('id-cmk')}"},
            },
            "targets": tuple(one.model_dump(exclude_none=True, exclude_defaults=True) for one in targets),
        }
        if service in _ON_SETS:
            place = f"{self.subscription}/resourceGroups/{group.name}/providers/Microsoft.Compute/diskEncryptionSets"
            content["disk_encryption_set"] = {"resource_id": f"{place}/{self._named('des-cmk')}"}
        if service in _KEY_BITS:
            content["key"] = {"size": _KEY_BITS[service]}
        if service == "storage":
            content["move_encryption_scopes"] = True
        if service in ("managed-disks", "redis-enterprise"):
            content["allow_downtime"] = True
        return content

    def plan(self, tenant: str, cloud: str, targets: Iterable[TargetEntry]) -> PlanFile:
        """Return the plan for *targets*."""
        return PlanFile.model_validate(self.content(tenant, cloud, targets))

    def _named(self, prefix: str) -> str:
        return f"{prefix}-{self.service}-{self.location}"


def vaults_found(rows: Iterable[JsonObject], preferred: Iterable[str]) -> tuple[VaultFound, ...]:
    """Return the vaults in *rows*, as Resource Graph shows them; *preferred*: the ids of those asked for by name."""
    wanted = {one.lower() for one in preferred}
    return tuple(
        VaultFound(
            id=str(row["id"]),
            location=region_of(str(at_path(row, "location") or "")),
            purge_protection=at_path(row, "properties.enablePurgeProtection") is True,
            roles=at_path(row, "properties.enableRbacAuthorization") is True,
            preferred=str(row["id"]).lower() in wanted,
        )
        for row in rows
    )


class Vaults:
    """The vaults that a plan may name."""

    def __init__(self, found: Iterable[VaultFound]) -> None:
        """Choose among *found*."""
        self._ranked: dict[tuple[str, str], list[tuple[tuple[bool, bool, bool, str], ResourceId]]] = {}
        for one in found:
            vault = ResourceId.parse(one.id)
            rank = (not one.preferred, not one.purge_protection, not one.roles, vault.key)
            subscription = vault.subscription.lower()
            for place in {subscription, "" if one.preferred else subscription}:
                self._ranked.setdefault((place, one.location), []).append((rank, vault))

    def proposal(self, service: str, subscription: ResourceId, location: str) -> Proposal:
        """Return the plan's frame for targets of *service* in *location*.

        A preferred vault of that region; else one of the target's own subscription, one with purge protection and roles first.
        """
        region = region_of(location)
        found = {
            vault: rank
            for place in ("", subscription.subscription.lower())
            for rank, vault in self._ranked.get((place, region), ())
        }
        ranked = sorted(found, key=lambda one: found[one])
        if ranked:
            return Proposal(service, subscription, region, ranked[0], tuple(ranked[1:]), exists=True)
        nowhere = f"{subscription}/resourceGroups/{NOBODY}/providers/Microsoft.KeyVault/vaults/{NOBODY.lower()}"
        return Proposal(service, subscription, region, ResourceId.parse(nowhere), (), exists=False)
