"""Hazards 6, 18 and 21: SQL's primary identity, the states of real estates, grants made once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cmk_remediate import codes
from cmk_remediate.simulator.faults import Fault
from tests.e2e.desk import adding, having, planning, several, without
from tests.e2e.estates import (
    APP,
    IDENTITY,
    KEY,
    OLD_IDENTITY,
    SERVER,
    TENANT,
    VAULT,
    Scene,
    geo,
    one_server,
    previous_cmk,
)
from tests.e2e.hazards.telling import ADMINISTRATOR, codes_of, sent_by
from tests.e2e.stage import path, writes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.conftest import Azure


OWN_PRINCIPAL = "77777777-7777-4777-8777-7777777777c1"


SYSTEM_ASSIGNED = {
    "identity": "system-assigned",
    "customer_managed_key": {"key_vault_resource_id": VAULT, "key_name": "cmk"},
}


def _identified(**properties: Any) -> Scene:
    identity = {"type": "SystemAssigned", "principalId": OWN_PRINCIPAL, "tenantId": TENANT}
    return having(one_server(), SERVER, {"identity": identity, "properties": properties})


def test_6_a_primary_identity_is_kept_and_gets_the_grant(azure: Azure) -> None:
    stage = azure(previous_cmk())
    review, _ = stage.moved()
    server = stage.bodies()[SERVER.lower()]
    assert server["properties"]["primaryUserAssignedIdentityId"].lower() == OLD_IDENTITY.lower()
    assert IDENTITY.lower() not in {name.lower() for name in server["identity"]["userAssignedIdentities"]}
    assert str(codes.notes.IDENTITY_KEPT_BY_RESOURCE) in codes_of(review)
    grant = next(one for one in writes(stage.since(0)) if "/roleassignments/" in path(one))
    assert json.loads(grant.body)["properties"]["principalId"] == "55555555-5555-4555-8555-555555555504"


def test_6_a_displaced_identity_is_accepted_by_name_after_its_graph_rights_are_listed(azure: Azure) -> None:
    stage = azure(_identified(administrators=ADMINISTRATOR))
    review = stage.dry_run()
    assert review.acknowledgements_required == ("server-identity:sql-one",)
    text = " ".join(note.text for note in review.notes if note.code == codes.sql.IDENTITY_DISPLACED)
    assert "Directory Readers" in text
    assert "Application.Read.All" in text
    assert stage.apply(review).exit_code == 0
    assert "SystemAssigned" in stage.bodies()[SERVER.lower()]["identity"]["type"], (
        "the former identity is still attached"
    )


@pytest.mark.parametrize("what", ["no administrator", "the plan says system-assigned"])
def test_6_nobody_is_asked_where_nothing_is_displaced(azure: Azure, what: str) -> None:
    scene = _identified()
    if what != "no administrator":
        scene = planning(_identified(administrators=ADMINISTRATOR), **SYSTEM_ASSIGNED)
    stage = azure(scene)
    review, _ = stage.moved()
    assert review.acknowledgements_required == ()
    primary = stage.bodies()[SERVER.lower()]["properties"].get("primaryUserAssignedIdentityId")
    assert (primary or "").lower() == (IDENTITY.lower() if what == "no administrator" else "")


def _hsm() -> Scene:
    uri = "https://hsm-one.managedhsm.azure.net/keys/tde/0123456789abcdef0123456789abcdef"
    scene = having(previous_cmk(), f"{SERVER}/encryptionProtector/current", {"properties": {"uri": uri}})
    return having(scene, SERVER, {"properties": {"keyId": uri}})


STATES: dict[str, tuple[Callable[[], Scene], str, str]] = {
    "platform": (one_server, "platform", ""),
    "on another key": (previous_cmk, "customer (wrong)", ""),
    "on a key nobody shows us": (
        lambda: without(previous_cmk(), *(one for one in _ids(previous_cmk()) if "/kv-old" in one)),
        "customer, not checkable",
        "CMK409",
    ),
    "managed HSM": (_hsm, "managed HSM", "CMK410"),
    "cross-tenant": (
        lambda: having(previous_cmk(), SERVER, {"properties": {"federatedClientId": APP}}),
        "cross-tenant",
        "CMK407",
    ),
    "Synapse": (lambda: having(one_server(), SERVER, {"kind": "v12.0,analytics"}), "foreign", "CMK405"),
    "managed by another": (lambda: having(one_server(), SERVER, {"managedBy": VAULT}), "foreign", "CMK406"),
    "a locked server": (
        lambda: adding(one_server(), "locks", {"scope": SERVER, "level": "ReadOnly"}),
        "platform",
        "CMK206",
    ),
}


def _ids(scene: Scene) -> list[str]:
    return [one["id"] for one in scene.estate["resources"]]


@pytest.mark.parametrize("what", STATES)
def test_18_what_real_estates_have(azure: Azure, what: str) -> None:
    scene, state, code = STATES[what]
    stage = azure(scene())
    target = stage.dry_run().targets[0]
    assert (target.state, target.blocked.code if target.blocked else "") == (state, code)


def test_18_healthy_mixed_and_system_assigned(azure: Azure) -> None:
    stage = azure(one_server())
    stage.moved()
    assert stage.dry_run().targets[0].state == "customer (healthy)"
    stage = azure(planning(_identified(), **SYSTEM_ASSIGNED))
    stage.moved()
    assert stage.dry_run().targets[0].state == "customer, system-assigned"
    stage = azure(geo())
    review = stage.dry_run()
    url = f"{SERVER}/encryptionProtector/current"
    stage.azure.faults.add(Fault("status", method="PUT", url=url, status=400, code="BadRequest"))
    assert stage.apply(review).exit_code == 5
    stage.azure.advance(60)
    assert stage.dry_run().targets[0].state == "mixed"


def test_21_a_grant_is_for_the_one_key_and_made_once(azure: Azure) -> None:
    scene = several(3)
    scene.estate["role_assignments"] = [one for one in scene.estate["role_assignments"] if one["scope"] != KEY]
    stage = azure(scene)
    review, _ = stage.moved()
    grants = [one for one in sent_by(stage) if "/roleassignments/" in one]
    assert len(grants) == 1
    assert grants[0].startswith(f"{KEY.lower()}/providers/")
    assert [step.kind for step in review.steps].count("assign_key_role") == 1


def test_21_a_key_a_target_gives_each_its_own_grant(azure: Azure) -> None:
    scene = several(2)
    key = {**scene.plan["customer_managed_key"], "key_name": "cmk-{target}"}
    stage = azure(planning(scene, customer_managed_key=key))
    stage.moved()
    scopes = sorted(
        one.split("/providers/microsoft.authorization")[0] for one in sent_by(stage) if "/roleassignments/" in one
    )
    assert scopes == [f"{VAULT.lower()}/keys/cmk-sql-0", f"{VAULT.lower()}/keys/cmk-sql-1"]
