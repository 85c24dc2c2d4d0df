"""What an assessment makes of the Azure of a table's case: each target's state, its proofs, and what moving it takes.

``first`` is the state as the plan of the case sees it, ``state`` as a plan does that wants the target as it is.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from cmk_remediate.engine.reads import EachOnce
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.planfile.schema import PlanFile
from tests.recipes.world import TableReader

if TYPE_CHECKING:
    from cmk_remediate.model.findings import Evidence
    from cmk_remediate.model.outcomes import Reader
    from cmk_remediate.planfile.schema import Overrides
    from cmk_remediate.services.insight import Use
    from cmk_remediate.services.service import Candidate, Service
    from tests.recipes.runner import Case


def assessed(case: Case, service: Service) -> dict[str, Any]:
    """Return what an assessment shows of the targets of *case*."""
    plan = PlanFile.model_validate_json(json.dumps(case.laid("plan")))
    return asyncio.run(_assessed(service, plan, EachOnce(TableReader(case.laid("azure")))))


async def _assessed(service: Service, plan: PlanFile, reader: Reader) -> dict[str, Any]:
    found = await looked_at(service, plan, reader)
    return {one.id.name: await _target(service, one, plan, reader) for one in found}


async def looked_at(service: Service, plan: PlanFile, reader: Reader) -> tuple[Candidate, ...]:
    """Return the targets of *plan* as found."""
    return service.candidates([await service.detect(reader, target, plan) for target in plan.targets], plan)


async def second_look(
    service: Service, candidate: Candidate, as_found: Overrides, plan: PlanFile, reader: Reader
) -> Candidate:
    """Return *candidate* as a plan finds it that wants it *as_found*."""
    changed = [
        one.model_copy(update={"overrides": as_found})
        for one in plan.targets
        if ResourceId.parse(one.resource_id) in candidate.members
    ]
    looked = await looked_at(service, plan.model_copy(update={"targets": tuple(changed)}), reader)
    assert [one.id for one in looked] == [candidate.id]
    return looked[0]


async def _target(service: Service, candidate: Candidate, plan: PlanFile, reader: Reader) -> dict[str, Any]:
    insight = service.insight(candidate)
    state = candidate.state
    if insight.as_found is not None:
        again = await second_look(service, candidate, insight.as_found, plan, reader)
        state, insight = again.state, service.insight(again)
    cost = insight.cost
    return {
        "first": candidate.state,
        "state": insight.state or state,
        "evidence": [_evidence(one) for one in insight.evidence],
        "uses": [_use(one) for one in insight.uses],
        "cost": {"downtime": cost.downtime, "text": cost.text, **({"one_way": cost.one_way} if cost.one_way else {})},
        "as_found": None if insight.as_found is None else insight.as_found.model_dump(exclude_defaults=True),
    }


def _evidence(one: Evidence) -> str:
    return f"{ResourceId(one.resource).name} {one.path}: {json.dumps(one.value)}"


def _use(use: Use) -> str:
    facts = use.facts
    key = "not found" if facts.key is None else f"{facts.key.name} in {facts.key.top_level.name}"
    return f"{use.by.name} uses {use.named}: {key}{f', version {use.version}' if use.version else ''}"
