"""Storage accounts in the estate of the other end-to-end tests, bystanders and all; and the plans that move them."""

from __future__ import annotations

from typing import Any

from tests.e2e.estates import (
    DATA,
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

ACCOUNT = f"{DATA}/providers/Microsoft.Storage/storageAccounts/stone"
SCOPE = f"{ACCOUNT}/encryptionScopes/archive"
URI = "https://kv-cmk.vault.azure.net"
OLD_PRINCIPAL = "55555555-5555-4555-8555-555555555504"


def account(name: str = ACCOUNT, *, identity: Json | None = None, encryption: Json | None = None, **more: Any) -> Json:
    """Return an account on platform keys without an identity."""
    chosen = {} if encryption is None else {"encryption": encryption}
    return {
        "id": name,
        "location": "westeurope",
        "kind": "StorageV2",
        "sku": {"name": "Standard_ZRS"},
        "tags": {"team": "theirs"},
        **({} if identity is None else {"identity": identity}),
        "properties": {"accessTier": "Hot", **chosen},
        **more,
    }


def one_account(*, present: bool = True, **more: Any) -> Scene:
    """One account; vault, key, identity and grant are there, unless told otherwise."""
    return _with(one_server(present=present), account(**more))


def doubly_encrypted() -> Scene:
    """One account with infrastructure encryption, whose queues and tables have the account's key."""
    services = {name: {"keyType": "Account", "enabled": True} for name in ("blob", "file", "queue", "table")}
    encryption = {"keySource": "Microsoft.Storage", "requireInfrastructureEncryption": True, "services": services}
    return one_account(encryption=encryption)


def with_theirs() -> Scene:
    """One account that has a user-assigned identity of its owner's, on platform keys."""
    scene = previous_cmk()
    return _with(scene, account(identity=user_assigned()))


def with_scopes() -> Scene:
    """One account with an encryption scope on platform keys and a disabled one; the plan moves scopes."""
    scene = one_account(present=False)
    parts = [
        *scene.estate["resources"],
        {"id": SCOPE, "properties": {"source": "Microsoft.Storage", "state": "Enabled"}},
        {"id": f"{ACCOUNT}/encryptionScopes/old", "properties": {"source": "Microsoft.Storage", "state": "Disabled"}},
    ]
    return Scene({**scene.estate, "resources": parts}, {**scene.plan, "move_encryption_scopes": True}, (ACCOUNT,))


def on_previous_key() -> Scene:
    """One account pinned to a key in another vault, through an identity it keeps; that vault is on access policies."""
    scene = previous_cmk()
    found = _with(scene, account(identity=user_assigned(), encryption=customer(OLD_IDENTITY)))
    return Scene(found.estate, found.plan, (ACCOUNT,), (KEY, OLD_KEY))


def with_dead_identity() -> Scene:
    """One account on a key in another vault, whose identity is detached: two requests."""
    scene = previous_cmk()
    found = _with(scene, account(identity={"type": "None"}, encryption=customer(OLD_IDENTITY)))
    return Scene(found.estate, found.plan, (ACCOUNT,), (KEY, OLD_KEY))


def system_assigned() -> Scene:
    """One account without an identity; the plan wants its system-assigned one."""
    scene = one_account()
    key = {
        name: value for name, value in scene.plan["customer_managed_key"].items() if name != "user_assigned_identity"
    }
    return Scene(
        scene.estate, {**scene.plan, "identity": "system-assigned", "customer_managed_key": key}, scene.servers
    )


def user_assigned(identity: str = OLD_IDENTITY, principal: str = OLD_PRINCIPAL) -> Json:
    """Return the ``identity`` of an account that has one."""
    ids = {"principalId": principal, "clientId": f"66666666{principal[8:]}"}
    return {"type": "UserAssigned", "userAssignedIdentities": {identity: ids}}


def customer(identity: str, version: str = OLD_VERSION) -> Json:
    """Return the ``encryption`` of an account on the old key."""
    return {
        "keySource": "Microsoft.Keyvault",
        "keyvaultproperties": {
            "keyvaulturi": "https://kv-old.vault.azure.net/",
            "keyname": "tde",
            "keyversion": version,
        },
        "identity": {"userAssignedIdentity": identity},
    }


def _with(scene: Scene, *accounts: Json) -> Scene:
    ids = [one["id"] for one in accounts]
    estate = {**scene.estate, "resources": [*scene.estate["resources"], *accounts]}
    return Scene(estate, plan(*ids, service="storage"), tuple(ids))
