"""Words what was judged as findings; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.engine.reviewing import reviewed_block
from cmk_remediate.errors import scrubbed
from cmk_remediate.model.decisions import Blocked
from cmk_remediate.model.findings import Finding, KeyInUse, Verdict
from cmk_remediate.model.secrets import without_secrets
from cmk_remediate.services import states

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.assessment.judging import Judged
    from cmk_remediate.model.review import ReviewedBlock

_VERDICTS: Mapping[str, Verdict] = {
    states.HEALTHY: "compliant",
    states.SYSTEM_ASSIGNED: "compliant",
    states.PLATFORM: "not compliant",
    states.WRONG: "not compliant",
    states.MIXED: "not compliant",
    states.IN_PROGRESS: "in progress",
    states.NOT_CHECKABLE: "unknown",
    states.CROSS_TENANT: "unknown",
    states.MANAGED_HSM: "unknown",
    states.INACCESSIBLE: "unknown",
    states.FOREIGN: "not ours",
}


def verdict_of(state: str) -> Verdict:
    """Return what *state*, one of `states`, comes to."""
    return _VERDICTS[state]


def finding_of(
    judged: Judged, service: str, location: str, tags: Mapping[str, str], owner_tag: str, keys: tuple[KeyInUse, ...]
) -> Finding:
    """Return the finding of what was *judged*; *owner_tag*: the tag, in any casing, that names who answers for a resource."""
    one = judged.candidate
    verdict = verdict_of(one.state)
    open_ = verdict != "compliant"
    owners = [value for name, value in tags.items() if name.lower() == owner_tag.lower()]
    return Finding(
        id=one.id.text,
        service=service,
        members=tuple(member.text for member in one.members),
        location=location,
        owner=scrubbed(owners[0]) if owners else "",
        tags=without_secrets(dict(tags)),
        state=one.state,
        verdict=verdict,
        evidence=judged.insight.evidence,
        obstacle=_obstacle(judged) if open_ else None,
        cost=judged.insight.cost if open_ and verdict != "not ours" else None,
        keys=keys,
        policy=(),
        notes=tuple(note for note in one.notes if codes.CODES[note.code].kind == "state"),
    )


def _obstacle(judged: Judged) -> ReviewedBlock | None:
    """Return what stands in the way of the plan that would move it; where no vault suits, that."""
    blocked, proposal = judged.proposed.blocked, judged.proposal
    if blocked is not None and not proposal.exists and blocked.resource.lower().startswith(proposal.vault.key):
        where = f"{proposal.subscription.subscription} has no Key Vault in {proposal.location or 'the region of it'}"
        return reviewed_block(Blocked(codes.assess.NO_VAULT, where, resource=judged.candidate.id.text))
    return None if blocked is None else reviewed_block(blocked)
