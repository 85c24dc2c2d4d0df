"""Estates and requests that break a law on purpose."""

from __future__ import annotations

from typing import Any

from tests.simulator.raw import (
    Raw,
    estate,
)

NETWORK_OPEN = {
    "bypass": "AzureServices",
    "defaultAction": "Allow",
    "ipRules": [{"value": "203.0.113.10/32"}],
    "virtualNetworkRules": [],
}


def unprotected(**more: Any) -> dict[str, Any]:
    content = estate(**more)
    del content["resources"][0]["properties"]["enablePurgeProtection"]
    return content


def grant_of(client: Raw, scope: str) -> str:
    found = [
        one
        for one in client.get(f"{scope}/providers/Microsoft.Authorization/roleAssignments")["value"]
        if one["id"].lower().startswith(f"{scope}/providers/microsoft.authorization".lower())
    ]
    return str(found[0]["id"])
