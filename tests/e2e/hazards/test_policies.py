"""Hazards 13, 14 and 15: policies, what is accepted by name, whose permissions count."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cmk_remediate import codes
from cmk_remediate.errors import CmkError
from cmk_remediate.model.ids import ResourceId
from tests.e2e.accounts import one_account
from tests.e2e.desk import adding, blocked, having, several
from tests.e2e.estates import (
    OPERATOR,
    SUB,
    VAULT,
    one_server,
)
from tests.e2e.hazards.telling import ADMINISTRATOR, step_of
from tests.e2e.machines import one_machine
from tests.e2e.stage import writes
from tests.simulator.compute import MACHINE

if TYPE_CHECKING:
    from tests.e2e.conftest import Azure, Sit


def _policy(name: str, condition: dict[str, Any], then: Any = None) -> dict[str, Any]:
    return {
        "name": name,
        "scope": f"/subscriptions/{SUB}",
        "rule": {"if": condition, "then": then or {"effect": "deny"}},
    }


def _needs_tag(tag: str) -> dict[str, Any]:
    return {
        "allOf": [{"field": "type", "equals": "Microsoft.Sql/servers"}, {"field": f"tags['{tag}']", "exists": "false"}]
    }


def test_13_policy_is_asked_with_the_merged_body(desk: Sit) -> None:
    """The server has the tag `team`, which no request of ours names; it has no tag `cost`."""
    at = desk(adding(one_server(), "policies", _policy("needs-team", _needs_tag("team"))))
    assert at.dry_run().code == 0
    assert at.apply().code == 0
    at = desk(adding(one_server(), "policies", _policy("needs-cost", _needs_tag("cost"))))
    blocked(at.dry_run(), 4, codes.access.POLICY_DENIES, "sql-one", "needs-cost")


ONLY_CMK = {
    "allOf": [
        {"field": "type", "equals": "Microsoft.Sql/servers/encryptionProtector"},
        {"field": "Microsoft.Sql/servers/encryptionProtector/serverKeyType", "notEquals": "AzureKeyVault"},
    ]
}


def test_13_a_denied_undo_is_one_way_and_names_the_assignment(azure: Azure) -> None:
    stage = azure(adding(one_server(), "policies", _policy("only-cmk", ONLY_CMK)))
    review = stage.dry_run()
    ways = [line.reversibility for line in step_of(review, "set_protector").lines if line.role == "owned"]
    assert [way.kind for way in ways if way] == ["one-way"] * len(ways)
    assert all("only-cmk" in way.why for way in ways if way)
    assert review.acknowledgements_required == ("one-way:sql-one",)
    assert stage.apply(review).exit_code == 0


def _without(kind: str, path: str) -> dict[str, Any]:
    return {"allOf": [{"field": "type", "equals": kind}, {"field": f"{kind}/{path}", "exists": "false"}]}


def test_13_the_built_in_definition_on_disks_closes_the_way_back_and_not_the_way_there(azure: Azure) -> None:
    """702dd420-7fcc-42c5-afe8-4026edd20fe0 with the effect deny (Azure/azure-policy)."""
    rule = _without("Microsoft.Compute/disks", "encryption.diskEncryptionSetId")
    scene = one_machine()
    policy = {**_policy("only-cmk", rule), "scope": ResourceId(MACHINE).subscription_id.text}
    stage = azure(adding(scene, "policies", policy))
    review, _ = stage.moved()
    assert {"one-way:vm-os", "one-way:vm-data"} <= set(review.acknowledgements_required)
    (target,) = stage.review_rollback(review.digest).targets
    assert target.blocked is not None
    assert target.blocked.code == codes.access.POLICY_DENIES
    assert "restore_disk" in target.blocked.why


def test_13_the_built_in_definition_on_accounts_is_found_before_anything_is_written(azure: Azure) -> None:
    """1f905d99-2ab7-462c-a6b0-f709acca6c8f with the effect deny: the identity goes first, and the key must go alone."""
    rule = _without("Microsoft.DocumentDB/databaseAccounts", "keyVaultKeyUri")
    review = azure(adding(one_account(), "policies", _policy("only-cmk", rule))).dry_run()
    (target,) = review.targets
    assert target.blocked is not None
    assert target.blocked.code == codes.access.POLICY_DENIES
    assert "attach_account_identity" in target.blocked.why
    assert "only-cmk" in target.blocked.why


def test_13_what_rewrites_our_resources_is_named(azure: Azure) -> None:
    stamp = {
        "effect": "modify",
        "details": {"operations": [{"operation": "add", "field": "tags['by']", "value": "policy"}]},
    }
    condition = {"field": "type", "equals": "Microsoft.Sql/servers"}
    stage = azure(adding(one_server(), "policies", _policy("stamps", condition, stamp)))
    review, _ = stage.moved()
    assert ["stamps" in note.text for note in review.notes if note.code == codes.notes.POLICY_REWRITES] == [True]
    assert stage.verify(review.digest).exit_code == 0, "what the policy set is not ours"


def test_14_each_acceptance_names_one_thing_and_a_wrong_one_opens_nothing(azure: Azure) -> None:
    scene = several(2)
    for one in scene.servers:
        scene = having(
            scene, one, {"identity": {"type": "SystemAssigned"}, "properties": {"administrators": ADMINISTRATOR}}
        )
    scene = having(scene, VAULT, {"properties": {"enablePurgeProtection": None}})
    stage = azure(scene)
    review = stage.dry_run()
    asked = review.acknowledgements_required
    assert asked == ("purge-protection:kv-cmk", "server-identity:sql-0", "server-identity:sql-1")
    for given in ([], asked[:2], [*asked, "vault-firewall:kv-cmk"], [*asked[:2], "server-identity:sql-2"]):
        with pytest.raises(CmkError) as refused:
            stage.apply(review, accept=given)
        assert refused.value.exit_code == 4
    assert writes(stage.since(0)) == []
    stage.apply(review, approver="board")
    started = json.loads(stage.journal(review.digest)[0])
    assert (started["accepted"], started["approver"], started["caller"]) == (list(asked), "board", OPERATOR)


def test_15_a_reader_may_make_the_review_and_is_told_what_an_apply_needs(azure: Azure) -> None:
    scene = one_server()
    scene.estate["operator"] = {"object_id": OPERATOR, "role": "Reader"}
    stage = azure(scene)
    review = stage.dry_run()
    lacking = [note.text for note in review.notes if note.code == codes.notes.CALLER_LACKS_PERMISSION]
    assert any("Microsoft.Sql/servers/encryptionProtector/write" in text for text in lacking)
    assert all(OPERATOR in text for text in lacking)
    with pytest.raises(CmkError) as refused:
        stage.apply(review)
    assert refused.value.code == codes.access.PERMISSION_MISSING
    assert writes(stage.since(0)) == []
