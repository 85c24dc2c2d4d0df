"""What the two steps share that move a database to a key: its identity, and every key that goes along in the body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmk_remediate.model.decisions import Found, Read
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.values import UNKNOWN, Grant, KeyUri, Ref, promised
from cmk_remediate.services.sql.databases.body import NamedKey, OwnKey, without_port, words_of
from cmk_remediate.services.sql.databases.steps.base import ASSIGN, WRITE, DatabaseStep
from cmk_remediate.steps.sql.names import Protector
from cmk_remediate.steps.sql.register_server_key import protector, server_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def registered(keys: Iterable[Mapping[str, Any]], shown: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return the URIs of a server's customer keys: of those in its list, and of the protector *shown*."""
    current = Protector.of(shown or {})
    listed = [str(at_path(item, "properties.uri") or "") for item in keys]
    found = {uri.lower(): uri for uri in (*listed, current.uri if current.is_customer else "") if uri}
    return tuple(found.values())


@dataclass(frozen=True)
class MovingStep(DatabaseStep):
    """A step on the way to the plan's key.

    Azure shows only inside of a database which keys its active log files still need (``sys.dm_db_log_info``), and whether a PATCH
    merges the map of keys or replaces it is not documented. So each body names all there may be: the database's own, its
    protector, and, as long as it uses its server's, the server's; as they are when the step is decided.

    Attributes:
        identity: the only identity the database has, or gets.
        key: the key's ARM id.
        uri: its latest versioned URI, or the pinned one.
        access: the wait for the grant.
        pinned: the plan names the version.
        from_server: the database uses its server's customer key.
        without: keys of the server that cannot be used any more, as a review compares keys: Azure takes none of them.
    """

    identity: ResourceId
    key: ResourceId
    uri: KeyUri | Ref[KeyUri]
    access: Grant | Ref[Grant] | None = None
    pinned: bool = False
    from_server: bool = False
    without: tuple[str, ...] = ()

    def also_reads(self) -> tuple[Read, ...]:
        """Return also the server's protector, and its keys where they go along."""
        server = self.database.top_level
        keys = (server_keys(server),) if self.from_server else ()
        return (*super().also_reads(), Read(protector(server)), *keys)

    def probes(self) -> Ref[Grant] | None:
        """Return the grant: a late one refuses this."""
        return promised(self.access)

    def permissions(self) -> Permissions:
        """Return writing the database, and assigning its identity."""
        return (*self.needs(WRITE), Permission(ASSIGN, self.identity, "identity"))

    def finding_vaults(self) -> Permissions:
        """Return listing the vaults: a key that is in use names its vault, not where that is."""
        return (Permission("Microsoft.KeyVault/vaults/read", self.database.subscription_id, "vault", checkable=False),)

    @property
    def words(self) -> str:
        """The plan's key as a review compares it."""
        return f"{self.key.names[0]}_{self.key.name}".lower()

    def held(self, found: Found) -> tuple[str, ...]:
        """Return the URIs of the server's keys that go along."""
        if not self.from_server:
            return ()
        server = self.database.top_level
        uris = registered(found.reads.get(server_keys(server)) or (), found.reads.get(Read(protector(server))))
        return tuple(uri for uri in uris if NamedKey.of(uri).words not in self.without)

    def known(self, have: OwnKey, found: Found) -> dict[str, Any]:
        """Return ``properties.keys`` as a PATCH sends it, as far as known; none is ever named with null: that removes it."""
        ours = [] if isinstance(self.uri, Ref) else [without_port(self.uri)]
        return {uri: {} for uri in have.all_keys(*self.held(found), *ours)}

    def sent(self, known: dict[str, Any]) -> Any:
        """Return the same, or that it is unknown as long as the key's version is."""
        return UNKNOWN if isinstance(self.uri, Ref) else known

    def shown(self, have: OwnKey, found: Found) -> list[str]:
        """Return the keys that go along, and the plan's, as a review compares them."""
        return sorted({*words_of(have.all_keys(*self.held(found))), self.words})
