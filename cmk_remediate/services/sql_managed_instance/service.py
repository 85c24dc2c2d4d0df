"""Azure SQL managed instances as the rest of the library knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cmk_remediate.model.codec import Registry
from cmk_remediate.services.protectors.service import ProtectorService
from cmk_remediate.services.sql_managed_instance.exported import KINDS
from cmk_remediate.steps.sql.attach_identity import AttachIdentity
from cmk_remediate.steps.sql.enable_tde import EnableTde
from cmk_remediate.steps.sql.prove_access import ProveAccess
from cmk_remediate.steps.sql.register_server_key import RegisterServerKey
from cmk_remediate.steps.sql.restore_protector import RestoreProtector
from cmk_remediate.steps.sql.set_primary_identity import SetPrimaryIdentity
from cmk_remediate.steps.sql.set_protector import SetProtector
from cmk_remediate.steps.sql.sorts import INSTANCE
from cmk_remediate.steps.sql.switch_in_one_patch import SwitchInOnePatch

if TYPE_CHECKING:
    from cmk_remediate.model.inventory import Kind


class ManagedInstanceService(ProtectorService):
    """Azure SQL managed instances: the instance-level protector of transparent data encryption."""

    name: ClassVar[str] = "sql-managed-instance"
    resource_type: ClassVar[str] = INSTANCE
    steps: ClassVar[Registry] = Registry(
        AttachIdentity,
        EnableTde,
        ProveAccess,
        RegisterServerKey,
        RestoreProtector,
        SetPrimaryIdentity,
        SetProtector,
        SwitchInOnePatch,
    )
    kinds: ClassVar[tuple[Kind, ...]] = KINDS
