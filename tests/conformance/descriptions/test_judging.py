"""What departs from Azure's descriptions is named, and what does not is left in peace.

Fails: a slip of ours, or of the embedded Azure, goes unseen and all other tests confirm it.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from cmk_remediate import simulator
from cmk_remediate.connection.policies.request_id import USER_AGENT
from cmk_remediate.simulator.wire import Incoming, Outgoing
from tests.conformance.descriptions.library import Library, Place
from tests.conformance.descriptions.plugin import WITHOUT, library_root
from tests.conformance.descriptions.recorder import Recorder
from tests.conformance.descriptions.summary import Summary

ROOT = library_root()
if ROOT is None:
    pytest.skip(WITHOUT, allow_module_level=True)
LIBRARY = Library(ROOT)
AZURE = simulator.azure(estate={"subscriptions": [{"subscriptionId": "s"}]})

GROUP = "https://management.azure.com/subscriptions/s/resourceGroups/rg/providers"
PROTECTOR = f"{GROUP}/Microsoft.Sql/servers/sql/encryptionProtector/current?api-version=2025-01-01"
VAULT = f"{GROUP}/Microsoft.KeyVault/vaults/kv?api-version=2026-05-15"
SERVICE_MANAGED = {"properties": {"serverKeyType": "ServiceManaged", "autoRotationEnabled": False}}
ID = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Sql/servers/sql/encryptionProtector/current"
SHOWN = {
    "id": ID,
    "name": "current",
    "type": "Microsoft.Sql/servers/encryptionProtector",
    "kind": "servicemanaged",
    "location": "westeurope",
    "properties": {"serverKeyName": "ServiceManaged", "serverKeyType": "ServiceManaged", "autoRotationEnabled": False},
}


def _seen(
    method: str, url: str, body: Any = None, status: int = 404, given: Any = None, *, ours: bool = True
) -> Summary:
    """Return what comes of one exchange."""
    recorder, summary = Recorder(LIBRARY), Summary()
    sent = b"" if body is None else json.dumps(body).encode()
    incoming = Incoming(method, url, {"user-agent": USER_AGENT if ours else "somebody"}, sent)
    recorder.take(AZURE, incoming, Outgoing(status, given))
    summary.add(recorder.samples.values(), LIBRARY)
    return summary


def _named(summary: Summary) -> list[tuple[str, str]]:
    """Return field and kind of each deviation."""
    return [(one.field, one.kind) for one in summary.deviations]


def _with(body: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {**body, "properties": {**body["properties"], **properties}}


def test_a_request_and_an_answer_as_described_are_checked_and_pass() -> None:
    sent = _seen("PUT", PROTECTOR, SERVICE_MANAGED)
    shown = _seen("GET", PROTECTOR, status=200, given=SHOWN)

    assert _named(sent) + _named(shown) == []
    assert set(sent.extents.values()) == set(shown.extents.values()) == {"whole"}


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (_with(SERVICE_MANAGED, autoRotationEnable=True), ("request properties.autoRotationEnable", "unknown")),
        (_with(SERVICE_MANAGED, autorotationenabled=True), ("request properties.autorotationenabled", "unknown")),
        (_with(SERVICE_MANAGED, serverKeyType="AzureKeyvault"), ("request properties.serverKeyType", "enum")),
        (_with(SERVICE_MANAGED, thumbprint="00"), ("request properties.thumbprint", "read-only")),
        (_with(SERVICE_MANAGED, autoRotationEnabled="yes"), ("request properties.autoRotationEnabled", "type")),
        ({"properties": {"serverKeyName": "ServiceManaged"}}, ("request properties.serverKeyType", "missing")),
        ({**SERVICE_MANAGED, "kind": "servicemanaged"}, ("request kind", "read-only")),
        (None, ("request", "missing")),
    ],
)
def test_a_request_that_departs_is_named(body: Any, named: tuple[str, str]) -> None:
    assert _named(_seen("PUT", PROTECTOR, body)) == [named]


def test_a_request_of_somebody_else_is_not_judged() -> None:
    summary = _seen("PUT", PROTECTOR, _with(SERVICE_MANAGED, thumbprint="00"), ours=False)

    assert _named(summary) == []


@pytest.mark.parametrize(
    ("query", "named"),
    [("", ("query api-version", "missing")), ("?api-version=2025-01-01&expnd=x", ("query expnd", "unknown"))],
)
def test_a_query_that_departs_is_named(query: str, named: tuple[str, str]) -> None:
    assert named in _named(_seen("GET", f"{GROUP}/Microsoft.Sql/servers/sql{query}", status=404, given=None))


@pytest.mark.parametrize(
    ("status", "given", "named"),
    [
        (201, SHOWN, ("answer 201", "status")),
        (200, {**SHOWN, "sku": {}}, ("answer 200 sku", "unknown")),
        (200, _with(SHOWN, serverKeyType="Vault"), ("answer 200 properties.serverKeyType", "enum")),
        (200, _with(SHOWN, autoRotationEnabled=0), ("answer 200 properties.autoRotationEnabled", "type")),
        (200, {**SHOWN, "properties": {}}, ("answer 200 properties.serverKeyType", "missing")),
        (200, None, ("answer 200", "missing")),
        (409, {"error": {"code": "Busy", "massage": "."}}, ("answer 409 error.massage", "unknown")),
    ],
)
def test_an_answer_that_departs_is_named(status: int, given: Any, named: tuple[str, str]) -> None:
    assert _named(_seen("GET", PROTECTOR, status=status, given=given)) == [named]


def test_every_item_of_a_list_is_judged() -> None:
    url = f"{GROUP}/Microsoft.Sql/servers/sql/encryptionProtector?api-version=2025-01-01"
    summary = _seen("GET", url, status=200, given={"value": [SHOWN, _with(SHOWN, uri=7)]})

    assert _named(summary) == [("answer 200 value[].properties.uri", "type")]


def test_what_a_newer_description_added_is_no_deviation_and_what_it_removed_is() -> None:
    """Of vaults the newest operation is of 2026-02-01 and the newest body of 2026-03-01-preview; OpenAPI's is of 2024-11-01."""
    versions = {one.source: one.version for one in LIBRARY.find(_place("PATCH", VAULT), "2026-05-15")}
    assert versions["OpenAPI"] < versions["Pandora"] < versions["Bicep"]

    cluster = f"{GROUP}/Microsoft.ContainerService/managedClusters/aks?api-version=2026-06-01"
    removed = {"location": "westeurope", "properties": {"enablePodSecurityPolicy": True}}

    assert _named(_seen("PUT", cluster, removed)) == [("request properties.enablePodSecurityPolicy", "unknown")]
    added = {"location": "westeurope", "sku": {"name": "Base", "tier": "Standard"}, "properties": {}}
    assert _named(_seen("PUT", cluster, added)) == []


def test_a_patch_needs_nothing_but_takes_only_what_can_be_patched() -> None:
    assert _named(_seen("PATCH", VAULT, {"properties": {"enablePurgeProtection": True}})) == []
    assert _named(_seen("PATCH", VAULT, {"location": "westeurope"})) == [("request location", "unknown")]


def test_an_operation_without_a_description_is_never_called_checked() -> None:
    url = f"{GROUP}/Microsoft.Nowhere/things/one?api-version=2025-01-01"
    summary = _seen("GET", url, status=200, given={})

    assert summary.operations() == {
        "Microsoft.Nowhere": {"whole": [], "bodies": [], "none": ["GET {group}/providers/microsoft.nowhere/things/{}"]}
    }


def test_equal_shapes_are_judged_once_and_different_values_of_a_list_are_not() -> None:
    recorder = Recorder(LIBRARY)
    for number in range(3):
        body = _with(SHOWN, uri=f"https://kv{number}.vault.azure.net/keys/k")
        recorder.take(AZURE, Incoming("GET", PROTECTOR, {}), Outgoing(200, body))
    recorder.take(AZURE, Incoming("GET", PROTECTOR, {}), Outgoing(200, _with(body, serverKeyType="AzureKeyVault")))

    assert (recorder.seen, len(recorder.samples)) == (4, 2)


@pytest.mark.parametrize(
    ("method", "path", "version"),
    [
        ("PATCH", "microsoft.documentdb/databaseaccounts/x", "2026-03-15"),
        ("PUT", "microsoft.compute/diskencryptionsets/x", "2026-03-02"),
        ("PATCH", "microsoft.compute/disks/x", "2026-03-02"),
        ("POST", "microsoft.compute/virtualmachines/x/deallocate", "2026-04-01"),
        ("PATCH", "microsoft.cache/redisenterprise/x", "2025-07-01"),
        ("PATCH", "microsoft.storage/storageaccounts/x", "2026-04-01"),
        ("PATCH", "microsoft.cognitiveservices/accounts/x", "2025-09-01"),
        ("PUT", "microsoft.containerservice/managedclusters/x", "2026-06-01"),
        ("PUT", "microsoft.sql/managedinstances/x/encryptionprotector/current", "2025-01-01"),
    ],
)
def test_services_to_come_are_described_already(method: str, path: str, version: str) -> None:
    """A provider is found by its namespace alone: nothing has to be registered here."""
    found = LIBRARY.find(Place("arm", method, f"/subscriptions/x/resourcegroups/x/providers/{path}"), version)

    assert any(one.said for one in found)


def _place(method: str, url: str) -> Place:
    recorder = Recorder(LIBRARY)
    return recorder._place(AZURE, Incoming(method, url))[0]
