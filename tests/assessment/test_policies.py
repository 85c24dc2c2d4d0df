"""Azure Policy's view beside ours. Fails: an auditor's list and ours differ and nobody can say why."""

from __future__ import annotations

import copy
from typing import Any

from cmk_remediate import simulator
from cmk_remediate.simulator import estate as estates
from cmk_remediate.simulator.faults import Fault
from tests.assessment.test_assess import PRODUCTION, STORE, assessed, by_name

STORAGE = "6fac406b-40ca-413b-bf8e-0bf964659c25"
DEFINITION = f"/subscriptions/{PRODUCTION}/providers/Microsoft.Authorization/policyDefinitions/{STORAGE}"
RULE = {
    "if": {
        "allOf": [
            {"field": "type", "equals": "Microsoft.Storage/storageAccounts"},
            {
                "not": {
                    "field": "Microsoft.Storage/storageAccounts/encryption.keySource",
                    "equals": "Microsoft.Keyvault",
                }
            },
        ]
    },
    "then": {"effect": "audit"},
}


def estate() -> dict[str, Any]:
    """Return the demo estate with the built-in definition for storage accounts assigned."""
    found = copy.deepcopy(estates.read(simulator.demo_estate()))
    assignment = f"/subscriptions/{PRODUCTION}/providers/Microsoft.Authorization/policyAssignments/cmk"
    found["resources"] += [
        {"id": DEFINITION, "properties": {"displayName": "Storage accounts should use CMK", "policyRule": RULE}},
        {"id": assignment, "properties": {"policyDefinitionId": DEFINITION}},
    ]
    return found


def test_what_policy_says_stands_beside_our_verdict_with_the_definitions_id() -> None:
    found = by_name(assessed(simulator.azure(estate=estate()), STORE.rpartition("/providers/")[0]))
    assert [(one.definition, one.state) for one in found["stordersweu"].policy] == [(STORAGE, "NonCompliant")]
    wrong = found["stpinnedweu"]
    assert [one.state for one in wrong.policy] == ["Compliant"], "policy asks for no more than a key source"
    assert wrong.verdict == "not compliant"


def test_without_an_assignment_policy_says_nothing() -> None:
    found = by_name(assessed(simulator.azure(), f"{STORE}/stordersweu"))
    assert found["stordersweu"].policy == ()


def test_states_that_could_not_be_read_are_named() -> None:
    azure = simulator.azure(estate=estate())
    azure.faults.add(Fault("status", status=403, method="POST", url="ResourceGraph", nth=3))
    found = assessed(azure, f"{STORE}/stordersweu")
    assert [one.what for one in found.not_read] == ["the states of Azure Policy"]
    assert not found.compliant
