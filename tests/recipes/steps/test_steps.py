"""The shared steps, by their tables. If one of these fails, a review says something else than what would be done.

The tables alone reach every branch of ``cmk_remediate/steps``:
``coverage run --branch --source=cmk_remediate/steps -m pytest tests/recipes/steps``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cmk_remediate.model.decisions import Read
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.steps import REGISTRY, disks, network, reads, vault_state
from tests.recipes.runner import Case, accept_text, answers, blocked_json, load_folder, twins

CASES = load_folder(Path(__file__).parent)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.table}: {case.name}")
def test_a_table_says_what_comes_of_it(case: Case) -> None:
    answered = answers(case, REGISTRY | disks.REGISTRY) if "step" in case.base else answers_without_step(case)
    assert answered == case.expect


def test_no_two_cases_of_a_table_have_the_same_outcome() -> None:
    assert twins(CASES) == []


def answers_without_step(case: Case) -> dict[str, Any]:
    """Answer the cases on what steps and services share: ``judge``, ``worse``, ``state``, ``absent``."""
    vault, body = ResourceId(case.base["id"]), case.laid("vault")
    if "judge" in case.expect:
        return {"judge": _verdict(network.judge(vault, body, case.data["service"], **case.data["options"]))}
    if "worse" in case.expect:
        service = case.data.get("service", "sql")
        now, later = (network.judge(vault, {"properties": one}, service) for one in case.data["vaults"])
        return {"worse": _verdict(network.worse(now, later))}
    if "absent" in case.expect:
        read = reads.deleted_vaults(vault)
        found = {read: case.data["deleted"]}[Read(vault.subscription_id, "list:deletedVaults")]
        return {"absent": blocked_json(vault_state.absent(vault, found))}
    return {
        "state": {
            "region": vault_state.region(body),
            "tenant": vault_state.tenant(body),
            "uri": vault_state.uri(body),
            "protected": vault_state.is_protected(body),
            "roles": vault_state.uses_roles(body),
            "open": vault_state.is_open(body),
            "bypass": vault_state.bypass(body),
            "public": vault_state.public_network_access(body),
        }
    }


def _verdict(verdict: network.Verdict) -> Any:
    if isinstance(verdict, network.Go):
        return {"go": verdict.why}
    if isinstance(verdict, network.Acknowledge):
        return {"acknowledge": accept_text(verdict.acceptance), "why": verdict.why}
    return blocked_json(verdict.blocked)
