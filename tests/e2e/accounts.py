"""Cosmos DB accounts in the estate of the other end-to-end tests, bystanders and all; and the plans that move them."""

from __future__ import annotations

from typing import Any

from tests.e2e.estates import (
    DATA,
    IDENTITY,
    KEY,
    OLD_IDENTITY,
    OLD_KEY,
    OLD_VERSION,
    Json,
    Scene,
    one_server,
    plan,
    previous_cmk,
)

ACCOUNT = f"{DATA}/providers/Microsoft.DocumentDB/databaseAccounts/cosmos-one"
URI = "https://kv-cmk.vault.azure.net/keys/cmk"
OLD_URI = f"https://kv-old.vault.azure.net/keys/tde/{OLD_VERSION}"
OURS = f"UserAssignedIdentity={IDENTITY}"
FIRST_PARTY = "FirstPartyIdentity"


def account(name: str = ACCOUNT, **properties: Any) -> Json:
    """Return an account on platform keys without an identity."""
    return {
        "id": name,
        "location": "West Europe",
        "kind": "GlobalDocumentDB",
        "tags": {"team": "theirs"},
        "identity": {"type": "None"},
        "properties": {"provisioningState": "Succeeded", "defaultIdentity": FIRST_PARTY, **properties},
    }


def one_account(*, present: bool = True, **properties: Any) -> Scene:
    """One account; vault, key, identity and grant are there, unless told otherwise."""
    scene = one_server(present=present)
    return _with(scene, account(**properties))


def undefined() -> Scene:
    """One account whose default identity was detached."""
    return one_account(defaultIdentity="Undefined")


def on_previous_key() -> Scene:
    """One account pinned to a key in another vault, through an identity it keeps; that vault is on access policies."""
    scene = previous_cmk()
    moved = account(defaultIdentity=f"UserAssignedIdentity={OLD_IDENTITY}", keyVaultKeyUri=OLD_URI)
    ids = next(one for one in scene.estate["resources"] if one["id"] == OLD_IDENTITY)["properties"]
    moved["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {OLD_IDENTITY: dict(ids)}}
    found = _with(scene, moved)
    return Scene(found.estate, found.plan, (ACCOUNT,), (KEY, OLD_KEY))


def _with(scene: Scene, *accounts: Json) -> Scene:
    ids = [one["id"] for one in accounts]
    estate = {**scene.estate, "resources": [*scene.estate["resources"], *accounts]}
    return Scene(estate, plan(*ids, service="cosmosdb"), tuple(ids))
