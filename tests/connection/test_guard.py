"""A dry run that writes is the one thing nobody forgives."""

from __future__ import annotations

import pytest

from cmk_remediate.connection.policies.guard import READ_ONLY_POSTS, is_read
from tests.connection.table import ARM, GROUP, SERVER, SUB, VAULT

MI = f"{GROUP}/providers/Microsoft.Sql/managedInstances/mi1"
CHECK = "providers/Microsoft.PolicyInsights/checkPolicyRestrictions"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", VAULT.text),
        ("HEAD", VAULT.text),
        ("POST", "/providers/Microsoft.ResourceGraph/resources"),
        ("POST", f"/subscriptions/{SUB}/{CHECK}"),
        ("POST", f"{GROUP}/{CHECK}"),
        ("POST", f"{MI}/validateAzureKeyVaultEncryptionKey"),
    ],
)
def test_reads(method: str, path: str) -> None:
    assert is_read(method, f"{ARM}{path}?api-version=1")
    assert is_read(method, f"{ARM}{path.upper()}/")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", VAULT.text),
        ("PATCH", SERVER.text),
        ("DELETE", VAULT.text),
        ("POST", f"{SERVER}/encryptionProtector/current/revalidate"),
        ("POST", f"/subscriptions/{SUB}/providers/Microsoft.Sql/register"),
        ("POST", f"{GROUP}/{CHECK}/more"),
        ("POST", f"{MI}/failover"),
        ("POST", f"{MI}/failover?x=/validateAzureKeyVaultEncryptionKey"),
        ("POST", "/evil/providers/Microsoft.ResourceGraph/resources"),
        ("PUT", "/providers/Microsoft.ResourceGraph/resources"),
        ("OPTIONS", VAULT.text),
        ("get", VAULT.text),
    ],
)
def test_what_is_no_read(method: str, path: str) -> None:
    assert not is_read(method, f"{ARM}{path}")


def test_the_list_is_exactly_three_and_each_names_its_source() -> None:
    assert len(READ_ONLY_POSTS) == 3
    assert all(post.source for post in READ_ONLY_POSTS)
