"""Cosmos DB accounts and what is asked of one."""

from __future__ import annotations

from typing import Any

from tests.simulator.raw import ACCOUNT, GROUP, IDENTITY, Raw, estate, raw

URI = "https://kv-main.vault.azure.net/keys/cmk"


USER = f"UserAssignedIdentity={IDENTITY}"


OTHER = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-other"


HOUR = 3600


FLAGS = ("enableFullFidelityChangeFeed", "enableMaterializedViews")


KEY_PATCH = {"properties": {"keyVaultKeyUri": URI}}


FIRST_PARTY = "a232010e-820c-4083-83bb-3ace5fc29d0b"


def with_account(**properties: Any) -> dict[str, Any]:
    content = estate()
    content["resources"].append(
        {
            "id": ACCOUNT,
            "location": "West Europe",
            "kind": "GlobalDocumentDB",
            "identity": {"type": "None"},
            "properties": {"provisioningState": "Succeeded", "defaultIdentity": "FirstPartyIdentity", **properties},
        }
    )
    return content


def opened(content: dict[str, Any] | None = None, **options: Any) -> Raw:
    return raw(content or with_account(), **options)


def ready(content: dict[str, Any] | None = None, **options: Any) -> Raw:
    """An account that reads its key as the identity with the grant; nothing encrypted yet."""
    client = opened(content, **options)
    client.done("PATCH", ACCOUNT, attached(IDENTITY))
    client.done("PATCH", ACCOUNT, {"properties": {"defaultIdentity": USER}})
    return client


def switched(content: dict[str, Any] | None = None, **options: Any) -> Raw:
    client = ready(content, **options)
    client.done("PATCH", ACCOUNT, KEY_PATCH)
    return client


def attached(*named: str) -> dict[str, Any]:
    return {"identity": {"type": "UserAssigned", "userAssignedIdentities": {one: {} for one in named}}}


def refusal(client: Raw, body: Any) -> tuple[int, str]:
    given = client.send("PATCH", ACCOUNT, body)
    assert given.status >= 400, given.body
    return given.status, given.body["error"]["message"]


def default(client: Raw) -> str:
    return str(client.properties(ACCOUNT)["defaultIdentity"])


def status(client: Raw) -> str:
    return str(client.properties(ACCOUNT).get("customerManagedKeyStatus", ""))
