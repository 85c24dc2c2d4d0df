"""What Azure SQL's services are to the rest of the library: one class, told apart by the type of their targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from cmk_remediate.services.protectors import limits, remarks, state
from cmk_remediate.services.protectors.detect import Detection
from cmk_remediate.services.protectors.group import Group, groups
from cmk_remediate.services.protectors.insight import of_group
from cmk_remediate.services.protectors.joined import Looking, Looks
from cmk_remediate.services.protectors.recipe import Recipe
from cmk_remediate.services.service import Candidate
from cmk_remediate.steps.sql.attach_identity import AttachIdentity
from cmk_remediate.steps.sql.enable_tde import EnableTde
from cmk_remediate.steps.sql.register_server_key import RegisterServerKey
from cmk_remediate.steps.sql.restore_protector import RestoreProtector
from cmk_remediate.steps.sql.set_primary_identity import SetPrimaryIdentity
from cmk_remediate.steps.sql.set_protector import SetProtector
from cmk_remediate.steps.sql.switch_in_one_patch import SwitchInOnePatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmk_remediate.model.codec import Registry
    from cmk_remediate.model.inventory import Kind
    from cmk_remediate.planfile.schema import PlanFile
    from cmk_remediate.services.protectors.facts import SqlFacts

STEPS = (
    AttachIdentity,
    EnableTde,
    RegisterServerKey,
    RestoreProtector,
    SetPrimaryIdentity,
    SetProtector,
    SwitchInOnePatch,
)
"""The steps of whatever has a protector."""


class ProtectorService(Looking):
    """A service whose targets have a protector of transparent data encryption."""

    name: ClassVar[str]
    resource_type: ClassVar[str]
    steps: ClassVar[Registry]
    looked_for: ClassVar[tuple[str, ...]]
    kinds: ClassVar[tuple[Kind, ...]]
    looks: ClassVar[Looks] = Looks(
        limits.check_plan, lambda reader, plan, target: Detection(reader, plan, target).run(), Recipe, of_group
    )

    def candidates(self, facts: Sequence[SqlFacts], plan: PlanFile) -> tuple[Candidate, ...]:
        """Judge what was read, joining servers that replicate to each other; pure."""
        found = groups(facts, plan)
        crowded: dict[Any, list[Any]] = {}
        for group, note in remarks.on_vaults(found):
            crowded.setdefault(group.id, []).append(note)
        return tuple(_candidate(group, plan, crowded.get(group.id, [])) for group in found)


def _candidate(group: Group, plan: PlanFile, more: list[Any]) -> Candidate:
    blocked = limits.judge(group, plan)
    return Candidate(
        group.id,
        tuple(server.id for server in group.servers) or (group.id,),
        state.of_group(group),
        group.compliant,
        blocked,
        (*remarks.of_group(group, blocked=blocked is not None), *more),
        group,
    )
