"""Judges targets as their service does: against the plan that would move them, and where they are on a key, against that key."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from cmk_remediate.api.shapes import candidates_of, detected
from cmk_remediate.assessment.proposal import Proposal
from cmk_remediate.engine.schedule import each
from cmk_remediate.engine.shapes import ShapeError, making_sense_of
from cmk_remediate.model.findings import NotRead
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.planfile.schema import TargetEntry
from cmk_remediate.planfile.wishes import wishes
from cmk_remediate.services.insight import Insight
from cmk_remediate.services.service import Candidate

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cmk_remediate.assessment.looking import Batch
    from cmk_remediate.planfile.schema import PlanFile
    from cmk_remediate.services.service import Service
_Looked: TypeAlias = "list[tuple[TargetEntry, Any]]"
"""Targets and what their service has read of them."""


@dataclass(frozen=True)
class Judged:
    """A target and what was found of it.

    Attributes:
        candidate: as the service judges it: against the key it is on, or the plan that would move it.
        proposed: as judged against the plan that would move it.
        insight: what an assessment shows of it.
        proposal: that plan's frame.
    """

    candidate: Candidate
    proposed: Candidate
    insight: Insight
    proposal: Proposal


class Judge:
    """Judges the targets of one service that one proposed plan would move.

    Attributes:
        odd: the targets that nobody can make sense of: one body of another shape costs no finding but its own.
    """

    def __init__(self, service: Service, proposal: Proposal, tenant: str, cloud: str) -> None:
        """Judge as *service* does."""
        self.odd: list[NotRead] = []
        self._service = service
        self._proposal = proposal
        self._tenant = tenant
        self._cloud = cloud

    async def judge(self, reader: Batch, targets: Sequence[ResourceId]) -> list[Judged]:
        """Return what was found of *targets*; only reads, and none twice.

        The proposed key and identity are taken to be absent, as they are to be made: whether they exist is the dry run's question.
        """
        entries = [TargetEntry(resource_id=one.text) for one in targets]
        reader.assumed = self._absent(self._plan(entries), entries)
        looked = await self._looked_at(reader, entries)
        reader.assumed = set()
        seen = self._sense_of(looked)
        settled = await self._as_found(reader, seen)
        return [self._judged(one, *settled.get(one.id, (one, insight))) for one, insight in seen]

    def _judged(self, proposed: Candidate, candidate: Candidate, insight: Insight) -> Judged:
        found = replace(candidate, state=insight.state or candidate.state)
        return Judged(found, proposed, insight, self._proposal)

    async def _as_found(
        self, reader: Batch, seen: Sequence[tuple[Candidate, Insight]]
    ) -> dict[ResourceId, tuple[Candidate, Insight]]:
        """Judge once more, against what they are on, the targets that are on a key which was found."""
        entries = [
            TargetEntry(resource_id=one.id.text, overrides=insight.as_found)
            for one, insight in seen
            if insight.as_found is not None
        ]
        if not entries:
            return {}
        return {one.id: (one, insight) for one, insight in self._sense_of(await self._looked_at(reader, entries))}

    async def _looked_at(self, reader: Batch, entries: Sequence[TargetEntry]) -> _Looked:
        """Return *entries* with their facts, without those that nobody can make sense of."""
        plan = self._plan(entries)
        found: list[tuple[TargetEntry, Any]] = []

        async def look(entry: TargetEntry) -> tuple[TargetEntry, Any] | None:
            try:
                return entry, await detected(self._service, reader, plan, entry)
            except ShapeError as error:
                self._note(error)
                return None

        found.extend(one for one in await each(entries, look) if one is not None)
        return found

    def _sense_of(self, looked: _Looked) -> list[tuple[Candidate, Insight]]:
        """Return what *looked* makes, which is judged together; without those that nobody can make sense of."""
        while looked:
            plan = self._plan([entry for entry, _ in looked])
            try:
                candidates = candidates_of(self._service, [fact for _, fact in looked], plan)
                return [(one, self._insight(one)) for one in candidates]
            except ShapeError as error:
                rest = [one for one in looked if one[0].resource_id.lower() != error.resource.lower()]
                if len(rest) == len(looked):
                    raise
                self._note(error)
                looked = rest
        return []

    def _insight(self, candidate: Candidate) -> Insight:
        with making_sense_of(candidate.id):
            return self._service.insight(candidate)

    def _note(self, error: ShapeError) -> None:
        self.odd.append(NotRead(what=error.resource, why=f"{error.cause} [{error.code}]"))

    def _plan(self, entries: Sequence[TargetEntry]) -> PlanFile:
        return self._proposal.plan(self._tenant, self._cloud, entries)

    def _absent(self, plan: PlanFile, entries: Sequence[TargetEntry]) -> set[ResourceId]:
        return {one for entry in entries for one in absent(plan, entry, vault_too=not self._proposal.exists)}


def absent(plan: PlanFile, entry: TargetEntry, *, vault_too: bool) -> Collection[ResourceId]:
    """Return what *plan* would make for the target in *entry*, and with *vault_too* the vault that somebody has to make first."""
    wanted, target = wishes(plan, entry), ResourceId.parse(entry.resource_id)
    identity, key = wanted.identity_id(target), wanted.key_id(target)
    # A set is read: disks that are on it already are judged by what it says.
    found = {key}
    if identity is not None:
        found.add(identity)
    if vault_too:
        # The vault's subscription is asked for deleted vaults only where the vault is gone.
        found.add(key.top_level)
    return found
