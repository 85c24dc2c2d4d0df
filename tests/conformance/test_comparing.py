"""Without these the comparison of what az and a plan leave could overlook a difference; they need no az."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.comparing import ALWAYS, Allowed, Bodies, different, written
from tests.conformance.rehearsal import SERVICES, rehearsal

VAULT = "/subscriptions/s/resourcegroups/rg/providers/microsoft.keyvault/vaults/kv"
ASSIGNMENTS = f"{VAULT}/providers/microsoft.authorization/roleassignments"


def vault(**properties: Any) -> Bodies:
    return {VAULT: {"type": "Microsoft.KeyVault/vaults", "tags": {}, "properties": properties}}


def assignment(name: str, role: str, whom: str = "somebody") -> Bodies:
    properties = {"roleDefinitionId": f"/roleDefinitions/{role}", "principalId": whom}
    body = {"id": f"{ASSIGNMENTS}/{name}", "name": name, "type": "Microsoft.Authorization/roleAssignments"}
    return {f"{ASSIGNMENTS}/{name}": {**body, "properties": properties}}


def owner(principal: str) -> Bodies:
    """Return a resource with an identity of its own, and what that was granted."""
    body = {
        "type": "Microsoft.Compute/diskEncryptionSets",
        "identity": {"type": "SystemAssigned", "principalId": principal},
    }
    return {f"{VAULT}/x/set": body, **assignment(f"for-{principal}", "reader", principal)}


@pytest.mark.parametrize(
    ("one", "other", "places"),
    [
        (vault(enablePurgeProtection=True), vault(enablePurgeProtection=True), []),
        (vault(enablePurgeProtection=True), vault(), [(VAULT, "properties.enablePurgeProtection")]),
        (vault(networkAcls={"bypass": "None"}), vault(networkAcls={"bypass": "AzureServices"}),
         [(VAULT, "properties.networkAcls.bypass")]),
        (vault(accessPolicies=[{"objectId": "a"}]), vault(accessPolicies=[]), [(VAULT, "properties.accessPolicies")]),
        (vault(), {VAULT: {"type": "Microsoft.KeyVault/vaults", "properties": {}}}, []),
        (assignment("a-guid", "reader"), assignment("another", "reader"), []),
        (owner("one"), owner("another"), []),
        ({}, assignment("a-guid", "reader"),
         [(f"{ASSIGNMENTS}/reader to somebody", f"properties.{name}") for name in ("principalId", "roleDefinitionId")]
         + [(f"{ASSIGNMENTS}/reader to somebody", "type")]),
    ],
)  # fmt: skip
def test_where_two_states_differ(one: Bodies, other: Bodies, places: list[tuple[str, str]]) -> None:
    assert list(different(one, other)) == places
    assert written(one, other) == set(places)


def test_only_what_is_named_may_differ() -> None:
    allowed = Allowed("*/vaults/kv", "tags.cmk-*", "ours")

    assert allowed.covers((VAULT, "tags.cmk-owner"))
    assert not allowed.covers((VAULT, "tags.owner"))
    assert not allowed.covers((f"{VAULT}/keys/cmk", "tags.cmk-owner"))


@pytest.mark.parametrize("service", SERVICES)
def test_a_rehearsal_has_one_target_and_something_to_read(service: str) -> None:
    told = rehearsal(service)

    assert len(told.plan["targets"]) == 1
    assert told.reads
    assert all(one.says for one in told.reads)
    assert all(one.why for one in (*ALWAYS, *told.differs))
