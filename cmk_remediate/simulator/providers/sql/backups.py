"""What each database's backups are encrypted with, minute by minute.

learn.microsoft.com, "Transparent data encryption with customer-managed key", "Database backup and restore": a backup keeps the
protector it was taken with, so restoring needs every key that was protector in the range.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator.declare import Json, SetHidden, Switch
from cmk_remediate.simulator.providers.common import properties_of
from cmk_remediate.simulator.providers.sql.names import KEY_VAULT, SERVICE_MANAGED, UNENCRYPTED, protector_of, thumb_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Change
    from cmk_remediate.simulator.world import World

CHAINS = Switch(
    "sql-backup-chains", "Databases keep the keys their backups were taken with; restoring needs each of them."
)
DAY = 86400.0
_DEFAULT_DAYS = 7  # learn.microsoft.com: Automated backups in Azure SQL Database
_SEEDED_DAYS = 35


def retention(world: World, database: ResourceId) -> float:
    """Return the seconds for which *database* can be restored to a point in time."""
    policy = properties_of(world.get(database.child("backupShortTermRetentionPolicies", "default")))
    return float(policy.get("retentionDays", _DEFAULT_DAYS)) * DAY


def is_user(database: ResourceId) -> bool:
    """Say whether a database is a user's: the service's own are not the customer's to encrypt."""
    return database.name.lower() != "master"


def encrypted(world: World, database: ResourceId) -> bool:
    """Say whether transparent data encryption is on."""
    return bool(
        properties_of(world.get(database.child("transparentDataEncryption", "current"))).get("state") == "Enabled"
    )


def thumb_now(world: World, database: ResourceId, protector: Json | None = None) -> str:
    """Return the thumbprint of the key a backup taken now needs: of a key, ``ServiceManaged`` or ``none``."""
    if not encrypted(world, database):
        return UNENCRYPTED
    own = properties_of(world.get(database)).get("encryptionProtector")
    if own:
        return thumb_of(world, own)
    properties = properties_of(world.get(protector_of(database.top_level))) if protector is None else protector
    if properties.get("serverKeyType") != KEY_VAULT:
        return SERVICE_MANAGED
    return str(properties.get("thumbprint") or "") or thumb_of(world, properties.get("uri"))


def chain(world: World, database: ResourceId) -> list[tuple[float, str]]:
    """Return from when on which key was needed, oldest first."""
    return [(float(since), str(thumb)) for since, thumb in world.hidden(database).get("backups", ())]


def needed(world: World, database: ResourceId) -> list[str]:
    """Return the thumbprints that restoring to every minute within retention needs, each once, oldest first."""
    if not world.switch(CHAINS.name):
        return []
    edge = world.stamp - retention(world, database)
    links = chain(world, database)
    found: dict[str, None] = {}
    for index, (_, thumb) in enumerate(links):
        until = links[index + 1][0] if index + 1 < len(links) else world.stamp
        if until >= edge:
            found[thumb] = None
    return [thumb for thumb in found if thumb not in (SERVICE_MANAGED, UNENCRYPTED, "")]


def thumb_with(world: World, database: ResourceId, own: str) -> str:
    """Return the thumbprint of the key a backup needs once *database* has *own*, a URI or empty, as a key of its own."""
    if not encrypted(world, database):
        return UNENCRYPTED
    properties = properties_of(world.get(protector_of(database.top_level)))
    if own or properties.get("serverKeyType") == KEY_VAULT:
        return thumb_of(world, own or properties.get("uri"))
    return SERVICE_MANAGED


def appended(world: World, database: ResourceId, thumb: str) -> Iterator[Change]:
    """Go through what continues a database's chain with another key from now."""
    links = chain(world, database)
    if not links or links[-1][1] != thumb:
        edge = world.stamp - _SEEDED_DAYS * DAY
        kept = [
            list(pair) for index, pair in enumerate(links) if index + 1 >= len(links) or links[index + 1][0] >= edge
        ]
        yield SetHidden(database, {"backups": [*kept, [world.stamp, thumb]]})


def rekeyed(world: World, server: ResourceId, protector: Json) -> Iterator[Change]:
    """Go through what a protector's change adds to the chains of a server's databases."""
    for database, _ in world.children(server, "databases"):
        if is_user(database):
            yield from appended(world, database, thumb_now(world, database, protector))


def begun(world: World, database: ResourceId) -> Iterator[Change]:
    """Go through what starts or continues one database's chain from now."""
    if is_user(database):
        yield from appended(world, database, thumb_now(world, database))


def seeded(world: World, database: ResourceId) -> Iterator[Change]:
    """Start the chain of a database of the estate: as it is now, so it was."""
    if is_user(database) and not chain(world, database):
        yield SetHidden(database, {"backups": [[world.stamp - _SEEDED_DAYS * DAY, thumb_now(world, database)]]})
