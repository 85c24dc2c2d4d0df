"""How often vaults refused. Fails: somebody knocks at the vault all day, and its owner reads zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cmk_remediate as cmk
from cmk_remediate import simulator
from tests.assessment.test_assess import APP, DAY, PRODUCTION, demo
from tests.simulator.raw import SUB, VAULT, Raw, estate

if TYPE_CHECKING:
    from cmk_remediate.model.findings import FailedAccesses

ACCOUNT = f"/subscriptions/{SUB}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/sttwo"
STRANGER = "77777777-7777-4777-8777-7777777777b9"
ON_KEY = {
    "keySource": "Microsoft.Keyvault",
    "keyvaultproperties": {"keyvaulturi": "https://kv-main.vault.azure.net", "keyname": "cmk"},
}


def on_key() -> Raw:
    """Return a client of an Azure with an account on the vault's key."""
    content = estate()
    account = {"id": ACCOUNT, "location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    content["resources"].append(
        {**account, "identity": {"type": "SystemAssigned"}, "properties": {"encryption": ON_KEY}}
    )
    content["principals"][STRANGER] = {"name": "stranger"}
    return Raw(simulator.azure(estate=content))


def measured(client: Raw, principal: str | None = None) -> tuple[FailedAccesses, ...]:
    found = cmk.assess(ACCOUNT, connection=client.azure.connection(principal))
    return found.figures.failed_accesses


def test_each_refusal_of_the_last_day_counts() -> None:
    client = on_key()
    assert [one.number for one in measured(client)] == [0]
    for _ in range(3):
        assert client.send("GET", "https://kv-main.vault.azure.net/keys/cmk", who=STRANGER).status == 403
    (one,) = measured(client)
    assert (one.vault, one.number, one.why) == (VAULT, 3, "")
    client.azure.advance(2 * DAY)
    assert [one.number for one in measured(client)] == [0]


def test_who_may_not_read_metrics_is_told_so_and_not_zero() -> None:
    content = demo()
    content["role_assignments"].append({"principal": APP, "role": ROLE, "scope": f"/subscriptions/{PRODUCTION}"})
    azure = simulator.azure(estate=content)
    scope = "/subscriptions/22222222-2222-4222-8222-222222222201/resourceGroups/rg-store-weu"
    found = cmk.assess(scope, connection=azure.connection(APP)).figures.failed_accesses
    assert [one.number for one in found] == [None]
    assert "was refused" in found[0].why or "not shown" in found[0].why


ROLE = {
    "Name": "reads all but metrics",
    "Actions": ["*/read"],
    "NotActions": ["Microsoft.Insights/metrics/read"],
    "AssignableScopes": ["/subscriptions/22222222-2222-4222-8222-222222222201"],
}
