"""Recorded resource bodies go through our detection, and get a state that agrees with Azure Policy's definition of compliance.

Fails: an estate that does not look like our own tests stops a dry run, or a resource that an auditor calls compliant is moved, or
one that he does not is left. Needs the recordings (CMK_REMEDIATE_REFERENCE). A service registered later is held against its bodies
by being registered: bodies are found by their type.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from cmk_remediate import simulator
from cmk_remediate.connection import Session
from cmk_remediate.model.decisions import Change, Decision, Done, Found, Pending
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.planfile.declared import DECLARED
from cmk_remediate.planfile.schema import PlanFile
from cmk_remediate.services import services
from cmk_remediate.simulator.settings import Settings
from cmk_remediate.steps.protect_vault import ProtectVault
from tests.conformance.recordings.recorded import bodies, needs_recordings

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmk_remediate.services.service import Candidate, Service

pytestmark = needs_recordings

TENANT = "00000000-0000-0000-0000-00000000000f"

CUSTOMER = {
    "customer (healthy)",
    "customer (wrong)",
    "customer, not checkable",
    "customer, system-assigned",
    "managed HSM",
}
AGREES: dict[str | None, set[str]] = {
    "customer": CUSTOMER,
    "platform": {"platform"},
    "platform-or-undetermined": {"platform"},
    None: CUSTOMER | {"platform"},
}
"""By label, the states that say the same. Undetermined: the protector decides, and one not recorded is the service's own."""

OTHERWISE: dict[tuple[str, str | None, str], str] = {
    ("microsoft.cache/redisenterprise", "platform", "in progress"): "recorded while it was being made",
    ("microsoft.compute/virtualmachines", None, "inaccessible"): "the bodies of its disks were not recorded beside it",
    ("microsoft.storage/storageaccounts", "platform", "in progress"): (
        "provisioningState is Creating or ResolvingDns, or a migration runs: the policy does not look, and nobody writes to it now"
    ),
    ("microsoft.sql/servers", "customer", "cross-tenant"): (
        "a key reached through a federated client id: the policies look at the key's address only, and we do not touch it"
    ),
    ("microsoft.sql/servers", "platform-or-undetermined", "foreign"): (
        "a Synapse workspace's server: the policy leaves out groups that Synapse manages, the body itself says so by its kind"
    ),
}
"""Where we are stricter than the label: by type, label and our state, why."""

EXPECTED: dict[str, dict[tuple[str | None, str], int]] = {
    "microsoft.sql/managedinstances": {
        ("customer", "customer, not checkable"): 1,
        ("platform-or-undetermined", "platform"): 37,
    },
    "microsoft.sql/managedinstances/encryptionprotector": {
        ("customer", "customer, not checkable"): 1,
        ("platform", "platform"): 1,
    },
    "microsoft.documentdb/databaseaccounts": {
        ("customer", "customer, not checkable"): 15,
        ("platform", "platform"): 36,
    },
    "microsoft.containerservice/managedclusters": {("platform", "platform"): 60},
    "microsoft.cognitiveservices/accounts": {("platform", "platform"): 23},
    "microsoft.cache/redisenterprise": {
        ("customer", "customer, not checkable"): 1,
        ("platform", "platform"): 9,
        ("platform", "in progress"): 1,
    },
    "microsoft.compute/virtualmachines": {
        (None, "inaccessible"): 60
    },  # of their disks nothing was recorded beside them
    "microsoft.storage/storageaccounts": {
        ("customer", "customer, not checkable"): 18,
        ("platform", "in progress"): 11,
        ("platform", "platform"): 49,
    },
    "microsoft.storage/storageaccounts/encryptionscopes": {("platform", "platform"): 2},
    "microsoft.sql/servers": {
        ("customer", "cross-tenant"): 2,
        ("customer", "customer, not checkable"): 4,
        ("platform-or-undetermined", "foreign"): 1,
        ("platform-or-undetermined", "platform"): 18,
    },
    "microsoft.sql/servers/databases": {(None, "platform"): 20},
    "microsoft.sql/servers/databases/transparentdataencryption": {(None, "platform"): 1},
    "microsoft.sql/servers/encryptionprotector": {
        ("customer", "customer, not checkable"): 1,
        ("platform", "platform"): 1,
    },
    "microsoft.sql/servers/failovergroups": {(None, "platform"): 2},
    "microsoft.sql/servers/keys": {(None, "platform"): 2},
}
"""How many bodies of a type are found in which state, by label."""

_ID = re.compile(r"/subscriptions/[^/\"]+/resourceGroups/[^/\"]+/providers/[^/\"]+/[^/\"]+/[^/\"]+", re.IGNORECASE)

ABOVE: dict[str, dict[str, Any]] = {"microsoft.sql/servers": {"kind": "v12.0", "properties": {"state": "Ready"}}}
"""What stands above a recorded child, where it is more than an id and a place."""


@cache
def found() -> dict[str, Counter[tuple[str | None, str]]]:
    """Return, by type, how many bodies were found in which state, by label."""
    result: dict[str, Counter[tuple[str | None, str]]] = {}
    for line in (line for lines in bodies().values() for line in lines):
        service = _service_of(line["type"])
        if service is not None:
            one = _detected(service, line["body"])
            result.setdefault(line["type"], Counter())[line["label"], one.state] += 1
    return result


def _service_of(kind: str) -> Service | None:
    """Return the service that a recorded *kind* belongs to: of the same type, or a child's."""
    for service in services().values():
        own = service.resource_type.lower()
        if kind == own or kind.startswith(f"{own}/"):
            return service
    return None


def _detected(service: Service, body: dict[str, Any]) -> Candidate:
    """Return what our detection makes of *body* on an embedded Azure that holds it."""
    resource = ResourceId(body["id"])
    around = _around(service, resource, body)
    vault = f"{resource.group_id}/providers/Microsoft.KeyVault/vaults/kv-of-the-plan"
    identity = f"{resource.group_id}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-cmk"
    location = body.get("location", "westeurope")
    estate = {
        "operator": {"role": "Owner"},
        "subscriptions": [{"subscriptionId": resource.subscription, "tenantId": TENANT}],
        "resources": [*around, body, {"id": vault, "location": location, "properties": {}}],
    }
    declared = {
        "service": service.name,
        "tenant": TENANT,
        "owner": "tests",
        "customer_managed_key": {
            "key_vault_resource_id": vault,
            "key_name": "cmk",
            "user_assigned_identity": {"resource_id": identity},
        },
        "key": {"size": DECLARED[service.name].key_sizes[0]},
        "targets": [{"resource_id": resource.top_level.text}],
    }
    plan = PlanFile.model_validate_json(json.dumps(declared))
    connection = simulator.azure(estate=estate, settings=Settings.immediate(latency=0.0)).connection()

    async def look() -> tuple[Candidate, ...]:
        session = Session(connection, read_only=True, vaults=[ResourceId(vault)])
        return service.candidates([await service.detect(session.reader(), plan.targets[0], plan)], plan)

    return next(one for one in connection.run(look) if any(member == resource.top_level for member in one.members))


def _around(service: Service, resource: ResourceId, body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what stands above *body*, and the resources of the service's own type that it names: geo partners."""
    place = body.get("location", "westeurope")
    ids = [
        ResourceId(one)
        for one in _ID.findall(json.dumps(body))
        if ResourceId(one).type.lower() == service.resource_type.lower()
    ]
    parent = resource.parent
    while parent is not None:
        ids.append(parent)
        parent = parent.parent
    others = {one.key: one for one in ids if one != resource}
    return [{"id": one.text, "location": place, **ABOVE.get(one.type.lower(), {})} for one in others.values()]


def test_every_recorded_body_of_our_services_gets_a_state(figures: Callable[[str], None]) -> None:
    for kind, counts in sorted(found().items()):
        for (label, state), count in sorted(counts.items(), key=str):
            figures(f"{count:>3}  {kind:<58} {label or 'no label':<26} {state}")
    assert {kind: dict(counts) for kind, counts in found().items()} == EXPECTED


def test_the_state_agrees_with_the_label_or_we_are_stricter_and_say_why() -> None:
    other = {
        (kind, label, state)
        for kind, counts in found().items()
        for label, state in counts
        if state not in AGREES[label]
    }
    assert other == set(OTHERWISE)


VAULTS: dict[str, dict[str, int]] = {
    "purge-protected": {"nothing to do": 4, "enableSoftDelete": 1, "waits": 2},
    "not-purge-protected": {"enablePurgeProtection": 20, "enablePurgeProtection, enableSoftDelete": 7, "waits": 2},
}
"""By label, what is to be done to how many recorded vaults. Stricter than the label: a body of api-version 2016-10-01 shows no soft
delete, so it is asked for. Vaults that are RegisteringDns wait."""


@pytest.mark.parametrize("label", VAULTS)
def test_a_recorded_vault_is_protected_unless_it_is(label: str, figures: Callable[[str], None]) -> None:
    decisions: Counter[str] = Counter()
    for line in bodies()["key-vaults"]:
        if line["label"] == label:
            decision = ProtectVault(ResourceId(line["body"]["id"])).decide(Found(line["body"]))
            decisions[_told(decision)] += 1
    figures(f"vaults labelled {label}: {dict(decisions)}")
    assert decisions == VAULTS[label]


def _told(decision: Decision) -> str:
    if isinstance(decision, Change):
        return ", ".join(sorted((decision.request.body or {})["properties"]))
    return {Done: "nothing to do", Pending: "waits"}[type(decision)]
