"""What a service makes of the plan and the Azure of a table's case: its targets as judged, and their steps."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from cmk_remediate.engine.project import project
from cmk_remediate.engine.reads import EachOnce
from cmk_remediate.errors import InputError
from cmk_remediate.model.decisions import Blocked, Change, Done, Manual, Pending
from cmk_remediate.model.graph import GraphBuilder
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.values import Ref, to_json
from cmk_remediate.planfile.schema import PlanFile
from cmk_remediate.services.service import Candidate, RecipeContext
from tests.recipes.runner import Case, accept_text
from tests.recipes.world import TableReader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.engine.project import Projected
    from cmk_remediate.model.decisions import Decision
    from cmk_remediate.model.step import Step
    from cmk_remediate.services.service import Service


def judged(case: Case, service: Service) -> dict[str, Any]:
    """Return what the service makes of the plan and the Azure of *case*."""
    plan = PlanFile.model_validate_json(json.dumps(case.laid("plan")))
    try:
        service.check(plan)
    except InputError as error:
        return {"refused": [error.code, error.cause]}
    return asyncio.run(_judged(service, plan, EachOnce(TableReader(case.laid("azure")))))


async def _judged(service: Service, plan: PlanFile, reader: EachOnce) -> dict[str, Any]:
    facts = [await service.detect(reader, target, plan) for target in plan.targets]
    candidates = service.candidates(facts, plan)
    builder = GraphBuilder()
    for candidate in candidates:
        if candidate.blocked is None:
            service.recipe(candidate, plan, builder, RecipeContext("review-1"))
    projected = await project(builder.build(), reader)
    return {
        "targets": [_candidate(candidate) for candidate in candidates],
        "steps": [_step(one, projected) for one in projected.values()],
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    blocked = candidate.blocked
    return {
        "target": " + ".join(member.name for member in candidate.members),
        "state": candidate.state,
        **({"compliant": True} if candidate.compliant else {}),
        **({"blocked": f"{blocked.code} {blocked.why}"} if blocked is not None else {}),
        "notes": [f"{note.code} {note.text}" for note in candidate.notes],
        **({"artefacts": [one.name for one in candidate.artefacts]} if candidate.artefacts else {}),
    }


def _step(one: Projected, projected: Mapping[str, Projected]) -> dict[str, Any]:
    accepts = _accepts(one.decision)
    return {
        "step": _label(one.node.step),
        "says": _says(one.decision),
        **({"accept": accepts} if accepts else {}),
        **({"partner": True} if getattr(one.node.step, "partner", False) else {}),
        "lines": _lines(one.decision),
        "needs": sorted(_label(projected[need].node.step) for need in one.node.needs),
    }


def _label(step: Step) -> str:
    address = step.address()
    fields = [getattr(step, field, None) for field in ("server", "instance", "scope", "vault", "database")]
    about = [item.name if isinstance(item, ResourceId) else item for item in fields if item]
    where = address.name if isinstance(address, ResourceId) and not about else ""
    principal = getattr(step, "principal_id", None) or getattr(step, "object_id", None)
    whom = f" for {_label(principal.step) if isinstance(principal, Ref) else principal}" if _grants(step) else ""
    return f"{step.kind} {'/'.join([*about, where]).strip('/')}{whom}"


def _grants(step: Step) -> bool:
    return step.kind in ("assign_key_role", "add_access_policy", "assign_reader", "wait_for_access")


def _says(decision: Decision) -> str:
    if isinstance(decision, Change):
        resource = decision.request.resource
        name = resource.name if isinstance(resource, ResourceId) else to_json(resource)
        return f"{decision.request.method} {name}: {decision.why}"
    if isinstance(decision, Done):
        return f"done: {decision.why}"
    if isinstance(decision, Pending):
        return f"pending: {decision.why}"
    if isinstance(decision, Manual):
        return f"manual: {decision.instructions}"
    assert isinstance(decision, Blocked)
    return f"blocked: {decision.code} {decision.why}"


def _lines(decision: Decision) -> list[str]:
    lines = decision.lines if isinstance(decision, Change) else ()
    return [f"{line.path}: {to_json(line.before)} -> {to_json(line.after)}" for line in lines if line.role == "owned"]


def _accepts(decision: Decision) -> list[str]:
    lines = decision.lines if isinstance(decision, Change) else ()
    return [
        f"{accept_text(line.acceptance)}{f': {line.reversibility.why}' if line.reversibility else ''}"
        for line in lines
        if line.acceptance is not None
    ]
