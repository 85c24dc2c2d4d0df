"""Servers, pairs of them and what is asked of both."""

from __future__ import annotations

from typing import Any

from tests.simulator.raw import DATABASE, GROUP, IDENTITY, KEY, PARTNER, SERVER, Raw, estate

PROTECTOR = f"{SERVER}/encryptionProtector/current"


LINKED = {
    "id": f"{SERVER}/failoverGroups/fg",
    "properties": {"partnerServers": [{"id": PARTNER}], "databases": [DATABASE]},
}


DAY = 86400


OTHER = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-other"


def pair(**more: Any) -> dict[str, Any]:
    content = estate(**more)
    content["resources"].append(LINKED)
    partner = next(one for one in content["resources"] if one["id"] == PARTNER)
    partner["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}
    partner["properties"]["primaryUserAssignedIdentityId"] = IDENTITY
    return content


def failed(ended: dict[str, Any]) -> str:
    assert ended["status"] == "Failed", ended
    return str(ended["error"]["code"])


def put_key(client: Raw, key: str = KEY, server: str = SERVER, **changes: Any) -> Any:
    uri = client.key_uri(key)
    name = f"kv-main_{key.rsplit('/', 1)[1]}_{uri.rsplit('/', 1)[1]}"
    body = {"properties": {"serverKeyType": "AzureKeyVault", "uri": uri, **changes}}
    return client.send("PUT", f"{server}/keys/{name}", body)
