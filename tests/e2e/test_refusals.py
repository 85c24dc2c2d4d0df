"""Bad input: each ends in one clear error with code, resource, cause and what to do next, the right exit code, and no write.

Fails: an operator's mistake, or an Azure that cannot take the change, is found out by a write half-way through a change window.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.simulator.declare import Schedule
from cmk_remediate.simulator.faults import Fault, Killed
from cmk_remediate.simulator.providers.sql.geo import FAILOVER
from tests.e2e.desk import adding, blocked, having, planning, refused, without
from tests.e2e.estates import IDENTITY, KEY, OPERATOR, PARTNER, SERVER, SUB, TENANT, VAULT, Scene, geo, one_server, plan
from tests.e2e.stage import DAY, like_a_dead_process, writes

if TYPE_CHECKING:
    from pathlib import Path

    from cmk_remediate.codes.code import Code
    from tests.e2e.conftest import Sit
    from tests.e2e.desk import Desk

ELSEWHERE = "99999999-9999-4999-8999-999999999999"
DEMANDING_AD = {"administratorType": "ActiveDirectory", "principalType": "Group", "login": "dba", "sid": TENANT}
KEY_PLAN = plan(SERVER)["customer_managed_key"]

# -- what the plan file, the tenant or the credential shows: exit 1, before any target is judged ---------------------------------

DECLARED: dict[str, tuple[dict[str, Any], Code, tuple[str, ...]]] = {
    "unknown field": ({"targts": []}, codes.input_.PLAN_INVALID, ("plan.yaml", "line", "targts")),
    "wrong type": ({"limits": {"max_targets": "ten"}}, codes.input_.PLAN_INVALID, ("line", "limits.max_targets")),
    "bad resource id": (
        {"targets": [{"resource_id": "sql-one"}]},
        codes.input_.RESOURCE_ID_INVALID,
        ("line", "targets[0].resource_id"),
    ),
    "an EC key": ({"key": {"type": "EC"}}, codes.input_.KEY_DECLARED_UNSUITABLE, ("line", "key.type", "EC")),
    "a 4096-bit key": ({"key": {"size": 4096}}, codes.input_.KEY_DECLARED_UNSUITABLE, ("line", "key.size", "4096")),
    "a key name over 94 characters": (
        {"customer_managed_key": {**KEY_PLAN, "key_name": "k" * 89}},
        codes.input_.KEY_DECLARED_UNSUITABLE,
        ("line", "customer_managed_key.key_name", "95 characters"),
    ),
    "wrong tenant": ({"tenant": ELSEWHERE}, codes.input_.TENANT_MISMATCH, (TENANT, ELSEWHERE)),
}


@pytest.mark.parametrize("case", DECLARED)
def test_what_the_plan_shows_is_1(desk: Sit, case: str) -> None:
    more, error, parts = DECLARED[case]
    refused(desk(planning(one_server(), **more)).dry_run(), 1, error, *parts)


def test_a_duplicate_key_in_the_plan_is_1(desk: Sit) -> None:
    at = desk(one_server())
    text = at.plan.read_text(encoding="utf-8")
    at.write("plan.yaml", text.replace('"owner": "tests"', '"owner": "tests",\n "owner": "others"'))
    refused(at.dry_run(), 1, codes.input_.PLAN_INVALID, "plan.yaml", "line", "owner")


# -- what Azure shows about a target, its vault or its key: the target is blocked, and exit 4 where every one is -----------------

EXPIRED = 1893456000  # 2030-01-01, before the embedded Azure's day


def _gone(kind: str) -> Scene:
    """Return a scene whose key, or vault, was deleted and can still be recovered."""
    if kind == "key":
        scene = without(one_server(), KEY)
        # Only who may read the vault's own endpoint sees what was deleted: Resource Manager says 404.
        scene.estate["operator"] = {"object_id": OPERATOR, "role": ["Owner", "Key Vault Crypto Officer"]}
        return adding(scene, "resources", {"id": f"{VAULT}/deletedKeys/cmk", "properties": {"kty": "RSA"}})
    scene = one_server()
    vault = next(one for one in scene.estate["resources"] if one["id"] == VAULT)
    return adding(without(scene, VAULT), "resources", _deleted_vault(vault))


def _deleted_vault(vault: dict[str, Any]) -> dict[str, Any]:
    name = f"/subscriptions/{SUB}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/kv-cmk"
    dates = {"deletionDate": "2030-01-05T00:00:00Z", "scheduledPurgeDate": "2030-04-05T00:00:00Z"}
    return {"id": name, "properties": {"vaultId": vault["id"], "location": "westeurope", "tags": {}, **dates}}


def _key(**properties: Any) -> Scene:
    return having(one_server(), KEY, {"properties": properties})


FOUND: dict[str, tuple[Scene, Code, tuple[str, ...]]] = {
    "an EC key": (_key(kty="EC", keySize=None, curveName="P-256"), codes.vault.KEY_WRONG_TYPE, ("kty", "EC")),
    "a 4096-bit key": (_key(keySize=4096), codes.vault.KEY_WRONG_SIZE, ("keySize", "4096")),
    "an expired key": (_key(attributes={"enabled": True, "exp": EXPIRED}), codes.vault.KEY_EXPIRED, ("cmk",)),
    "a disabled key": (_key(attributes={"enabled": False}), codes.vault.KEY_DISABLED, ("cmk",)),
    "a target that makes the key's name too long": (
        planning(one_server(), customer_managed_key={**KEY_PLAN, "key_name": f"{'k' * 82}{{target}}"}),
        codes.sql.KEY_NAME_TOO_LONG,
        ("kv-cmk", "95 characters"),
    ),
    "a firewall without a bypass": (
        having(one_server(), VAULT, {"properties": {"networkAcls": {"bypass": "None", "defaultAction": "Deny"}}}),
        codes.vault.NETWORK_REFUSES,
        ("kv-cmk", "defaultAction is Deny", "bypass is None"),
    ),
    "a soft-deleted key": (_gone("key"), codes.vault.KEY_SOFT_DELETED, ("cmk", "recover")),
    "a soft-deleted vault": (_gone("vault"), codes.vault.VAULT_SOFT_DELETED, ("kv-cmk", "roles again")),
}


@pytest.mark.parametrize("case", FOUND)
def test_what_azure_shows_about_vault_and_key_is_4(desk: Sit, case: str) -> None:
    scene, error, parts = FOUND[case]
    blocked(desk(scene).dry_run(), 4, error, "sql-one", *parts)


def test_a_partner_out_of_reach_is_4(desk: Sit) -> None:
    scene = geo()
    scene.estate["operator"] = {"object_id": OPERATOR, "role": "Owner", "scope": f"/subscriptions/{SUB}"}
    blocked(desk(scene).dry_run(), 4, codes.sql.PARTNER_OUT_OF_REACH, "sql-one", "sql-two")


# -- what is to be accepted by name: exit 4 ---------------------------------------------------------------------------------------


def _unprotected() -> Scene:
    return having(one_server(), VAULT, {"properties": {"enablePurgeProtection": None}})


def _with_administrator() -> Scene:
    identity = {"type": "SystemAssigned"}
    return having(one_server(), SERVER, {"identity": identity, "properties": {"administrators": DEMANDING_AD}})


@pytest.mark.parametrize(
    ("scene", "name"),
    [(_unprotected(), "purge-protection:kv-cmk"), (_with_administrator(), "server-identity:sql-one")],
    ids=["purge protection", "a displaced identity"],
)
def test_a_door_that_is_not_accepted_is_4(desk: Sit, scene: Scene, name: str) -> None:
    at = desk(scene)
    at.reviewed()
    assert at.accepting() == ["--accept", name]
    refused(at("apply", at.review, "--yes"), 4, codes.engine.ACCEPTANCE_MISSING, name)


def test_a_surplus_acceptance_is_4(desk: Sit) -> None:
    at = desk(one_server())
    at.reviewed()
    outcome = at.apply("--accept", "purge-protection:kv-other")
    refused(outcome, 4, codes.engine.ACCEPTANCE_SURPLUS, "purge-protection:kv-other")


def test_an_apply_nobody_confirms_is_4(desk: Sit) -> None:
    at = desk(one_server())
    at.reviewed()
    refused(at("apply", at.review), 4, codes.engine.NOT_CONFIRMED, "--yes")


# -- what does not fit the review: exit 3 -----------------------------------------------------------------------------------------


def test_a_failover_between_review_and_apply_is_3(desk: Sit) -> None:
    at = desk(geo())
    at.reviewed()
    at.stage.azure.world.apply([Schedule(0.0, FAILOVER, {"group": f"{SERVER}/failoverGroups/fg"})])
    at.stage.azure.advance(60)
    blocked(at.apply(), 3, codes.engine.DRIFT, "sql-one", "failoverGroups")


def _edited(at: Desk, **changes: Any) -> None:
    content = json.loads(at.review.read_bytes())
    at.review.write_text(json.dumps({**content, **changes}), encoding="utf-8")


def test_an_altered_review_is_3(desk: Sit) -> None:
    at = desk(one_server())
    at.reviewed()
    _edited(at, expires="2099-01-01T00:00:00Z")
    refused(at.apply(), 3, codes.input_.REVIEW_ALTERED, "review.json", "digest")


def test_an_expired_review_is_3(desk: Sit) -> None:
    at = desk(one_server())
    at.reviewed()
    at.stage.azure.advance(8 * DAY)
    refused(at.apply(), 3, codes.input_.REVIEW_EXPIRED, "it expired at")


def test_a_review_of_another_tenant_is_3(desk: Sit) -> None:
    at = desk(one_server())
    at.reviewed()
    review = cmk.load_review(at.review)
    cmk.save_review(review.model_copy(update={"tenant": ELSEWHERE}).sealed(), at.review)
    refused(at.apply(), 3, codes.input_.REVIEW_FOREIGN, ELSEWHERE)


def test_another_run_store_than_the_reviews_is_3(desk: Sit) -> None:
    at = desk(one_server())
    at.reviewed()
    other = at.folder / "other"
    outcome = at("apply", at.review, "--yes", runs=other)
    refused(outcome, 3, codes.input_.RUNS_DIFFER_FROM_REVIEW, str(other), str(at.stage.folder))
    assert not other.exists()


def test_a_rolled_back_review_is_3(desk: Sit) -> None:
    at = desk(one_server())
    run = at.reviewed()
    assert at.apply().code == 0
    assert at("rollback", run, "--yes").code == 0
    refused(at.apply(), 3, codes.input_.REVIEW_ROLLED_BACK, run[:8])


# -- the run store: exit 1 --------------------------------------------------------------------------------------------------------


def test_a_rollback_is_not_rolled_back(desk: Sit) -> None:
    """Else it ends well having done nothing, and the rollback is listed as undone."""
    at = desk(one_server())
    run = at.reviewed()
    assert at.apply().code == 0
    assert at("rollback", run, "--yes").code == 0
    back = next(one.run for one in cmk.runs(at.stage.folder) if one.undoes)
    before = stored(at.stage.folder)

    for options in (("--yes",), ("-o", at.folder / "again.json")):
        refused(at("rollback", back, *options), 4, codes.sql.ROLLBACK_DONE, f"run {back[:8]}", "Make a new dry run")

    assert stored(at.stage.folder) == before, "nothing was written to the store"
    assert {one.run: one.state for one in cmk.runs(at.stage.folder)} == {run: "rolled back", back: "finished"}


def test_a_rollback_cut_short_is_gone_on_with_by_the_run_it_undoes(desk: Sit) -> None:
    at = desk(one_server())
    run = at.reviewed()
    assert at.apply().code == 0
    at.stage.azure.faults.add(Fault("kill-after", method="PUT"))
    with pytest.raises(Killed):
        at("rollback", run, "--yes")
    like_a_dead_process(at.stage.folder)
    at.stage.azure.faults.clear()
    back = next(one.run for one in cmk.runs(at.stage.folder) if one.undoes)

    refused(at("rollback", back, "--yes"), 4, codes.sql.ROLLBACK_DONE, f"`rollback {run[:8]}` goes on with it")

    assert at("rollback", run, "--yes").code == 0


def test_the_lines_of_a_rollback_promise_no_rollback(desk: Sit) -> None:
    """Who reads that a rollback can be rolled back counts on it."""
    at = desk(one_server())
    run = at.reviewed()
    assert at.apply().code == 0

    shown = at("rollback", run, "-o", at.folder / "back.json")

    assert "rollback restores the value found before" not in shown.out
    assert "not by rollback: make a new dry run of the plan" in " ".join(shown.out.split())


def stored(folder: Path) -> dict[str, bytes]:
    """Return the files of a run store."""
    return {str(one.relative_to(folder)): one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file()}


@pytest.mark.parametrize("command", ["resume", "rollback", "verify"])
def test_an_unknown_run_is_1(desk: Sit, command: str) -> None:
    at = desk(one_server())
    at.reviewed()
    refused(at(command, "abcdef01"), 1, codes.input_.RUN_UNKNOWN, "abcdef01", str(at.stage.folder))


def test_what_is_refused_does_not_stop_the_rest(desk: Sit) -> None:
    """A plan names what cannot be moved, with its code, beside what can."""
    scene = having(geo(), PARTNER, {"properties": {"state": "Disabled"}})
    scene = planning(scene, targets=[{"resource_id": SERVER}, {"resource_id": f"{SERVER}-gone"}])
    at = desk(scene)
    blocked(at.dry_run(), 4, codes.sql.SERVER_NOT_READY, "sql-two", "sql-one-gone", str(codes.sql.SERVER_ABSENT))
    at = desk(planning(one_server(), targets=[{"resource_id": SERVER}, {"resource_id": f"{SERVER}-gone"}]))
    blocked(at.dry_run(), 0, codes.sql.SERVER_ABSENT, "sql-one-gone")
    assert at.apply().code == 0
    assert at.stage.protector(SERVER)["serverKeyType"] == "AzureKeyVault"
    assert writes(at.stage.since(0)), IDENTITY
