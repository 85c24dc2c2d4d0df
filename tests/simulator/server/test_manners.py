"""Without these a client that is pointed at the server would not believe that it is Azure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from tests.simulator.raw import GROUP, IDENTITY, SUB, TENANT, VAULT
from tests.simulator.server.client import ARM

if TYPE_CHECKING:
    from tests.simulator.server.client import Client

SUFFIXES = {"keyVaultDns", "mhsmDns", "storage", "sqlServerHostname"}
V = "api-version=2022-12-01"


def test_the_cloud_describes_itself_in_both_forms(client: Client) -> None:
    listed = client("GET", "/metadata/endpoints?api-version=2019-05-01", signed=False).json()
    one = client("GET", "/metadata/endpoints?api-version=2022-09-01", signed=False).json()

    assert listed == [one]
    assert set(one["suffixes"]) >= SUFFIXES
    assert one["suffixes"]["keyVaultDns"] == "vault.azure.net"
    assert one["graph"]
    assert one["media"]
    assert one["resourceManager"] == client.server.addresses.arm + "/"
    assert one["authentication"]["loginEndpoint"] == client.server.addresses.arm
    assert f"{ARM}/" in one["authentication"]["audiences"]


def test_through_the_proxy_the_cloud_has_its_own_names(client: Client) -> None:
    one = client("GET", f"{ARM}/metadata/endpoints?api-version=2022-09-01", signed=False, proxy=True).json()

    assert one["resourceManager"] == f"{ARM}/"
    assert one["authentication"]["loginEndpoint"] == "https://login.microsoftonline.com"


def test_a_description_in_no_known_version_is_refused(client: Client) -> None:
    answer = client("GET", "/metadata/endpoints?api-version=2000-01-01", signed=False)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidApiVersionParameter")


def test_subscriptions_tenants_and_providers(client: Client) -> None:
    assert [one["subscriptionId"] for one in client("GET", f"/subscriptions?{V}").json()["value"]] == [SUB]
    assert [one["tenantId"] for one in client("GET", f"/tenants?{V}").json()["value"]] == [TENANT]
    provider = client("GET", f"/subscriptions/{SUB}/providers/Microsoft.KeyVault?{V}").json()
    assert provider["registrationState"] == "Registered"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/subscriptions", 400, "MissingApiVersionParameter"),
        (f"{VAULT}?api-version=1999-01-01", 400, "NoRegisteredProviderFound"),
        (f"{VAULT}x?api-version=2023-07-01", 404, "ResourceNotFound"),
        (f"/subscriptions/{SUB[:-1]}9?{V}", 404, "SubscriptionNotFound"),
    ],
)
def test_refusals_have_resource_managers_envelope(client: Client, path: str, status: int, code: str) -> None:
    answer = client("GET", path)

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.headers["x-ms-request-id"]
    assert answer.headers["x-ms-correlation-request-id"]


def test_an_answer_is_azures_not_the_web_servers(client: Client) -> None:
    answer = client("GET", f"/subscriptions?{V}")

    assert answer.headers["Date"].startswith("Mon, 07 Jan 2030")
    assert "Server" not in answer.headers
    assert client("HEAD", f"{GROUP}?{V}").content == b""


def test_without_a_token_the_challenge_leads_to_this_authority(client: Client) -> None:
    direct = client("GET", f"/subscriptions?{V}", signed=False)
    proxied = client("GET", f"{ARM}/subscriptions?{V}", signed=False, proxy=True)

    assert direct.status_code == 401
    assert f'authorization_uri="{client.server.addresses.arm}/{TENANT}"' in direct.headers["WWW-Authenticate"]
    assert f'authorization_uri="https://login.microsoftonline.com/{TENANT}"' in proxied.headers["WWW-Authenticate"]


def test_the_next_page_is_where_the_client_can_reach_it(client: Client) -> None:
    url = f"/subscriptions/{SUB}/resources?api-version=2021-04-01&$top=2"
    first = client("GET", url).json()
    second = client("GET", first["nextLink"]).json()

    assert first["nextLink"].startswith(client.server.addresses.arm + "/subscriptions/")
    assert not {one["id"] for one in first["value"]} & {one["id"] for one in second["value"]}
    proxied = client("GET", ARM + url, proxy=True).json()
    assert proxied["nextLink"].startswith(ARM + "/subscriptions/")


def test_resources_are_filtered_tagged_and_changed(client: Client) -> None:
    url = f"{IDENTITY}-new?api-version=2024-11-30"
    assert client("PUT", url, {"location": "westeurope"}).status_code == 201
    assert client("PATCH", url, {"tags": {"team": "red"}}).json()["tags"] == {"team": "red"}
    wanted = f"/subscriptions/{SUB}/resources?api-version=2021-04-01&$filter=tagName eq 'team' and tagValue eq 'red'"
    assert [one["name"] for one in client("GET", wanted).json()["value"]] == ["id-cmk-new"]
    tags = f"{IDENTITY}-new/providers/Microsoft.Resources/tags/default?api-version=2021-04-01"
    assert client("GET", tags).json()["properties"]["tags"] == {"team": "red"}
    assert client("DELETE", url).status_code == 200
    assert client("GET", url).status_code == 404


def test_a_vault_is_reached_by_its_own_name_or_below_the_endpoint(client: Client) -> None:
    path = "/keys/cmk?api-version=7.5"
    audience = "https://vault.azure.net"
    by_name = client("GET", f"https://kv-main.vault.azure.net{path}", audience=audience, proxy=True)
    by_path = client("GET", client.server.addresses.vault("kv-main") + path, audience=audience)

    assert by_name.status_code == 200, by_name.text
    assert by_name.json() == by_path.json()
    assert by_path.json()["key"]["kid"].startswith("https://kv-main.vault.azure.net/keys/cmk/")


def test_what_is_not_this_azure_is_not_reached(client: Client) -> None:
    """Else a mistyped vault, or any other host, would be answered by somebody on the internet."""
    for host in ("example.com", "no-such-vault.vault.azure.net", "pypi.org"):
        with pytest.raises(requests.exceptions.ProxyError, match="502"):
            client("GET", f"https://{host}/", proxy=True, signed=False)
    below = client("GET", client.server.addresses.vault("no-such-vault") + "/keys?api-version=7.5")
    assert below.status_code == 421


def test_the_proxy_only_leads_to_https(client: Client) -> None:
    answer = client.session.get("http://example.com/", proxies={"http": client.server.addresses.proxy}, timeout=20)

    assert answer.status_code == 405
    assert "NO_PROXY" in answer.text
