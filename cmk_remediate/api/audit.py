"""Whether the use of a vault's keys leaves a trace: the vault's diagnostic settings.

Facts: learn.microsoft.com, "Azure Key Vault logging" (category AuditEvent) and "Diagnostic settings in Azure Monitor" (the category
groups ``audit`` and ``allLogs``; a setting sends only what is enabled).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.engine.shapes import making_sense_of
from cmk_remediate.errors import AzureError
from cmk_remediate.model.decisions import Read
from cmk_remediate.model.json_types import at_path
from cmk_remediate.model.permissions import Permission
from cmk_remediate.model.review import Note

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.model.outcomes import Reader
    from cmk_remediate.model.permissions import Permissions

CATEGORY = "auditevent"
GROUPS = frozenset({"audit", "alllogs"})


async def audit_note(reader: Reader, vault: ResourceId) -> Note:
    """Return what is known of *vault*'s log of key use; reads its diagnostic settings, nothing else."""
    try:
        settings = (await reader.read(Read(vault, "list:diagnosticSettings"))).body
        with making_sense_of(vault):
            found = sorted(str(one.get("name")) for one in settings or () if _sends(one))
    except AzureError as error:
        text = f"whether {vault.name} logs AuditEvent is not known: {error.cause}"
        return Note(code=str(codes.notes.AUDIT_LOGGING_UNKNOWN), scope=vault.text, text=text)
    if not found:
        text = f"no diagnostic setting of {vault.name} sends AuditEvent"
        return Note(code=str(codes.notes.AUDIT_LOGGING_MISSING), scope=vault.text, text=text)
    text = f"{vault.name} sends AuditEvent by its diagnostic setting {', '.join(found)}"
    return Note(code=str(codes.notes.AUDIT_LOGGING_ON), scope=vault.text, text=text)


def audit_needs(vaults: Iterable[ResourceId]) -> Permissions:
    """Return what `audit_note` needs; without it the review says that it does not know."""
    action = "Microsoft.Insights/diagnosticSettings/read"
    return tuple(Permission(action, vault, "vault", checkable=False) for vault in sorted(set(vaults)))


def _sends(setting: Any) -> bool:
    """Say whether *setting* has AuditEvent, or a group that holds it, among its enabled logs."""
    return any(
        str(one.get("category")).lower() == CATEGORY or str(one.get("categoryGroup")).lower() in GROUPS
        for one in at_path(setting, "properties.logs") or ()
        if one.get("enabled") is True
    )
