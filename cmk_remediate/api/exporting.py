"""The export: a copy of an estate, for rehearsals on the embedded Azure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.clock import format_utc
from cmk_remediate.connection import Session
from cmk_remediate.connection.clouds import cloud_named
from cmk_remediate.engine.reads import EachOnce
from cmk_remediate.inventory import ExportedEstate, Gathering
from cmk_remediate.inventory.assembling import Estate
from cmk_remediate.inventory.kinds import SHARED, by_type
from cmk_remediate.inventory.scopes import parse
from cmk_remediate.services import services

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmk_remediate.model.protocols import Connection


async def export_estate(scopes: str | Sequence[str], *, connection: Connection) -> ExportedEstate:
    """Return a copy of what there is in *scopes*, without secrets, for `simulator.open(estate=...)`; sends only reads.

    Args:
        scopes: the id of a subscription (its GUID will do), a resource group or a management group; or several.
        connection: where Azure is.

    Raises:
        InputError: CMK122 when a scope cannot be exported or does not exist, CMK105 when the credential gives no token.
        AzureError: what there is in a scope could not be searched: no copy can be made.
    """
    chosen = parse([scopes] if isinstance(scopes, str) else scopes)
    session = Session(connection, read_only=True)
    caller, tenant = await session.caller(), await session.tenant()
    gathering = Gathering(EachOnce(session))
    kinds = by_type([*SHARED, *(kind for service in services().values() for kind in service.kinds)])
    suffix = cloud_named(connection.cloud).vault_suffix
    estate = Estate(gathering, kinds, tenant=tenant, vault_suffix=suffix)
    for scope in chosen:
        await estate.add(scope)
    now = format_utc(session.now())
    content = estate.content(operator=caller, cloud=connection.cloud, now=now)
    return ExportedEstate(
        content=content,
        scopes=tuple(scope.id.text for scope in chosen),
        made_at=now,
        made_by=caller,
        not_read=tuple(gathering.not_read),
        removed=tuple(estate.removed),
    )
