"""What would hurt a user if it were forgotten: for each hazard a test on the whole product that fails without the requirement.

Where a file outside this folder has it already, it is named here.

| hazard | tests |
| --- | --- |
| 1 hardening a vault shuts nobody out | test_vaults; test_vault_users; recipes/steps: protect_vault, restrict_vault; law 11 |
| 2 undo sees who depends on it now | test_journals, test_grants; engine/test_rollback: no undone step is needed by one that stays |
| 3 brackets | engine/test_brackets, test_brackets_undone; test_managed_disks |
| 4 exactly the reviewed lines, or nothing | test_journals; test_gates: an owner's change, what is not ours; engine/test_settle |
| 5 unclear answers, tampered journals | test_journals; faults/test_crashes; connection/test_operation: a status URL gets no token |
| 6 SQL's primary identity | test_identities; recipes/sql/targets; test_refusals: a displaced identity |
| 7 expiry and rotation policy | test_keys; test_keys_said; recipes/steps/create_key.json |
| 8 rolling back after a rotation | test_lifecycle: test_rollback_after_a_rotation, test_rollback_to_the_previous_key_... |
| 9 leases | test_two_at_once; engine/test_lease |
| 10 the access wait | test_keys; test_nothing_present: late grants, one prober, "not yet", "unknown cause" |
| 11 the runbook | planfile/test_job; cli/test_demo: test_the_runbook_... |
| 12 geo pairs | test_geo |
| 13 policy | test_policies; engine/test_preflight_policy |
| 14 acceptances | test_policies; test_refusals: not accepted, surplus; engine/test_acceptance: names are unique |
| 15 whose permissions | test_policies; test_least_privilege; engine/test_preflight_rights |
| 16 network | test_vaults; recipes/steps/network_sql.json |
| 17 soft-deleted names | test_keys; test_keys_said; test_refusals: a soft-deleted key, a soft-deleted vault |
| 18 states | test_identities; recipes/sql/targets; test_recorded_estate; engine/test_preflight_guards |
| 19 Cosmos DB's door | test_cosmosdb |
| 20 the journal's limits | test_journals; engine/test_journal: full disk, read-only store, torn and damaged lines |
| 21 the graph | test_identities; test_canary; engine/test_graph: conflicts, shared writes |
| 22 recovery in every review | test_vaults |
| 23 the embedded Azure | simulator tests: each switch has a test that turns it off |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.estates import TENANT
from tests.e2e.stage import Stage, path, writes

if TYPE_CHECKING:
    from cmk_remediate.model.review import Review, ReviewedStep

ADMINISTRATOR = {"administratorType": "ActiveDirectory", "principalType": "Group", "login": "dba", "sid": TENANT}


def step_of(review: Review, kind: str) -> ReviewedStep:
    return next(step for step in review.steps if step.kind == kind)


def codes_of(review: Review) -> list[str]:
    return [note.code for note in review.notes]


def sent_by(stage: Stage, mark: int = 0) -> list[str]:
    return [path(one) for one in writes(stage.since(mark))]
