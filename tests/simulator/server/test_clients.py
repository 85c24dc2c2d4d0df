"""Without these the real SDKs would not work against the server, each with its own pipeline, poller and pager."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from azure.identity import ManagedIdentityCredential
from azure.keyvault.keys import KeyClient
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.sql import SqlManagementClient

from tests.simulator.raw import IDENTITY, SUB

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.simulator.server.running import Server


@pytest.fixture
def credential(led_here: Server) -> Iterator[ManagedIdentityCredential]:
    with ManagedIdentityCredential() as found:
        yield found


def elsewhere(server: Server) -> dict[str, Any]:
    """What an SDK client is told of another cloud."""
    return {"base_url": server.addresses.arm, "credential_scopes": ["https://management.azure.com/.default"]}


@pytest.mark.parametrize("direct", [True, False], ids=["endpoint", "proxy"])
def test_a_long_running_update_with_the_sdks_own_poller(
    led_here: Server, credential: ManagedIdentityCredential, *, direct: bool
) -> None:
    options = elsewhere(led_here) if direct else {}
    identity = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}
    body = {"identity": identity, "properties": {"primaryUserAssignedIdentityId": IDENTITY}}
    with SqlManagementClient(credential, SUB, **options) as client:
        poller = client.servers.begin_update("rg", "sql-one", body, polling_interval=1)
        done = poller.result()

        assert done.identity is not None
        assert {one.lower() for one in done.identity.user_assigned_identities or {}} == {IDENTITY.lower()}
        assert {one.name for one in client.servers.list()} >= {"sql-one"}


def test_the_vault_client_reads_and_writes(led_here: Server, credential: ManagedIdentityCredential) -> None:
    with KeyVaultManagementClient(credential, SUB, **elsewhere(led_here)) as client:
        assert {one.name for one in client.vaults.list_by_subscription()} == {"kv-main", "kv-policies"}
        vault = client.vaults.get("rg", "kv-main")
        assert vault.properties.vault_uri == "https://kv-main.vault.azure.net/"


def test_the_keys_client_reaches_a_vault_by_its_own_name(
    led_here: Server, credential: ManagedIdentityCredential
) -> None:
    with KeyClient("https://kv-main.vault.azure.net", credential) as client:
        before = client.get_key("cmk").properties.version
        assert client.rotate_key("cmk").properties.version != before
        assert len(list(client.list_properties_of_key_versions("cmk"))) == 2


def test_the_keys_client_reaches_a_vault_below_the_endpoint(
    led_here: Server, credential: ManagedIdentityCredential
) -> None:
    url = led_here.addresses.vault("kv-main")
    with KeyClient(url, credential, verify_challenge_resource=False) as client:
        assert client.get_key("cmk").name == "cmk"
