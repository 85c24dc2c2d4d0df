"""Findings of other tools, as resources to assess: Prowler's in OCSF, Azure Policy's states.

Facts: Prowler writes a list of OCSF detection findings (``metadata.event_code`` is the check, ``status_code`` FAIL or PASS,
``resources[].uid`` the Azure resource id; docs.prowler.com, "Reporting"). ``az policy state list`` writes a list of states, the
REST API the same list as ``value`` (``resourceId``, ``complianceState``, ``policyDefinitionName``; learn.microsoft.com, REST API
reference, Policy States). Which checks ask for a customer-managed key: Prowler's ``services/*/*cmk*``, Azure/azure-policy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.assessment.files import read_json
from cmk_remediate.assessment.policies import DEFINITIONS
from cmk_remediate.errors import InputError
from cmk_remediate.model.findings import NotCovered
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.services import services

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

PROWLER_CHECKS = frozenset(
    {
        "sqlserver_tde_encrypted_with_cmk",
        "storage_ensure_encryption_with_customer_managed_keys",
        "vm_ensure_attached_disks_encrypted_with_cmk",
        "vm_ensure_unattached_disks_encrypted_with_cmk",
    }
)
"""Prowler's checks that a plan of ours can close."""
_MOST_IDS = 200_000


@dataclass(frozen=True)
class Imported:
    """What files of other tools ask for.

    Attributes:
        resources: the ids of what to assess, each once, in their order.
        not_covered: what was found, and no plan of ours moves.
    """

    resources: tuple[str, ...]
    not_covered: tuple[NotCovered, ...]


def load_findings(paths: Iterable[str | Path]) -> Imported:
    """Return what the findings in the files at *paths* ask for.

    Raises:
        InputError: CMK921 when a file cannot be read, CMK922 when it is neither Prowler's nor Azure Policy's.
    """
    known = {kind.lower() for service in services().values() for kind in service.looked_for}
    wanted: dict[str, str] = {}
    left: dict[tuple[str, str], NotCovered] = {}
    for path in paths:
        for resource, check, ours in _failed(read_json(path), str(path)):
            top = _top_level(resource)
            if top is None:
                why = "it names no Azure resource"
            elif not ours:
                why = "the check is not about a customer-managed key that a plan can set"
            elif top.type.lower() not in known:
                why = f"there is no plan for {top.type}"
            else:
                wanted.setdefault(top.key, top.text)
                continue
            left[resource.lower(), check] = NotCovered(resource=resource, check=check, why=why)
    return Imported(tuple(wanted.values())[:_MOST_IDS], tuple(left.values()))


def _top_level(text: str) -> ResourceId | None:
    """Return what a plan names: the server of a protector, the account of an encryption scope."""
    try:
        found = ResourceId.parse(text)
    except InputError:
        return None
    return found.top_level if found.resource_group else None


def _failed(document: Any, name: str) -> Iterator[tuple[str, str, bool]]:
    """Yield each failed finding: the resource's id, the check's name, and whether a plan of ours can close it."""
    rows = document.get("value") if isinstance(document, dict) and "value" in document else document
    rows = [rows] if isinstance(rows, dict) else rows
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _neither(name)
    for row in rows:
        if at_path(row, "metadata.event_code"):
            yield from _prowler(row)
        elif "complianceState" in row and "resourceId" in row:
            if str(row["complianceState"]).lower() == "noncompliant":
                definition = str(row.get("policyDefinitionName") or "").lower()
                yield str(row["resourceId"]), definition or "a policy", definition in DEFINITIONS
        else:
            raise _neither(name)


def _prowler(row: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    if str(row.get("status_code")).upper() != "FAIL":
        return
    check = str(at_path(row, "metadata.event_code"))
    resources: list[Any] = row.get("resources") or [{}]
    for resource in resources:
        uid = resource.get("uid") if isinstance(resource, dict) else None
        yield str(uid or ""), check, check in PROWLER_CHECKS


def _neither(name: str) -> InputError:
    cause = "it has neither Prowler's OCSF findings nor states of Azure Policy"
    return InputError(codes.assess.NO_FINDINGS, cause, resource=name)
