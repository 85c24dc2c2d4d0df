"""A key and its vault as found; only reads, each thing once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmk_remediate.model.decisions import Read
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject
from cmk_remediate.steps import asking, reads, vault_state

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cmk_remediate.model.outcomes import Reader


@dataclass(frozen=True)
class KeyFacts:
    """A key and its vault.

    Attributes:
        key: the key's ARM id; None when its vault was not found.
        vault: the vault's body; None when it does not exist or was not shown.
        body: the key's body; None when it does not exist or was not shown.
        refused: why something was not shown; empty when nothing was refused.
        deleted: the subscription's deleted vaults, if the vault does not exist.
        named: the version that the resource in question names; empty where it names none, or is not asked about.
        version: that version's body; None where it does not exist or was not shown.
    """

    key: ResourceId | None
    vault: JsonObject | None
    body: JsonObject | None
    refused: str = ""
    deleted: tuple[JsonObject, ...] = ()
    named: str = ""
    version: JsonObject | None = None

    @property
    def in_use(self) -> JsonObject | None:
        """What the resource uses: the version it names, else the key, whose body tells of its latest version."""
        return self.version if self.named else self.body

    @property
    def host(self) -> str:
        """The vault's endpoint without a trailing slash; empty if the vault was not shown."""
        return vault_state.uri(self.vault) if self.vault is not None else ""


async def read_key(reader: Reader, key: ResourceId) -> KeyFacts:
    """Return *key* and its vault; where the vault is gone, the deleted ones beside it."""
    refusals: list[str] = []
    vault = await asking.body_of(reader, key.top_level, refusals)
    body = await asking.body_of(reader, key, refusals) if vault is not None else None
    absent = vault is None and not refusals
    deleted = tuple(await asking.items_of(reader, reads.deleted_vaults(key.top_level), [])) if absent else ()
    return KeyFacts(key, vault, body, "; ".join(refusals), deleted)


async def find_vault(
    reader: Reader, name: str, named: Iterable[ResourceId], places: Iterable[ResourceId], refusals: list[str]
) -> ResourceId | None:
    """Return the id of the vault called *name*, whose names are unique in a cloud.

    One of *named*, else one of the subscriptions that *places* are in, asked in their order and then those of *named*: a geo
    partner's key may lie beside the target.
    """
    vaults = tuple(named)
    for vault in vaults:
        if vault.name.lower() == name.lower():
            return vault
    for subscription in dict.fromkeys(one.subscription_id for one in (*places, *vaults)):
        for item in await asking.items_of(reader, Read(subscription, "list:vaults"), refusals):
            if str(item.get("name")).lower() == name.lower():
                return ResourceId.parse(item["id"])
    return None


async def read_named_key(
    reader: Reader, vault: str, key: str, named: Iterable[ResourceId], places: Iterable[ResourceId]
) -> KeyFacts:
    """Return the key *key* of the vault called *vault*, looked for as `find_vault` does."""
    refusals: list[str] = []
    found = await find_vault(reader, vault, named, places, refusals)
    if found is None:
        return KeyFacts(None, None, None, "; ".join(refusals))
    return await read_key(reader, found.child("keys", key))
