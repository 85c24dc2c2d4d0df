"""A service's judgement of what it has read: of a body that nobody foresaw the resource is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmk_remediate.engine.shapes import making_sense_of
from cmk_remediate.errors import CmkError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmk_remediate.model.outcomes import Reader
    from cmk_remediate.planfile.schema import PlanFile, TargetEntry
    from cmk_remediate.services.service import Candidate, Service


async def detected(service: Service, reader: Reader, plan: PlanFile, target: TargetEntry) -> Any:
    """Return the facts of one target.

    Raises:
        AzureError: CMK210 when nobody can make sense of what Azure shows of it, and as `Service.detect`.
    """
    with making_sense_of(target.resource_id):
        return await service.detect(reader, target, plan)


def candidates_of(service: Service, facts: Sequence[Any], plan: PlanFile) -> Sequence[Candidate]:
    """Return what *facts*, of a plan's targets in their order, make; they are judged together, as pairs are.

    Raises:
        AzureError: CMK210 naming a target that nobody can make sense of even alone.
    """
    try:
        return service.candidates(facts, plan)
    except CmkError:
        raise
    except Exception:
        for target, fact in zip(plan.targets, facts, strict=True):
            with making_sense_of(target.resource_id):
                service.candidates([fact], plan)
        raise
