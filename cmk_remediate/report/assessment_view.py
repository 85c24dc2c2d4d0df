"""An assessment as every format looks at it: its sums, its order, and short names for what it names."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cmk_remediate.codes import CODES
from cmk_remediate.model.findings import KeyInUse
from cmk_remediate.report.names import Names, ids_in
from cmk_remediate.report.words import count, value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cmk_remediate.model.findings import Assessment, Cost, Evidence, Finding, Share, Verdict

ORDER: tuple[Verdict, ...] = ("not compliant", "unknown", "in progress", "not ours", "compliant")
"""What somebody has to look at comes first."""
DOWNTIME: Mapping[str, str] = MappingProxyType(
    {
        "none": "no downtime",
        "disruption": "disruption",
        "deallocation": "downtime",
        "new cluster": "rebuilt",
    }
)
"""What moving something costs, in words."""
NOT_MEASURED = (
    "not measured: who asked for a key and was refused is in the vaults' diagnostic logs, outside of Resource Manager"
)
"""What is said of refused accesses where there are none to tell."""
_ABSENT = "absent"


@dataclass(frozen=True)
class Obstruction:
    """What stands in the way of *number* findings, for one reason."""

    code: str
    number: int
    heading: str
    next: str


@dataclass(frozen=True)
class UsedKey:
    """A key with how many findings use it; *id* as `KeyFigures` names it."""

    id: str
    key: KeyInUse
    users: int


class AssessmentView:
    """An assessment, ready to be worded.

    Attributes:
        assessment: the assessment.
        names: short names for all that it names.
    """

    def __init__(self, assessment: Assessment) -> None:
        """Look at *assessment*."""
        self.assessment = assessment
        self.names = Names(_named(assessment))

    @cached_property
    def by_verdict(self) -> Mapping[Verdict, Sequence[Finding]]:
        """The findings of each verdict that was given, in `ORDER`."""
        found: dict[Verdict, list[Finding]] = {verdict: [] for verdict in ORDER}
        for one in self.assessment.findings:
            found[one.verdict].append(one)
        return {verdict: ones for verdict, ones in found.items() if ones}

    @cached_property
    def counted(self) -> int:
        """How many findings count."""
        return sum(one.counts for one in self.assessment.findings)

    @cached_property
    def compliant(self) -> int:
        """How many of those are compliant."""
        return sum(one.counts and one.verdict == "compliant" for one in self.assessment.findings)

    @property
    def exempt(self) -> int:
        """How many findings do not count because somebody took them out."""
        return sum(one.exemption is not None for one in self.assessment.findings)

    @property
    def doors(self) -> int:
        """How many findings can be moved, but not back."""
        return sum(one.cost is not None and bool(one.cost.one_way) for one in self.assessment.findings)

    @cached_property
    def obstructions(self) -> tuple[Obstruction, ...]:
        """What is in the way, most frequent first."""
        found = Counter(one.obstacle.code for one in self.assessment.findings if one.obstacle is not None)
        ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
        return tuple(
            Obstruction(code, number, CODES[code].heading if code in CODES else "", _next(code))
            for code, number in ordered
        )

    @cached_property
    def keys(self) -> tuple[UsedKey, ...]:
        """Every key in use, once."""
        uses = [(f"{one.vault}/keys/{one.name}", one) for found in self.assessment.findings for one in found.keys]
        users = Counter(name.lower() for name, _ in uses)
        last = {name.lower(): (name, one) for name, one in uses}
        return tuple(UsedKey(name, one, users[low]) for low, (name, one) in sorted(last.items()))

    @property
    def scopes(self) -> tuple[str, ...]:
        """What was asked for; a subscription by its GUID."""
        return tuple(scope_name(one) for one in self.assessment.scopes)

    def sums(self) -> str:
        """Return how many findings have which verdict."""
        parts = ", ".join(f"{len(found)} {verdict}" for verdict, found in self.by_verdict.items())
        exempt = f"; {self.exempt} of them exempt" if self.exempt else ""
        searched = count(len(self.assessment.subscriptions), "subscription")
        return f"{count(len(self.assessment.findings), 'finding')} in {searched}: {parts or 'nothing'}{exempt}"

    def proof(self, finding: Finding, proof: Evidence) -> tuple[str, str, str]:
        """Return of what, which property, and its value; of nothing where it is the resource of *finding* itself."""
        own = finding.id.lower()
        where = self.names(proof.resource)
        if len(finding.members) == 1:
            if proof.resource.lower() == own:
                where = ""
            elif proof.resource.lower().startswith(f"{own}/"):
                where = proof.resource[len(own) + 1 :]
        return where, proof.path, self.shown(proof.value)

    def shown(self, found: Any) -> str:
        """Return the property's value *found* in words, with short names for the resources in it."""
        if found is None:
            return _ABSENT
        return f'"{found}"' if found == _ABSENT else value(self.names.shortened(found))

    def vault(self, key: KeyInUse) -> str:
        """Return the name of the vault of *key*."""
        return self.names(key.vault) if key.vault else "an unknown vault"


def says_otherwise(finding: Finding) -> bool:
    """Say whether Azure Policy calls *finding* compliant where we do not, or the other way round."""
    states = {one.state.lower() for one in finding.policy}
    if finding.verdict == "compliant":
        return "noncompliant" in states
    return finding.verdict == "not compliant" and states == {"compliant"}


def cost_words(cost: Cost) -> str:
    """Return what *cost* comes to, but for the door."""
    return f"{DOWNTIME[cost.downtime]}: {cost.text}"


def key_words(key: KeyInUse) -> tuple[str, ...]:
    """Return what there is to say of *key* beside its name and its vault; why, where it was not shown."""
    if key.why:
        return (key.why,)
    now = f", now {key.latest}" if key.latest else ""
    parts = [f"version {key.version}, pinned" if key.version else f"follows new versions{now}"]
    parts += ["DISABLED"] if key.enabled is False else []
    if key.age_days is not None:
        parts.append(f"last rotated {count(key.age_days, 'day')} ago, on {day(key.rotated)}")
    parts.append(f"expires on {day(key.expires)}" if key.expires else "no expiry")
    due = f", due on {day(key.rotation_due)}" if key.rotation_due else ""
    parts.append(f"rotation policy {key.rotation}{due}" if key.rotation else "nobody rotates it")
    return tuple(parts)


def day(moment: str) -> str:
    """Return the day of *moment*, ISO 8601."""
    return moment[:10]


def left_out(share: Share) -> str:
    """Return what of *share* does not count."""
    parts = ((share.exempt, "exempt"), (share.not_ours, "not ours"))
    return ", ".join(f"{number} {word}" for number, word in parts if number)


def scope_name(scope: str) -> str:
    """Return *scope*, a subscription shorter."""
    return Names([scope])(scope) if scope.count("/") == 2 else scope  # noqa: PLR2004 - /subscriptions/GUID


def _next(code: str) -> str:
    return CODES[code].next if code in CODES else ""


def _named(assessment: Assessment) -> Iterator[str]:
    """Yield each resource id that is shown by a short name."""
    for one in assessment.findings:
        yield one.id
        yield from one.members
        for proof in one.evidence:
            yield proof.resource
            yield from ids_in(proof.value)
        yield from (key.vault for key in one.keys)
        yield from (f"{key.vault}/keys/{key.name}" for key in one.keys)
        yield from (view.resource for view in one.policy)
    keys = assessment.figures.keys
    for named in (keys.overdue, keys.unscheduled, keys.expiring):
        yield from named
    yield from (one.id for one in assessment.figures.remediated)
    yield from (one.id for one in (assessment.compared.moved if assessment.compared else ()))
