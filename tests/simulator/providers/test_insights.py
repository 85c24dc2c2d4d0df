"""Diagnostic settings: without these a rehearsal would call a vault logged that is not, or the other way round."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.raw import APP, OLD_VAULT, VAULT, Raw, raw

API = "2021-05-01-preview"
WORKSPACE = "/subscriptions/x/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/w"
AUDIT: dict[str, Any] = {"workspaceId": WORKSPACE, "logs": [{"categoryGroup": "audit", "enabled": True}]}


def at(vault: str, name: str = "") -> str:
    return f"{vault}/providers/Microsoft.Insights/diagnosticSettings" + (f"/{name}" if name else "")


def put(client: Raw, vault: str, name: str, properties: dict[str, Any]) -> int:
    return client.send("PUT", at(vault, name), {"properties": properties}, api=API).status


def listed(client: Raw, vault: str) -> list[str]:
    client.azure.advance(60)
    answer = client.send("GET", at(vault), api=API)
    assert answer.status == 200, answer.body
    return [one["name"] for one in answer.body["value"]]


def test_settings_belong_to_one_resource_and_show_what_was_not_sent() -> None:
    client = raw()
    assert put(client, VAULT, "to-siem", AUDIT) == 200
    assert (listed(client, VAULT), listed(client, OLD_VAULT)) == (["to-siem"], [])
    body = client.send("GET", at(VAULT, "to-siem"), api=API).body
    assert body["type"] == "Microsoft.Insights/diagnosticSettings"
    assert body["properties"]["logs"] == [{"category": None, "categoryGroup": "audit", "enabled": True}]
    assert body["properties"]["storageAccountId"] is None
    assert client.send("DELETE", at(VAULT, "to-siem"), api=API).status == 200
    assert listed(client, VAULT) == []


@pytest.mark.parametrize(
    "properties",
    [
        {"logs": AUDIT["logs"]},
        {"workspaceId": WORKSPACE, "logs": [{"enabled": True}]},
        {"workspaceId": WORKSPACE, "logs": [{"category": "AuditEvent", "categoryGroup": "audit", "enabled": True}]},
    ],
    ids=["nowhere", "no name", "two names"],
)
def test_what_a_setting_needs(properties: dict[str, Any]) -> None:
    assert put(raw(), VAULT, "one", properties) == 400


def test_a_resource_has_at_most_five() -> None:
    client = raw()
    assert [put(client, VAULT, f"s{number}", AUDIT) for number in range(6)] == [200] * 5 + [409]
    assert put(client, OLD_VAULT, "s0", AUDIT) == 200
    assert put(client, VAULT, "s0", AUDIT) == 200, "one of the five may change"


def test_who_may_not_read_them_is_told_so() -> None:
    client = raw()
    answer = client.send("GET", at(VAULT), api=API, who=APP)
    assert (answer.status, answer.body["error"]["code"]) == (403, "AuthorizationFailed")
    assert "Microsoft.Insights/diagnosticSettings/read" in answer.body["error"]["message"]
