"""``make bench``, second part: what assessing 100, 1,000 and 10,000 resources costs, over up to 50 subscriptions."""

from __future__ import annotations

import gc
import resource
import sys
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from cmk_remediate import simulator

SIZES = ((100, 5), (1000, 50), (10_000, 50))
TENANT = "11111111-1111-4111-8111-111111111111"
LATENCY = 0.05
HEAD = (
    f"{'resources':>9} {'subscr.':>7} {'requests':>8} {'each':>5} {'searches':>8} {'repeated':>8} {'429':>4} "
    f"{'virtual s':>9} {'real s':>7} {'Azure MiB':>9} {'peak MiB':>8}"
)
Json = dict[str, Any]


def estate(resources: int, subscriptions: int) -> Json:
    """Return an estate with as many *resources* of all sorts in each of *subscriptions*; a third is on customer-managed keys."""
    each = resources // subscriptions
    found: list[Json] = []
    for number in range(subscriptions):
        found += _subscription(number, each)
    return {
        "operator": {"role": "Owner"},
        "subscriptions": [{"subscriptionId": _id(number), "tenantId": TENANT} for number in range(subscriptions)],
        "resources": found,
    }


def _id(number: int) -> str:
    return f"22222222-2222-4222-8222-{number:012}"


def _subscription(number: int, each: int) -> list[Json]:
    group = f"/subscriptions/{_id(number)}/resourceGroups/rg-data"
    vault = f"{group}/providers/Microsoft.KeyVault/vaults/kv-{number:03}"
    identity = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-cmk"
    found: list[Json] = [
        {
            "id": vault,
            "location": "westeurope",
            "properties": {
                "tenantId": TENANT,
                "sku": {"family": "A", "name": "standard"},
                "enableRbacAuthorization": True,
                "enablePurgeProtection": True,
            },
        },
        {"id": f"{vault}/keys/cmk", "properties": {"kty": "RSA", "keySize": 3072}},
        {"id": identity, "location": "westeurope"},
    ]
    for index in range(each):
        found += _MADE[index % len(_MADE)](group, f"{number:03}{index:05}", vault, identity)
    return found


def _storage(group: str, name: str, vault: str, identity: str) -> list[Json]:
    account = f"{group}/providers/Microsoft.Storage/storageAccounts/st{name}"
    return [
        {
            "id": account,
            "location": "westeurope",
            "kind": "StorageV2",
            "sku": {"name": "Standard_LRS"},
            "properties": {},
        }
    ]


def _storage_on_key(group: str, name: str, vault: str, identity: str) -> list[Json]:
    (account,) = _storage(group, name, vault, identity)
    key = {"keyvaulturi": f"https://{vault.rpartition('/')[2]}.vault.azure.net", "keyname": "cmk"}
    shown = {
        "keySource": "Microsoft.Keyvault",
        "keyvaultproperties": key,
        "identity": {"userAssignedIdentity": identity},
    }
    attached = {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}
    return [{**account, "identity": attached, "properties": {"encryption": shown}}]


def _server(group: str, name: str, vault: str, identity: str) -> list[Json]:
    server = f"{group}/providers/Microsoft.Sql/servers/sql-{name}"
    return [
        {"id": server, "location": "westeurope", "properties": {"administratorLogin": "dba"}},
        {"id": f"{server}/databases/orders", "location": "westeurope", "sku": {"name": "GP_Gen5_2"}},
    ]


def _disk(group: str, name: str, vault: str, identity: str) -> list[Json]:
    disk = f"{group}/providers/Microsoft.Compute/disks/disk-{name}"
    made = {"creationData": {"createOption": "Empty"}, "diskSizeGB": 32}
    return [{"id": disk, "location": "westeurope", "sku": {"name": "Premium_LRS"}, "properties": made}]


_MADE = (
    _storage,
    _storage_on_key,
    _server,
    _storage,
    _disk,
    _storage_on_key,
    _storage,
    _server,
    _storage_on_key,
    _disk,
)


@dataclass(frozen=True)
class Assessed:
    """What one size cost; memory in MiB: that of the embedded Azure alone, and the process's peak."""

    resources: int
    subscriptions: int
    requests: int
    searches: int
    repeated: int
    throttled: int
    virtual: float
    real: float
    azure: int
    peak: int


def measure(resources: int, subscriptions: int) -> Assessed:
    """Assess an estate of that size and return what it cost."""
    from cmk_remediate import assess  # noqa: PLC0415 - so that imports are not measured

    settings = simulator.Settings(latency=LATENCY)
    azure = simulator.azure(estate=estate(resources, subscriptions), settings=settings)
    gc.collect()
    before = _peak()
    began, started = azure.clock.monotonic(), time.perf_counter()
    found = assess([_id(number) for number in range(subscriptions)], connection=azure.connection())
    real, virtual = time.perf_counter() - started, azure.clock.monotonic() - began
    if len(found.findings) != resources or found.not_read:
        sys.exit(f"{len(found.findings)} findings of {resources}, {len(found.not_read)} not read")
    sent = Counter((one.method, one.url, one.body) for one in azure.requests)
    return Assessed(
        resources,
        subscriptions,
        sum(sent.values()),
        sum("ResourceGraph" in one.url for one in azure.requests),
        sum(times - 1 for times in sent.values()),
        sum(one.status == 429 for one in azure.requests),
        virtual,
        real,
        before,
        _peak(),
    )


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def row(one: Assessed) -> str:
    """Return one line of the table."""
    return (
        f"{one.resources:>9} {one.subscriptions:>7} {one.requests:>8} {one.requests / one.resources:>5.2f} "
        f"{one.searches:>8} {one.repeated:>8} {one.throttled:>4} {one.virtual:>9.0f} {one.real:>7.1f} {one.azure:>9} {one.peak:>8}"
    )
