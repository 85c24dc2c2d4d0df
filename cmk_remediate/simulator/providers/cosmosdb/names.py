"""What the modules of Microsoft.DocumentDB share: types, api-versions, how operations look, and reading accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.declare import Json, LongRunning, Switch, Write
from cmk_remediate.simulator.providers.common import key_id, key_version, latest_version, parse_key_uri, properties_of

if TYPE_CHECKING:
    from cmk_remediate.simulator.world import World

ACCOUNT = "Microsoft.DocumentDB/databaseAccounts"
SHOWS_CHANGE_FEED = ("2024-02-15-preview", "2024-08-15", "2024-09-01-preview", "2024-11-15")
SHOWS_VIEWS = (
    "2023-03-01-preview",
    "2023-03-15-preview",
    "2023-09-15-preview",
    "2024-02-15-preview",
    "2024-09-01-preview",
)
"""The api-versions whose recorded answers have enableFullFidelityChangeFeed and enableMaterializedViews (Azure/azure-cli,
Azure/azure-service-operator)."""
API_VERSIONS = tuple(
    dict.fromkeys(
        (
            "2026-03-15",
            "2025-10-15",
            "2025-04-15",
            *SHOWS_CHANGE_FEED,
            *SHOWS_VIEWS,
            "2024-05-15",
            "2023-11-15",
            "2021-10-15",
        )
    )
)
"""azure-mgmt-cosmosdb 10.0 asks for the first."""

FIRST_PARTY, SYSTEM, UNDEFINED = "FirstPartyIdentity", "SystemAssignedIdentity", "Undefined"
USER = "UserAssignedIdentity="
APPLICATION = "a232010e-820c-4083-83bb-3ace5fc29d0b"
"""Cosmos DB's own (learn.microsoft.com, "Configure customer-managed keys for Azure Cosmos DB"). In a directory that names no
principal of it, this is its object id too."""
CONFIRMED = "Access to the configured customer managed key confirmed. "
"""As recorded, the blank at its end included (Azure/azure-cli)."""
REVOKED = "Access to your account is currently revoked"

SHORT = (20.0, 40.0)
"""Recorded: an identity's PATCH takes about half a minute (Azure/azure-cli, test_cosmosdb_managed_service_identity)."""
HOURS = (7200.0, 21600.0)
"""Encrypting what is there "depends on the size of the data"; hours are our choice within that."""
SLOW = Switch("cosmos-key-takes-hours", "Setting the first customer-managed key of an account runs for hours.")


def operation_of(write: Write) -> LongRunning | None:
    """Return the operation that *write* starts; a PATCH that names nothing starts none."""
    if write.method == "PATCH" and not any(
        write.sent.get(name) for name in ("identity", "properties", "tags", "location")
    ):
        return None
    seconds, visible, changing = SHORT, "after", "Updating"
    if sets_key(write):
        first = not properties_of(write.old).get("keyVaultKeyUri")
        hours = first or write.world.doubt(doubts.COSMOS_KEY_CHANGE) == "hours"
        seconds = HOURS if hours and write.world.switch(SLOW.name) else SHORT
        reading = write.world.doubt(doubts.COSMOS_KEY_MEANWHILE)
        visible = "after" if reading == "old-updating" else "before"
        changing = "" if reading == "new-succeeded" else changing
    return LongRunning(
        seconds=seconds,
        path="locations/{location}/operationsStatus/{id}",
        result_path="databaseAccounts/{name}/operationResults/{id}",
        under="subscription",
        result_under="group",
        visible="before" if visible == "before" else "after",
        retry_after=None,
        shows=("status",),
        running=("Enqueued", "Dequeued"),
        states=("Creating", changing),
    )


def sets_key(write: Write) -> bool:
    """Say whether *write* gives an existing account another key."""
    asked = str(properties_of(write.sent).get("keyVaultKeyUri") or "")
    had = str(properties_of(write.old).get("keyVaultKeyUri") or "")
    return write.old is not None and bool(asked) and asked.rstrip("/").lower() != had.rstrip("/").lower()


def principal_of(world: World, account: Json | None) -> str:
    """Return the object id an account reaches its vault with, or empty."""
    chosen = str(properties_of(account).get("defaultIdentity") or FIRST_PARTY)
    identity = (account or {}).get("identity") or {}
    if chosen.startswith(USER):
        wanted = chosen.removeprefix(USER).split("&", maxsplit=1)[0].lower()
        if wanted not in {name.lower() for name in identity.get("userAssignedIdentities") or {}}:
            return ""
        return str(properties_of(world.get(wanted)).get("principalId") or "")
    if chosen == SYSTEM:
        return str(identity.get("principalId") or "")
    return _first_party(world) if chosen == FIRST_PARTY else ""


def _first_party(world: World) -> str:
    known = (key for key, one in world.principals.items() if str(one.get("clientId", "")).lower() == APPLICATION)
    return next(known, APPLICATION)


def version_in_use(world: World, text: str) -> str:
    """Return the version of the key *text*: the one it names, else the latest; empty for a key not in this Azure."""
    uri = parse_key_uri(text)
    key = key_id(world, uri) if uri else None
    if uri is None or key is None or key_version(world, key, uri.version) is None:
        return ""
    return uri.version or latest_version(world.get(key) or {})


def revoked(account: Json | None) -> bool:
    """Say whether an account has lost its key."""
    return str(properties_of(account).get("customerManagedKeyStatus") or "").startswith(REVOKED)
