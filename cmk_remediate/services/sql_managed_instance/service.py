"""Azure SQL managed instances as the rest of the library knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cmk_remediate.model.codec import Registry
from cmk_remediate.services.protectors.service import STEPS, ProtectorService
from cmk_remediate.services.sql_managed_instance.exported import KINDS
from cmk_remediate.steps.sql.prove_access import ProveAccess
from cmk_remediate.steps.sql.sorts import INSTANCE

if TYPE_CHECKING:
    from cmk_remediate.model.inventory import Kind


class ManagedInstanceService(ProtectorService):
    """Azure SQL managed instances: the instance-level protector of transparent data encryption."""

    name: ClassVar[str] = "sql-managed-instance"
    resource_type: ClassVar[str] = INSTANCE
    steps: ClassVar[Registry] = Registry(*STEPS, ProveAccess)
    looked_for: ClassVar[tuple[str, ...]] = (INSTANCE,)
    kinds: ClassVar[tuple[Kind, ...]] = KINDS
