"""What servers need: the keys that encrypt them, their replicas and their backups within retention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator.monitor.declared import Use, permits, reaches
from cmk_remediate.simulator.providers.common import (
    KEY_ACTIONS,
    key_id,
    key_version,
    parse_key_uri,
    properties_of,
    vault_named,
)
from cmk_remediate.simulator.providers.sql import backups
from cmk_remediate.simulator.providers.sql.names import SERVER, on_customer_key, partners, primary_principal, thumb_of

if TYPE_CHECKING:
    from cmk_remediate.simulator.world import World

CURRENT, BACKUP, REPLICA = "its protector", "a backup within retention", "a replica"


@dataclass(frozen=True)
class Need:
    """A key version a server needs.

    Attributes:
        thumb: its thumbprint.
        why: what needs it.
        available: whether the server can use it by what is declared.
        missing: what is in the way, or empty.
    """

    thumb: str
    why: str
    available: bool
    missing: str = ""


@dataclass(frozen=True)
class Standing:
    """A server as its keys see it.

    Attributes:
        principal: the object id it reaches vaults with.
        vaults: the vaults its needs are in, lower case.
        needs: by thumbprint.
    """

    principal: str
    vaults: tuple[str, ...]
    needs: dict[str, Need]


def standing(world: World, server: ResourceId) -> Standing:
    """Return what *server* needs, and whether it has it."""
    body = world.get(server)
    principal = primary_principal(world, body).lower()
    reasons: dict[str, str] = {}
    used = on_customer_key(world, server)
    if used:
        reasons[thumb_of(world, used.get("uri"))] = CURRENT
    for database, _ in world.children(server, "databases"):
        for thumb in backups.needed(world, database):
            reasons.setdefault(thumb, BACKUP)
    known = {
        str(properties_of(one).get("thumbprint") or ""): str(properties_of(one).get("uri") or "")
        for _, one in world.children(server, "keys")
    }
    if reasons or len(known) > 1:
        for partner, role in partners(world, server):
            theirs = on_customer_key(world, partner)
            thumb = thumb_of(world, theirs.get("uri")) if theirs and role == "Primary" else ""
            if thumb in known:
                reasons.setdefault(thumb, REPLICA)
    vaults: dict[str, None] = {}
    needs: dict[str, Need] = {}
    for thumb, why in reasons.items():
        text = known.get(thumb, "")
        uri = parse_key_uri(text)
        vault = vault_named(world, uri.vault) if uri else None
        if vault is not None:
            vaults[vault.key] = None
        missing = _missing(world, server, principal, text) if text else "its server key"
        needs[thumb] = Need(thumb, why, not missing, missing)
    return Standing(principal, tuple(vaults), needs)


def _missing(world: World, server: ResourceId, principal: str, text: str) -> str:
    """Return what keeps *server* from the key *text*, or empty; a vault outside this Azure counts as there."""
    uri = parse_key_uri(text)
    key = key_id(world, uri) if uri else None
    if uri is None or key is None:
        return ""
    version = key_version(world, key, uri.version)
    if version is None:
        return "the key version"
    if (properties_of(version).get("attributes") or {}).get("enabled") is False:
        return "the key version, which is disabled"
    if not principal:
        return "the identity"
    if not reaches(world, str(server), key.top_level.key):
        return "the network path to the vault"
    if not all(permits(world, Use(principal, action, key.key)) for action in KEY_ACTIONS):
        return "the right to use the key"
    return ""


class Servers:
    """Every server's standing, as the monitor last saw it.

    Attributes:
        standing: by the server's id in lower case.
    """

    def __init__(self, world: World) -> None:
        """Know none yet."""
        self._world = world
        self.standing: dict[str, Standing] = {}
        self._by_principal: dict[str, dict[str, None]] = {}
        self._by_vault: dict[str, dict[str, None]] = {}

    def take(self) -> None:
        """Take every server as it is now."""
        self.standing, self._by_principal, self._by_vault = {}, {}, {}
        for key in self._world.index.of_type(SERVER.lower()):
            self._keep(key, standing(self._world, ResourceId(key)))

    def _keep(self, server: str, found: Standing) -> None:
        self.standing[server] = found
        self._by_principal.setdefault(found.principal, {})[server] = None
        for vault in found.vaults:
            self._by_vault.setdefault(vault, {})[server] = None

    def in_vault(self, vault: str) -> dict[str, None]:
        """Return the servers with a need in *vault*."""
        return self._by_vault.get(vault, {})

    def with_principal(self, who: str) -> dict[str, None]:
        """Return the servers that reach vaults as *who*."""
        return self._by_principal.get(who, {})

    def lost(self, server: str) -> list[tuple[Need, bool]]:
        """Look again; return the needs that are unmet now and were met, or that are new: (need, whether it is new)."""
        before = self.standing.get(server)
        if self._world.get(server) is None:
            self.standing.pop(server, None)
            return []
        after = standing(self._world, ResourceId(server))
        self._keep(server, after)
        found = []
        for thumb, need in after.needs.items():
            had = before.needs.get(thumb) if before else None
            newly = had is None and need.why == CURRENT
            if not need.available and (newly or (had is not None and had.available)):
                found.append((need, newly))
        return found
