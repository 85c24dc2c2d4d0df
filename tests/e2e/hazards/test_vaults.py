"""Hazards 1, 16 and 22: hardening a vault, who reaches it, what a review says about its loss."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.simulator.faults import Fault
from tests.e2e.desk import having, planning, several
from tests.e2e.estates import (
    KEY,
    SUB,
    VAULT,
    Scene,
    geo,
    one_server,
    previous_cmk,
)
from tests.e2e.hazards.telling import codes_of, sent_by, step_of
from tests.e2e.stage import told

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmk_remediate.model.review import Review
    from tests.e2e.conftest import Azure


def test_1_protecting_a_vault_touches_nothing_else_of_it(azure: Azure) -> None:
    stage = azure(one_server(present=False))
    before = stage.bodies()[VAULT.lower()]
    review, _ = stage.moved()
    assert {line.path for line in step_of(review, "protect_vault").lines if line.role == "owned"} == {
        "properties.enablePurgeProtection"
    }
    after = stage.bodies()[VAULT.lower()]
    for name in ("networkAcls", "enableRbacAuthorization", "softDeleteRetentionInDays"):
        assert after["properties"][name] == before["properties"][name]
    sent = sent_by(stage)
    assert sent.index(VAULT.lower()) > max(
        n for n, one in enumerate(sent) if "/roleassignments/" in one or one == KEY.lower()
    )
    assert sent.index(VAULT.lower()) < min(n for n, one in enumerate(sent) if "/servers/" in one)


def test_1_the_vault_is_restricted_last_and_by_name(azure: Azure) -> None:
    scene = planning(several(2), vault={"restrict": {"default_action": "Deny"}})
    stage = azure(scene)
    review = stage.dry_run()
    assert review.acknowledgements_required == ("vault-firewall:kv-cmk",)
    text = json.dumps(step_of(review, "restrict_vault").model_dump(mode="json"))
    assert "203.0.113.10" in text, "the vault's other users are listed"
    stage.monitor.accept(11, VAULT)
    result = stage.apply(review)
    assert result.exit_code == 0, told(result)
    sent = sent_by(stage)
    assert sent.count(VAULT.lower()) == 1
    assert sent[-1] == VAULT.lower()


def test_1_a_failed_switch_leaves_the_vault_open(azure: Azure) -> None:
    stage = azure(planning(several(2), vault={"restrict": {"default_action": "Deny"}}))
    review = stage.dry_run()
    stage.azure.faults.add(
        Fault("status", method="PUT", url="sql-1/encryptionProtector", status=400, code="BadRequest")
    )
    assert stage.apply(review).exit_code == 5
    assert VAULT.lower() not in sent_by(stage)


OPEN: dict[str, Any] = {"networkAcls": {"defaultAction": "Allow", "bypass": "None"}}


DENY: dict[str, Any] = {"networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices"}}


SHUT: dict[str, Any] = {"networkAcls": {"defaultAction": "Deny", "bypass": "None"}}


DISABLED: dict[str, Any] = {**DENY, "publicNetworkAccess": "Disabled"}


CELLS: dict[str, tuple[dict[str, Any], dict[str, Any], str, str]] = {
    "open": (OPEN, {}, "AzureCloud", "go"),
    "Deny + AzureServices": (DENY, {}, "AzureCloud", "go"),
    "Deny + AzureServices, US Government": (DENY, {}, "AzureUSGovernment", "bypass-unconfirmed:kv-cmk"),
    "Deny + AzureServices, China": (DENY, {}, "AzureChinaCloud", "bypass-unconfirmed:kv-cmk"),
    "Deny + None": (SHUT, {}, "AzureCloud", "refuse"),
    "Deny + None, private endpoint": (SHUT, {"private_endpoint": True}, "AzureCloud", "go"),
    "Disabled + AzureServices": (DISABLED, {}, "AzureCloud", "go"),
    "Disabled + AzureServices, China": (DISABLED, {}, "AzureChinaCloud", "bypass-unconfirmed:kv-cmk"),
    "Disabled + None": ({**SHUT, "publicNetworkAccess": "Disabled"}, {}, "AzureCloud", "refuse"),
    "SecuredByPerimeter": ({**DENY, "publicNetworkAccess": "SecuredByPerimeter"}, {}, "AzureCloud", "refuse"),
    "open, to be shut by us": (OPEN, {"vault": {"restrict": {"default_action": "Deny"}}}, "AzureCloud", "refuse"),
    "shut, opened by the plan": (SHUT, {"vault": {"bypass": "AzureServices"}}, "AzureCloud", "vault-bypass:kv-cmk"),
}


@pytest.mark.parametrize("cell", CELLS)
def test_16_who_reaches_the_vault(azure: Azure, cell: str) -> None:
    properties, more, cloud, expected = CELLS[cell]
    scene = planning(having(one_server(), VAULT, {"properties": properties}), cloud=cloud, **more)
    stage = azure(scene, cloud=cloud)
    review = stage.dry_run()
    block = review.targets[0].blocked
    if expected == "refuse":
        assert block is not None
        assert (block.code, block.next != "") == (codes.vault.NETWORK_REFUSES, True)
        return
    assert block is None, block
    assert review.acknowledgements_required == (() if expected == "go" else (expected,))


RECOVERY = {
    "where the keys are": codes.notes.VAULT_REGION,
    "key backup": codes.notes.KEY_BACKUP,
    "where it restores": codes.notes.KEY_RESTORE_SCOPE,
    "what a restored database needs": codes.notes.RESTORE_NEEDS,
    "audit logging": codes.notes.AUDIT_LOGGING_MISSING,
}


def _says_all(review: Review) -> None:
    assert {what for what, code in RECOVERY.items() if str(code) not in codes_of(review)} == set()
    text = " ".join(note.text for note in review.notes)
    for part in ("kv-cmk is in westeurope", "replicates it to northeurope", SUB, "same geography", "AuditEvent"):
        assert part in text
    shown = " ".join(cmk.render(review, "text").split())
    assert all(f"[{code}]" in shown for code in RECOVERY.values()), "the reviewer sees them"


@pytest.mark.parametrize("scene", [one_server, lambda: one_server(present=False), geo, previous_cmk])
def test_22_every_review_says_what_recovery_needs(azure: Azure, scene: Callable[[], Scene]) -> None:
    stage = azure(scene())
    review, _ = stage.moved()
    _says_all(review)
    _says_all(stage.dry_run())
    _says_all(stage.review_rollback(review.digest))


def test_22_a_region_whose_pair_is_not_known_is_said_so(azure: Azure) -> None:
    stage = azure(having(one_server(), VAULT, {"location": "polandcentral"}))
    review = stage.dry_run()
    assert str(codes.notes.VAULT_REGION_UNKNOWN) in codes_of(review)
    assert str(codes.notes.VAULT_REGION) not in codes_of(review)
