"""Azure SQL's logical servers as the rest of the library knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cmk_remediate.model.codec import Registry
from cmk_remediate.services.protectors.service import STEPS, ProtectorService
from cmk_remediate.services.sql.exported import KINDS
from cmk_remediate.steps.sql.sorts import SERVER

if TYPE_CHECKING:
    from cmk_remediate.model.inventory import Kind


class SqlService(ProtectorService):
    """Azure SQL logical servers: the server-level protector of transparent data encryption."""

    name: ClassVar[str] = "sql"
    resource_type: ClassVar[str] = SERVER
    steps: ClassVar[Registry] = Registry(*STEPS)
    looked_for: ClassVar[tuple[str, ...]] = (SERVER,)
    kinds: ClassVar[tuple[Kind, ...]] = KINDS
