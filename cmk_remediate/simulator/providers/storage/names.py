"""What the modules of Microsoft.Storage share: types, api-versions, and reading accounts and scopes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator.identities import attached
from cmk_remediate.simulator.providers.common import key_id, latest_version, parse_key_uri, properties_of

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Json
    from cmk_remediate.simulator.world import World

ACCOUNT = "Microsoft.Storage/storageAccounts"
SCOPE = f"{ACCOUNT}/encryptionScopes"
API_VERSIONS = (
    "2026-09-01",
    "2026-04-01",
    "2025-08-01",
    "2025-06-01",
    "2024-01-01",
    "2023-05-01",
    "2023-01-01",
    "2022-09-01",
    "2021-09-01",
    "2021-06-01",
    "2021-04-01",
    "2021-02-01",
    "2021-01-01",
    "2019-06-01",
)
"""azure-mgmt-storage 25.3 asks for the first, the Azure CLI 2.91 for 2025-08-01; the older ones are in its recordings."""
CUSTOMER, PLATFORM = "Microsoft.Keyvault", "Microsoft.Storage"
NEVER = "1970-01-01T00:00:00.0000000Z"
"""Recorded: ``currentVersionedKeyExpirationTimestamp`` of a key that does not expire."""


def encryption_of(account: Json | None) -> Json:
    """Return an account's ``encryption``, or an empty object."""
    found = properties_of(account).get("encryption")
    return found if isinstance(found, dict) else {}


def on_customer_key(account: Json | None) -> bool:
    """Say whether an account is on a customer's key."""
    return str(encryption_of(account).get("keySource")).lower() == CUSTOMER.lower()


def key_text(account: Json | None) -> str:
    """Return the URI of the key an account names, its version only where it is pinned; empty on platform keys."""
    return text_of(encryption_of(account)) if on_customer_key(account) else ""


def text_of(encryption: Json) -> str:
    """Return the URI of the key that ``keyvaultproperties`` names; empty where it names none."""
    key = encryption.get("keyvaultproperties") or {}
    uri, name, version = (str(key.get(one) or "") for one in ("keyvaulturi", "keyname", "keyversion"))
    if not uri or not name:
        return ""
    return "/".join([uri.rstrip("/"), "keys", name, *([version] if version else [])])


def scope_key(scope: Json | None) -> str:
    """Return the URI of the key a scope names; empty on platform keys."""
    properties = properties_of(scope)
    if str(properties.get("source")).lower() != CUSTOMER.lower():
        return ""
    return str((properties.get("keyVaultProperties") or {}).get("keyUri") or "").rstrip("/")


def reads_as(account: Json | None) -> str:
    """Return the user-assigned identity that ``encryption.identity`` names, in lower case; empty for the system-assigned one."""
    return str((encryption_of(account).get("identity") or {}).get("userAssignedIdentity") or "").lower()


def principal_of(world: World, account: Json | None) -> str:
    """Return the object id an account reaches its vault with, or empty.

    A scope of an account on platform keys, which names no identity for a key, goes by the one that is attached.
    """
    identity = (account or {}).get("identity") or {}
    named = reads_as(account)
    if not named and not on_customer_key(account):
        named = next((one.lower() for one in attached(identity)), "")
    if not named:
        return str(identity.get("principalId") or "")
    if named not in {one.lower() for one in attached(identity)}:
        return ""
    return str(properties_of(world.get(named)).get("principalId") or "")


def versioned(world: World, text: str) -> str:
    """Return *text* with the version in use: the one it names, else the latest; as it is for a key not in this Azure."""
    uri = parse_key_uri(text)
    key = key_id(world, uri) if uri else None
    body = world.get(key) if key else None
    if uri is None or uri.version or body is None:
        return text
    return f"{text}/{latest_version(body)}"


def scopes_of(world: World, account: ResourceId) -> list[tuple[ResourceId, Json]]:
    """Return the encryption scopes of an account, with their bodies."""
    found = [world.spelled(key) for key in world.index.children(account.key, SCOPE.lower())]
    return [(one, world.get(one) or {}) for one in found]
