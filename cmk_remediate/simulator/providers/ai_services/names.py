"""What the modules of Microsoft.CognitiveServices share: types, api-versions, how operations look, and reading accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.declare import Json, LongRunning, Write
from cmk_remediate.simulator.providers.common import latest_version, properties_of
from cmk_remediate.simulator.providers.key_access import named_key

if TYPE_CHECKING:
    from cmk_remediate.simulator.world import World

ACCOUNT = "Microsoft.CognitiveServices/accounts"
API_VERSIONS = (
    "2025-09-01",
    "2026-05-15-preview",
    "2025-06-01",
    "2025-04-01-preview",
    "2024-10-01",
    "2024-06-01-preview",
    "2023-05-01",
    "2022-12-01",
    "2022-10-01",
    "2021-10-01",
    "2021-04-30",
    "2017-04-18",
)
"""azure-mgmt-cognitiveservices 14.1 asks for the first, az 2.91 for the second."""
KEY_VAULT, OWN = "Microsoft.KeyVault", "Microsoft.CognitiveServices"

SHORT = (1.0, 5.0)
"""Recorded: the operation of an identity's PATCH takes a second (Azure/azure-cli, test_cognitiveservices_identity)."""
LONGER = (20.0, 180.0)
"""Of a change of the key: within what acceptance tests of hashicorp/terraform-provider-azurerm take as a whole, our choice."""


def operation_of(write: Write) -> LongRunning:
    """Return the operation that *write* starts."""
    keyed = "encryption" in properties_of(write.sent)
    return LongRunning(
        seconds=LONGER if keyed else SHORT,
        path="locations/{location}/operationResults/{id}",
        style="azure-async" if write.creates else "both",
        under="subscription",
        visible=doubts.AI_ENCRYPTION_MEANWHILE if keyed else "before",
        retry_after=None,
        running=("Creating" if write.creates else "Updating",),
        states=("Creating", "Accepted"),
    )


def encryption_of(account: Json | None) -> dict[str, Any]:
    """Return ``properties.encryption``, or an empty object."""
    found = properties_of(account).get("encryption")
    return found if isinstance(found, dict) else {}


def key_of(account: Json | None) -> dict[str, Any]:
    """Return the ``keyVaultProperties`` of an account on a customer's key; empty for any other."""
    return key_named(encryption_of(account))


def key_named(encryption: Json) -> dict[str, Any]:
    """Return the ``keyVaultProperties`` of an *encryption* by a customer's key; empty for any other."""
    if str(encryption.get("keySource") or "").lower() != KEY_VAULT.lower():
        return {}
    found = encryption.get("keyVaultProperties")
    return found if isinstance(found, dict) else {}


def uri_of(named: Json) -> str:
    """Return the address of the key that ``keyVaultProperties`` name; empty for none."""
    host, key, version = (str(named.get(name) or "") for name in ("keyVaultUri", "keyName", "keyVersion"))
    return f"{host.rstrip('/')}/keys/{key}{'/' if version else ''}{version}" if host and key else ""


def version_in_use(world: World, named: Json) -> str:
    """Return the address of the very version that is used: the one named, else the latest."""
    text = uri_of(named)
    found = named_key(world, text)
    if found is None or found.uri.version:
        return text
    latest = latest_version(world.get(found.key) or {})
    return f"{text}/{latest}" if latest else text


def is_foundry(account: Json | None) -> bool:
    """Say whether an account is a Foundry resource: of the kind AIServices, with projects."""
    return kind_of(account) == "aiservices" and properties_of(account).get("allowProjectManagement") is True


def kind_of(account: Json | None) -> str:
    """Return an account's kind in lower case."""
    return str((account or {}).get("kind") or "").lower()


def principal_of(world: World, account: Json | None, named: Json) -> str:
    """Return the object id an account reaches the vault with that *named* is in, or empty."""
    identity = (account or {}).get("identity") or {}
    client = str(named.get("identityClientId") or "").lower()
    if not client:
        return str(identity.get("principalId") or "")
    for one in identity.get("userAssignedIdentities") or {}:
        known = properties_of(world.get(one))
        if str(known.get("clientId") or "").lower() == client:
            return str(known.get("principalId") or "")
    return ""
