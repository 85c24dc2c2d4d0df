"""Protect the vault: soft delete, purge protection and, where asked, the bypass. Takes nothing from anybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cmk_remediate import codes
from cmk_remediate.model.decisions import (
    Acceptance,
    Change,
    Decision,
    Done,
    Effect,
    Estimate,
    Found,
    Keep,
    Line,
    OneWay,
    Request,
    Reversibility,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject, at_path
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.step import Step
from cmk_remediate.model.values import UNKNOWN
from cmk_remediate.steps import vault_state

if TYPE_CHECKING:
    from collections.abc import Mapping

PURGE_PROTECTION = Reversibility(
    "one-way", "Azure never turns purge protection off again", codes.vault.PURGE_PROTECTION_ONE_WAY
)
SOFT_DELETE = Reversibility("one-way", "Azure never turns soft delete off again", codes.vault.SOFT_DELETE_ONE_WAY)
RETENTION = Reversibility("one-way", "Azure never changes the retention days once set", codes.vault.RETENTION_ONE_WAY)
BYPASS = Reversibility(
    "kept", "rollback leaves the bypass: services may read their keys through it by then", codes.vault.BYPASS_KEPT
)
_WORDS: Mapping[str, str] = {
    "enableSoftDelete": "soft delete",
    "softDeleteRetentionInDays": "retention days",
    "enablePurgeProtection": "purge protection",
    "networkAcls": "the bypass for trusted services",
}


@dataclass(frozen=True)
class ProtectVault(Step):
    """Turn soft delete and purge protection on, and let trusted services past the firewall where the plan asks for it.

    Attributes:
        vault: the vault's id.
        tenant: the plan's tenant; a vault of another one is refused. Empty: any.
        bypass: ``AzureServices`` where the plan asks for it; None leaves the network rules alone.
        retention_days: sent only to a vault whose soft delete is off and whose retention was never set; None leaves
            it to Azure.
    """

    kind: ClassVar[str] = "protect_vault"
    only_follows: ClassVar[bool] = True
    runs_for_the_rest: ClassVar[bool] = True

    vault: ResourceId
    tenant: str = ""
    bypass: str | None = None
    retention_days: int | None = None

    def address(self) -> ResourceId:
        """Return the vault's id."""
        return self.vault

    def owns(self) -> Mapping[str, Any]:
        """Return what it sets."""
        owned: dict[str, Any] = {"properties.enableSoftDelete": True, "properties.enablePurgeProtection": True}
        if self.bypass is not None:
            owned["properties.networkAcls.bypass"] = self.bypass
        if self.retention_days is not None:
            owned["properties.softDeleteRetentionInDays"] = self.retention_days
        return owned

    def decide(self, found: Found) -> Decision:
        """Judge the vault found."""
        if found.body is None:
            return vault_state.absent(self.vault)
        forbidden = vault_state.judge_vault(self.vault, found.body, self.tenant)
        if forbidden is not None:
            return forbidden
        properties: dict[str, Any] = {}
        lines: list[Line] = []
        if not vault_state.has_soft_delete(found.body):
            properties["enableSoftDelete"] = True
            lines.append(self._door(found.body, "enableSoftDelete", SOFT_DELETE, "soft-delete", value=True))
            if self.retention_days is not None and at_path(found.body, "properties.softDeleteRetentionInDays") is None:
                days = self.retention_days
                properties["softDeleteRetentionInDays"] = days
                lines.append(self._door(found.body, "softDeleteRetentionInDays", RETENTION, "retention", value=days))
        if not vault_state.has_purge_protection(found.body):
            properties["enablePurgeProtection"] = True
            lines.append(
                self._door(found.body, "enablePurgeProtection", PURGE_PROTECTION, "purge-protection", value=True)
            )
        if self.bypass is not None and vault_state.bypass(found.body) != self.bypass:
            rules = at_path(found.body, "properties.networkAcls") or {}
            properties["networkAcls"] = {**rules, "bypass": self.bypass}
            lines.extend(self._bypass_lines(found.body, rules))
        if not properties:
            return Done(f"{self.vault.name} has soft delete and purge protection", self._relied_on(found.body))
        return Change(
            Request("PATCH", self.vault, {"properties": properties}),
            tuple(lines),
            (Effect(self.vault, {"properties": properties, "systemData": {"lastModifiedAt": UNKNOWN}}),),
            Estimate(usual=5, worst=120),
            "update",
            f"{self.vault.name} lacks {', '.join(_WORDS[name] for name in properties)}",
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> OneWay | Keep:  # noqa: ARG002
        """Say that none of it is undone, by Azure or by us."""
        if not vault_state.has_purge_protection(before or {}):
            return OneWay(PURGE_PROTECTION.why, PURGE_PROTECTION.code)
        if not vault_state.has_soft_delete(before or {}):
            return OneWay(SOFT_DELETE.why, SOFT_DELETE.code)
        return Keep(BYPASS.why, BYPASS.code)

    def permissions(self) -> Permissions:
        """Return reading and writing the vault."""
        return (
            Permission("Microsoft.KeyVault/vaults/read", self.vault, "vault"),
            Permission("Microsoft.KeyVault/vaults/write", self.vault, "vault"),
        )

    def _door(self, body: JsonObject, name: str, reversibility: Reversibility, kind: str, *, value: bool | int) -> Line:
        path = f"properties.{name}"
        suffix = "" if value is True else str(value)
        acceptance = Acceptance(kind, self.vault, "one-way", suffix)
        return Line(path, at_path(body, path), value, "owned", reversibility, acceptance)

    def _bypass_lines(self, body: JsonObject, rules: Mapping[str, Any]) -> tuple[Line, ...]:
        """Return the bypass and, because the whole object goes back, everything else in it.

        Whether a PATCH merges or replaces networkAcls is unconfirmed.
        """
        opened = not vault_state.is_open(body)
        accept = Acceptance("vault-bypass", self.vault, "bystander") if opened else None
        path = "properties.networkAcls"
        carried = (
            Line(f"{path}.{name}", rules[name], rules[name], "carried") for name in sorted(rules) if name != "bypass"
        )
        return (Line(f"{path}.bypass", rules.get("bypass"), self.bypass, "owned", BYPASS, accept), *carried)

    def _relied_on(self, body: JsonObject) -> tuple[Line, ...]:
        paths = ["properties.enableSoftDelete", "properties.enablePurgeProtection"]
        if self.bypass is not None:
            paths.append("properties.networkAcls.bypass")
        return tuple(Line(path, at_path(body, path), at_path(body, path), "relied_on") for path in paths)
