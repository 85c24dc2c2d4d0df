"""Azure SQL databases with a key of their own, as the rest of the library knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cmk_remediate.model.codec import Registry
from cmk_remediate.services.protectors.joined import Looking, Looks
from cmk_remediate.services.service import Candidate
from cmk_remediate.services.sql.databases import limits, remarks, state
from cmk_remediate.services.sql.databases.body import DATABASE
from cmk_remediate.services.sql.databases.detect import Detection
from cmk_remediate.services.sql.databases.exported import KINDS
from cmk_remediate.services.sql.databases.insight import of_target
from cmk_remediate.services.sql.databases.recipe import Recipe
from cmk_remediate.services.sql.databases.steps.add_database_keys import AddDatabaseKeys
from cmk_remediate.services.sql.databases.steps.restore_database_key import RestoreDatabaseKey
from cmk_remediate.services.sql.databases.steps.set_database_protector import SetDatabaseProtector
from cmk_remediate.services.sql.databases.target import Target, targets
from cmk_remediate.steps.sql.enable_tde import EnableTde

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmk_remediate.model.inventory import Kind
    from cmk_remediate.model.review import Note
    from cmk_remediate.planfile.schema import PlanFile
    from cmk_remediate.services.sql.databases.facts import DatabaseFacts


class SqlDatabaseService(Looking):
    """Azure SQL databases: a customer-managed key of the database's own, beside its server's protector."""

    name: ClassVar[str] = "sql-database"
    resource_type: ClassVar[str] = DATABASE
    steps: ClassVar[Registry] = Registry(AddDatabaseKeys, EnableTde, RestoreDatabaseKey, SetDatabaseProtector)
    looked_for: ClassVar[tuple[str, ...]] = ()
    kinds: ClassVar[tuple[Kind, ...]] = KINDS
    looks: ClassVar[Looks] = Looks(
        limits.check_plan, lambda reader, plan, target: Detection(reader, plan, target).run(), Recipe, of_target
    )

    def candidates(self, facts: Sequence[DatabaseFacts], plan: PlanFile) -> tuple[Candidate, ...]:
        """Judge what was read, joining databases that replicate to each other; pure."""
        found = targets(facts, plan)
        crowded = remarks.on_vaults(found)
        return tuple(_candidate(one, plan, [note for about, note in crowded if about == one.id]) for one in found)


def _candidate(target: Target, plan: PlanFile, more: list[Note]) -> Candidate:
    blocked = limits.judge(target, plan)
    return Candidate(
        target.id,
        tuple(replica.id for replica in target.replicas) or (target.id,),
        state.of_target(target),
        target.compliant,
        blocked,
        (*remarks.of_target(target, blocked=blocked is not None), *more),
        target,
    )
