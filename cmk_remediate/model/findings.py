"""The assessment: what was found of every resource that can hold a customer-managed key, with its proofs. Data only."""

from __future__ import annotations

from typing import Any, Literal

from cmk_remediate.model.json_types import canonical
from cmk_remediate.model.review import Frozen, Made, Note, ReviewedBlock

FORMAT_VERSION = "1.0"

Verdict = Literal["compliant", "not compliant", "in progress", "unknown", "not ours"]
Downtime = Literal["none", "disruption", "deallocation", "new cluster"]


class Evidence(Frozen):
    """One property that proves a state; ``value`` is as Azure shows it, None where it is absent."""

    resource: str
    path: str
    value: Any


class Cost(Frozen):
    """What moving it takes; ``one_way`` says why Azure has no way back, empty where there is one."""

    downtime: Downtime
    one_way: str
    text: str


class KeyInUse(Frozen):
    """A customer-managed key that a resource uses.

    Attributes:
        resource: who uses it.
        vault: the vault's resource id; its name alone where it was not found.
        name: the key's.
        version: the version that is pinned; empty where new versions are followed.
        latest: its newest version, the one in use where new versions are followed.
        created: when the key was made, ISO 8601 in UTC; empty where it was not shown, as in all that follow.
        rotated: when its newest version was made.
        expires: when the version in use expires.
        enabled: whether it is; None where it was not shown.
        rotation: after how long it is rotated, an ISO 8601 duration; empty where nobody rotates it.
        rotation_due: when its policy rotates it next.
        age_days: whole days since ``rotated``; None where it was not shown.
        why: what was not shown, and why.
    """

    resource: str
    vault: str
    name: str
    version: str
    latest: str
    created: str
    rotated: str
    expires: str
    enabled: bool | None
    rotation: str
    rotation_due: str
    age_days: int | None
    why: str


class PolicyView(Frozen):
    """What Azure Policy says of a resource; ``state`` is Azure's word, such as NonCompliant."""

    definition: str
    name: str
    state: str
    resource: str


class Exemption(Frozen):
    """Why what is in ``resource`` does not count for now; ``expires`` is the last day, ``state`` whether that has passed.

    ``unused``: no finding is in it.
    """

    resource: str
    owner: str
    reason: str
    expires: str
    state: Literal["in force", "expired", "unused"]


class Finding(Frozen):
    """One resource, or several that can only be moved together.

    Attributes:
        id: its resource id; of several, that of the first.
        service: as in ``service:`` of a plan file.
        members: the resource ids of all.
        location: Azure's name of the region.
        owner: the value of the owner tag; empty where there is none.
        tags: all of its tags.
        state: as found; one of the states of docs/how-it-works.md.
        verdict: what that comes to.
        evidence: the property values that prove the state.
        obstacle: what stands in the way of moving it; None where nothing was found, and where nothing is left to do.
        cost: what moving it takes; None where nothing is left to do.
        keys: the customer-managed keys it uses.
        policy: Azure Policy's view.
        notes: what else is worth knowing.
        exemption: why it does not count for now; None for most.
        first_seen: when an assessment first found it not compliant, ISO 8601 in UTC; empty where it never was.
    """

    id: str
    service: str
    members: tuple[str, ...]
    location: str
    owner: str
    tags: dict[str, str]
    state: str
    verdict: Verdict
    evidence: tuple[Evidence, ...]
    obstacle: ReviewedBlock | None
    cost: Cost | None
    keys: tuple[KeyInUse, ...]
    policy: tuple[PolicyView, ...]
    notes: tuple[Note, ...]
    exemption: Exemption | None = None
    first_seen: str = ""

    @property
    def counts(self) -> bool:
        """Whether it counts for or against compliance: it is not exempt, and ours to move."""
        return self.exemption is None and self.verdict != "not ours"


class NotCovered(Frozen):
    """What another tool found, and no plan of ours moves; ``check`` is that tool's name for it."""

    resource: str
    check: str
    why: str


class Share(Frozen):
    """How much of something is compliant, of what counts; ``exempt`` and ``not_ours`` do not."""

    name: str
    compliant: int
    counted: int
    exempt: int
    not_ours: int


class Remediated(Frozen):
    """What was not compliant once and is now.

    Attributes:
        id: the finding's.
        first_seen: when an assessment first found it not compliant, ISO 8601 in UTC.
        verified: when it was seen right: by a run, which looks again after its last write; else by this assessment.
        by: the run's id; empty where only assessments saw it.
        seconds: from the one to the other; with no run that is an upper bound.
    """

    id: str
    first_seen: str
    verified: str
    by: str
    seconds: int


class KeyFigures(Frozen):
    """The keys in use, each once; a number of keys, or their ids.

    Attributes:
        keys: how many there are.
        not_read: how many were not shown.
        scheduled: how many have a rotation policy.
        on_schedule: how many of these were rotated when their policy said.
        overdue: those that were not: the policy's day has passed.
        unscheduled: those that nobody rotates.
        expiring: those that expire within 90 days, or have.
        oldest_days: days since the last rotation of the key that waits longest; None where there is none.
    """

    keys: int
    not_read: int
    scheduled: int
    on_schedule: int
    overdue: tuple[str, ...]
    unscheduled: tuple[str, ...]
    expiring: tuple[str, ...]
    oldest_days: int | None


class FailedAccesses(Frozen):
    """Requests to a vault that it refused in the last day; None where that was not measured, and ``why``."""

    vault: str
    number: int | None
    why: str


class Figures(Frozen):
    """What owners track.

    Attributes:
        services: by service.
        subscriptions: by subscription.
        owners: by owner; the empty name is what has no owner tag.
        remediated: what has become compliant since it was first seen otherwise.
        keys: of the keys in use.
        failed_accesses: by vault.
    """

    services: tuple[Share, ...]
    subscriptions: tuple[Share, ...]
    owners: tuple[Share, ...]
    remediated: tuple[Remediated, ...]
    keys: KeyFigures
    failed_accesses: tuple[FailedAccesses, ...]


class Moved(Frozen):
    """One difference between two assessments; an empty word stands for: not there."""

    id: str
    service: str
    before: str
    after: str


class Comparison(Frozen):
    """What moved since an earlier assessment.

    Attributes:
        made: when that was made.
        id: its id.
        alike: whether both looked at the same scopes with the same filters; if not, what is in one alone is left out.
        moved: every finding whose verdict or state is another, in the order of ids.
    """

    made: str
    id: str
    alike: bool
    moved: tuple[Moved, ...]


class VaultFound(Frozen):
    """A vault that a plan may name; ``preferred``: it was asked for by name."""

    id: str
    location: str
    purge_protection: bool
    roles: bool
    preferred: bool


class NotRead(Frozen):
    """Something that was asked for and that Azure did not show, or not whole."""

    what: str
    why: str


class Assessment(Frozen):
    """What was found in the scopes asked for.

    Attributes:
        format_version: of this document.
        made: who assessed, when and with what.
        tenant: the tenant's id.
        cloud: which Azure.
        scopes: the ids asked for.
        filters: which findings were kept, in words; empty for all.
        subscriptions: those that were searched, by id.
        not_read: what is not covered, and why.
        not_covered: what other tools found and no plan of ours moves.
        exemptions: every one that was given.
        vaults: those that plans for the findings may name.
        findings: sorted by service and id.
        figures: what owners track.
        compared: what moved since an earlier assessment; None where none was given.
        unsure: what may not have been read whole, and why nobody can say; it does not count against compliance.
    """

    format_version: str
    made: Made
    tenant: str
    cloud: str
    scopes: tuple[str, ...]
    filters: tuple[str, ...]
    subscriptions: tuple[str, ...]
    not_read: tuple[NotRead, ...]
    not_covered: tuple[NotCovered, ...]
    exemptions: tuple[Exemption, ...]
    vaults: tuple[VaultFound, ...]
    findings: tuple[Finding, ...]
    figures: Figures
    compared: Comparison | None
    unsure: tuple[NotRead, ...] = ()

    @property
    def compliant(self) -> bool:
        """Whether everything that counts is compliant, and nothing was left unread."""
        return not self.not_read and all(one.verdict == "compliant" for one in self.findings if one.counts)

    def to_json(self) -> dict[str, Any]:
        """Return the assessment as JSON."""
        document: dict[str, Any] = self.model_dump(mode="json")
        document["made"]["with"] = document["made"].pop("with_")
        return document

    def to_bytes(self) -> bytes:
        """Return the assessment as RFC 8785 JSON."""
        return canonical(self.to_json())
