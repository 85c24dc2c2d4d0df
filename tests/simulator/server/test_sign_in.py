"""Without these no client would get as far as its first request."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential, ManagedIdentityCredential

from tests.simulator.raw import IDENTITY, OPERATOR, TENANT

if TYPE_CHECKING:
    from cmk_remediate.simulator.server.running import Server
    from tests.simulator.server.client import Client

SCOPE = "https://management.azure.com/.default"


def claims(token: str) -> dict[str, Any]:
    """Decode a token as a client does; all three parts have to be base64url."""
    parts = [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split(".")]
    assert len(parts) == 3
    assert parts[2]
    found: dict[str, Any] = json.loads(parts[1])
    return found


def identity_of(server: Server) -> dict[str, Any]:
    body = server.azure.world.get(IDENTITY)
    assert body is not None
    found: dict[str, Any] = body["properties"]
    return found


def test_the_managed_identity_endpoint_gives_a_readable_token(client: Client) -> None:
    answer = client.token("https://management.azure.com/").json()
    said = claims(answer["access_token"])

    assert (said["oid"], said["tid"], said["aud"]) == (OPERATOR, TENANT, "https://management.azure.com")
    assert said["exp"] > said["iat"]
    assert said["xms_mirid"].startswith("/subscriptions/")
    assert set(answer) == {"access_token", "expires_on", "resource", "token_type", "client_id"}
    assert answer["resource"] == "https://management.azure.com/"


def test_a_user_assigned_identity_is_asked_for_by_any_of_its_ids(client: Client) -> None:
    own = identity_of(client.server)
    for query in ({"client_id": own["clientId"]}, {"mi_res_id": IDENTITY}, {"object_id": own["principalId"]}):
        said = claims(client.token(**query).json()["access_token"])
        assert said["oid"] == own["principalId"]
        assert said["xms_mirid"].lower() == IDENTITY.lower()


def test_who_does_not_know_the_secret_gets_no_token(client: Client) -> None:
    address = client.server.addresses
    url = f"{address.identity}?api-version=2019-08-01&resource=https://vault.azure.net"

    assert client.session.get(url).status_code == 401
    assert client.session.get(url, headers={"X-IDENTITY-HEADER": "guess"}).status_code == 401
    assert client.token(client_id="nobody").status_code == 400
    assert client.token("").status_code == 400


def test_azure_identity_signs_in_with_the_managed_identity(led_here: Server) -> None:
    with ManagedIdentityCredential() as operator:
        assert claims(operator.get_token(SCOPE).token)["oid"] == OPERATOR
    own = identity_of(led_here)
    with ManagedIdentityCredential(client_id=own["clientId"]) as other:
        assert claims(other.get_token(SCOPE).token)["oid"] == own["principalId"]


def test_azure_identity_signs_in_with_a_client_secret(led_here: Server) -> None:
    with ClientSecretCredential(TENANT, OPERATOR, "any") as operator:
        assert claims(operator.get_token(SCOPE).token)["oid"] == OPERATOR


def test_azure_identity_signs_in_at_another_authority(served: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(served.addresses.authority))
    with ClientSecretCredential(
        TENANT, OPERATOR, "any", authority=served.addresses.arm, disable_instance_discovery=True
    ) as operator:
        assert claims(operator.get_token(SCOPE).token)["oid"] == OPERATOR


@pytest.mark.parametrize(
    ("tenant", "client_id", "said"),
    [
        (TENANT, "unknown-client", "AADSTS700016"),
        ("00000000-0000-4000-8000-000000000000", OPERATOR, "double check your tenant name"),
    ],
)
def test_whom_the_directory_does_not_know_is_refused(led_here: Server, tenant: str, client_id: str, said: str) -> None:
    with (
        ClientSecretCredential(tenant, client_id, "any") as stranger,
        pytest.raises(ClientAuthenticationError, match=said),
    ):
        stranger.get_token(SCOPE)


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "client_secret": "x"}, 400, "invalid_request"),
        ({"grant_type": "client_credentials", "scope": SCOPE, "client_id": OPERATOR}, 401, "invalid_client"),
    ],
)
def test_a_token_request_that_lacks_something_is_refused(
    client: Client, form: dict[str, str], status: int, error: str
) -> None:
    address = client.server.addresses
    url = f"{address.arm}/{TENANT}/oauth2/v2.0/token"
    answer = client.session.post(url, data=form, verify=str(address.authority))

    assert (answer.status_code, answer.json()["error"]) == (status, error)
