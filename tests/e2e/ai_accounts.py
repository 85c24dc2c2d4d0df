"""AI services accounts in the estate of the other end-to-end tests, bystanders and all; and the plans that move them."""

from __future__ import annotations

import copy
from typing import Any

from tests.e2e.estates import (
    DATA,
    IDENTITY,
    KEY,
    OLD_IDENTITY,
    OLD_KEY,
    OLD_VERSION,
    VAULT,
    Json,
    Scene,
    one_server,
    plan,
    previous_cmk,
)

ACCOUNT = f"{DATA}/providers/Microsoft.CognitiveServices/accounts/ai-one"
VERSION = "0e2a4c6b8d0f4a1c9e3b5d7f9a1c3e50"
HOST = "https://kv-cmk.vault.azure.net/"
CLIENT = "66666666-6666-4666-8666-6666666666c1"
OLD_CLIENT = "66666666-6666-4666-8666-6666666666c4"
_PRINCIPAL = "55555555-5555-4555-8555-5555555555c1"
_OLD_PRINCIPAL = "55555555-5555-4555-8555-555555555504"


def account(kind: str, **members: Any) -> Json:
    """Return an account on platform keys without an identity."""
    return {
        "id": ACCOUNT,
        "location": "westeurope",
        "kind": kind,
        "sku": {"name": "S0"},
        "tags": {"team": "theirs"},
        **members,
    }


def speech(*, present: bool = True) -> Scene:
    """An account that reads its key with our identity and goes back; all but the account is there, unless told otherwise."""
    return _with(one_server(present=present), account("SpeechServices"))


def closed() -> Scene:
    """The same in a vault whose firewall lets trusted services in."""
    scene = speech()
    vault = next(one for one in scene.estate["resources"] if one["id"] == VAULT)
    vault["properties"]["networkAcls"] = {"defaultAction": "Deny", "bypass": "AzureServices"}
    return scene


def bare() -> Scene:
    """The same where nothing is there."""
    return speech(present=False)


def foundry() -> Scene:
    """A Foundry resource whose agents use an identity of its own."""
    identity = {"type": "SystemAssigned", "principalId": "55555555-5555-4555-8555-5555555555cc"}
    return _with(one_server(), account("AIServices", identity=identity, properties={"allowProjectManagement": True}))


def without_projects() -> Scene:
    """An account of the kind AIServices that is no Foundry resource."""
    return _with(one_server(), account("AIServices"))


def openai() -> Scene:
    """Azure OpenAI, which reads its key as itself, and has another's identity beside."""
    identity = {"type": "UserAssigned", "userAssignedIdentities": {OLD_IDENTITY: {}}}
    scene = _with(one_server(), account("OpenAI", identity=identity))
    scene.estate["resources"].insert(0, {"id": OLD_IDENTITY, "location": "westeurope"})
    return scene


def language() -> Scene:
    """A single service of which nobody confirms that it reads its key with a user-assigned identity."""
    return _with(one_server(), account("TextAnalytics", sku={"name": "S"}))


def face() -> Scene:
    """A single service whose page asks for another pricing tier than it is in."""
    return _with(one_server(), account("Face"))


def pinned_foundry() -> Scene:
    """A Foundry resource on the plan's key, which names a version of it."""
    identity = {
        "type": "UserAssigned",
        "userAssignedIdentities": {IDENTITY: {"clientId": CLIENT, "principalId": _PRINCIPAL}},
    }
    properties = {"allowProjectManagement": True, "encryption": encryption("kv-cmk", "cmk", VERSION, CLIENT)}
    return _with(one_server(), account("AIServices", identity=identity, properties=properties))


def on_previous_key() -> Scene:
    """An account on a key in another vault, through an identity it keeps; that vault is on access policies."""
    identity = {
        "type": "UserAssigned",
        "userAssignedIdentities": {OLD_IDENTITY: {"clientId": OLD_CLIENT, "principalId": _OLD_PRINCIPAL}},
    }
    properties = {"encryption": encryption("kv-old", "tde", OLD_VERSION, OLD_CLIENT)}
    found = _with(previous_cmk(), account("Face", identity=identity, properties=properties))
    return Scene(found.estate, found.plan, (ACCOUNT,), (KEY, OLD_KEY))


def encryption(vault: str, key: str, version: str, client: str) -> Json:
    """Return an account's encryption by a customer's key."""
    named = {"keyVaultUri": f"https://{vault}.vault.azure.net/", "keyName": key, "keyVersion": version}
    return {"keySource": "Microsoft.KeyVault", "keyVaultProperties": {**named, "identityClientId": client}}


def changed(scene: Scene, **more: Any) -> Scene:
    """Return *scene* with another plan."""
    return Scene(scene.estate, {**scene.plan, **more}, scene.servers, scene.keys)


def _with(scene: Scene, moved: Json) -> Scene:
    """Return *scene* with the account, and with the sizes and ids that AI services need."""
    estate = copy.deepcopy(scene.estate)
    for one in estate["resources"]:
        if one["id"] == KEY:
            version = f"{HOST}keys/cmk/{VERSION}"
            one["properties"] = {"kty": "RSA", "keySize": 2048, "keyUriWithVersion": version}
        if one["id"] == IDENTITY:
            one["properties"] = {"principalId": _PRINCIPAL, "clientId": CLIENT}
        if one["id"] == OLD_IDENTITY:
            one["properties"] = {"principalId": _OLD_PRINCIPAL, "clientId": OLD_CLIENT}
    estate["resources"].append(moved)
    return Scene(estate, plan(ACCOUNT, service="ai-services", key={"size": 2048}), (ACCOUNT,))
