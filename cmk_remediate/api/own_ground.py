"""What a run stands on is never what it changes: its run store's account, that account's vault, and the identity that runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.errors import RefusedError
from cmk_remediate.model.decisions import Change
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.model.review import Note
from cmk_remediate.model.run_address import is_remote, parse_address
from cmk_remediate.steps import reads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.engine.project import Projected
    from cmk_remediate.model.outcomes import Reader

_ACCOUNT = "Microsoft.Storage/storageAccounts"
_IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
_VAULT = "Microsoft.KeyVault/vaults"


async def refuse_own_ground(
    runs: str, projected: Mapping[str, Projected], reader: Reader, caller: str
) -> tuple[Note, ...]:
    """Refuse a run that would change what it stands on; return what could not be found out about that; only reads.

    A storage account's name is unique in its cloud (learn.microsoft.com, "Storage account overview"). Which vault it uses, a search
    for resources that name the vault's URI tells.

    Raises:
        RefusedError: CMK531.
    """
    written: dict[ResourceId, str] = {}
    for item in projected.values():
        address = item.step.address()
        if isinstance(item.decision, Change) and isinstance(address, ResourceId) and address.scope is None:
            principal = str(at_path(item.found.body, "properties.principalId") or "")
            written.setdefault(address.top_level, principal if address.is_type(_IDENTITY) else "")
    for resource, principal in written.items():
        if principal and principal.lower() == caller.lower():
            raise _refused(resource, "it is the identity that runs this")
    return await _of_store(runs, sorted(written), reader) if is_remote(runs) else ()


async def _of_store(runs: str, written: list[ResourceId], reader: Reader) -> tuple[Note, ...]:
    account = parse_address(runs).account
    unknown: list[Note] = []
    for resource in written:
        if resource.is_type(_ACCOUNT) and resource.name.lower() == account:
            raise _refused(resource, "the run store is in it")
        if not resource.is_type(_VAULT):
            continue
        rows = (await reader.read(reads.resources_naming(resource))).body
        if not isinstance(rows, list):
            text = f"whether the run store's account {account} uses a key of {resource.name} was not found out"
            unknown.append(Note(code=str(codes.notes.NOT_CHECKED), scope=resource.text, text=text))
        elif any(_is_account(str(at_path(row, "id")), account) for row in rows):
            raise _refused(resource, f"the run store's account {account} is encrypted with a key of it")
    return tuple(unknown)


def _is_account(text: str, account: str) -> bool:
    return text.lower().endswith(f"/providers/{_ACCOUNT.lower()}/{account}")


def _refused(resource: ResourceId, why: str) -> RefusedError:
    return RefusedError(codes.engine.STORE_IS_TARGET, why, resource=resource.text)
