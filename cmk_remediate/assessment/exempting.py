"""Exemptions: findings that do not count for now. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.findings import Exemption, Finding
from cmk_remediate.model.ids import ResourceId

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from cmk_remediate.planfile.exemptions import ExemptionEntry


def exempted(
    findings: Sequence[Finding], entries: Sequence[ExemptionEntry], now: datetime
) -> tuple[tuple[Finding, ...], tuple[Exemption, ...]]:
    """Return *findings* with the exemptions that are in force, and every exemption with its state at *now*.

    What is compliant is not made exempt: it needs none. Of several the first counts.
    """
    today = now.date().isoformat()
    kept: list[Finding] = []
    used: set[int] = set()
    places = [ResourceId.parse(entry.resource_id) for entry in entries]
    for one in findings:
        ids = [ResourceId.parse(member) for member in one.members]
        covering = [index for index, place in enumerate(places) if all(member.within(place) for member in ids)]
        used.update(covering)
        valid = [index for index in covering if entries[index].expires >= today]
        exempt = valid and one.verdict != "compliant"
        kept.append(one.model_copy(update={"exemption": _exemption(entries[valid[0]], "in force")}) if exempt else one)
    states = [
        "expired" if entry.expires < today else "in force" if index in used else "unused"
        for index, entry in enumerate(entries)
    ]
    return tuple(kept), tuple(_exemption(entry, state) for entry, state in zip(entries, states, strict=True))


def _exemption(entry: ExemptionEntry, state: str) -> Exemption:
    return Exemption.model_validate(
        {
            "resource": entry.resource_id,
            "owner": entry.owner,
            "reason": entry.reason,
            "expires": entry.expires,
            "state": state,
        }
    )
