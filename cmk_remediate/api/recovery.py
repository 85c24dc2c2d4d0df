"""What every review says about recovery: of each vault, where its keys are, what restores them, and who would know of their use."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.api.audit import audit_note
from cmk_remediate.errors import AzureError
from cmk_remediate.model.decisions import Read
from cmk_remediate.model.json_types import at_path
from cmk_remediate.model.review import Note

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cmk_remediate.codes.code import Code
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.model.outcomes import Reader

_BOTH_WAYS = (
    ("australiaeast", "australiasoutheast"),
    ("canadacentral", "canadaeast"),
    ("centralus", "eastus2"),
    ("chinaeast", "chinanorth"),
    ("chinaeast2", "chinanorth2"),
    ("chinaeast3", "chinanorth3"),
    ("eastasia", "southeastasia"),
    ("eastus", "westus"),
    ("francecentral", "francesouth"),
    ("germanynorth", "germanywestcentral"),
    ("japaneast", "japanwest"),
    ("koreacentral", "koreasouth"),
    ("northcentralus", "southcentralus"),
    ("northeurope", "westeurope"),
    ("norwayeast", "norwaywest"),
    ("southafricanorth", "southafricawest"),
    ("swedencentral", "swedensouth"),
    ("switzerlandnorth", "switzerlandwest"),
    ("uaecentral", "uaenorth"),
    ("uksouth", "ukwest"),
    ("usgovtexas", "usgovvirginia"),
    ("westcentralus", "westus2"),
)
PAIRS: Mapping[str, str] = MappingProxyType(
    {a: b for one, other in _BOTH_WAYS for a, b in ((one, other), (other, one))}
)
"""The region that Azure replicates a vault to (learn.microsoft.com, "Azure paired regions" and "Key Vault availability and
redundancy"). Left out, so not known: regions without a pair, and pairs that hold one way only, as Brazil South's."""


async def recovery_notes(reader: Reader, vaults: Iterable[ResourceId], said: Sequence[Note]) -> tuple[Note, ...]:
    """Return what is to be said of each of *vaults* that exists, less what *said* says already; only reads."""
    found: list[Note] = []
    covered = any(note.code == codes.notes.RESTORE_NEEDS for note in said)
    for vault in sorted(set(vaults)):
        try:
            body = (await reader.read(Read(vault))).body
        except AzureError:
            body = {}
        if body is not None:
            found.extend(_of_vault(vault, str(at_path(body, "location") or "")))
            found.append(await audit_note(reader, vault))
            if not covered:
                text = f"what a key of {vault.name} encrypts is restored with that key only, in the version of its time"
                found.append(_note(codes.notes.RESTORE_NEEDS, vault, text))
    return tuple(found)


def _of_vault(vault: ResourceId, location: str) -> Iterator[Note]:
    region = location.replace(" ", "").lower()
    pair = PAIRS.get(region)
    if pair:
        text = f"{vault.name} is in {region}; Azure replicates it to {pair}"
        yield _note(codes.notes.VAULT_REGION, vault, text)
    else:
        text = f"{vault.name} is in {region or 'a region that was not shown'}; its pair is not known here"
        yield _note(codes.notes.VAULT_REGION_UNKNOWN, vault, text)
    yield _note(codes.notes.KEY_BACKUP, vault, f"whether anybody holds a backup of a key of {vault.name} is not known")
    text = f"a key backup is restored only into a vault of subscription {vault.subscription} in the same geography"
    yield _note(codes.notes.KEY_RESTORE_SCOPE, vault, text)


def _note(code: Code, vault: ResourceId, text: str) -> Note:
    return Note(code=str(code), scope=vault.text, text=text)
