"""What would hurt a user if it were forgotten: for each hazard a test on the whole product that fails without the requirement.

Where another file has it already, it is named here.

| hazard | tests |
| --- | --- |
| 1 hardening a vault shuts nobody out | below; test_vault_users; recipes/steps: protect_vault, restrict_vault; law 11 |
| 2 undo sees who depends on it now | below; engine/test_rollback: test_no_undone_step_is_needed_by_one_that_stays |
| 3 brackets | engine/test_brackets (invented steps: Azure SQL has none) |
| 4 exactly the reviewed lines, or nothing | test_gates: test_an_owners_change_..., test_what_is_not_ours_...; engine/test_settle |
| 5 unclear answers, tampered journals | below; faults/test_crashes; connection/test_operation: a status URL gets no token |
| 6 SQL's primary identity | below; recipes/sql/targets; test_refusals: a displaced identity |
| 7 expiry and rotation policy | below; test_keys_said; recipes/steps/create_key.json |
| 8 rolling back after a rotation | test_lifecycle: test_rollback_after_a_rotation, test_rollback_to_the_previous_key_... |
| 9 leases (one lock a run store so far) | test_refusals: test_a_run_store_that_another_run_holds_is_1; engine/test_lease |
| 10 the access wait | below; test_nothing_present: late grants, one prober, "not yet", "unknown cause" |
| 11 the runbook | planfile/test_job; cli/test_demo: test_the_runbook_... |
| 12 geo pairs | test_geo |
| 13 policy | below; engine/test_preflight_policy |
| 14 acceptances | below; test_refusals: not accepted, surplus; engine/test_acceptance: names are unique |
| 15 whose permissions | below; test_least_privilege; engine/test_preflight_rights |
| 16 network | below; recipes/steps/network_sql.json |
| 17 soft-deleted names | below; test_keys_said; test_refusals: a soft-deleted key, a soft-deleted vault |
| 18 states | below; recipes/sql/targets; test_recorded_estate; engine/test_preflight_guards |
| 19 Cosmos DB's door | with that service |
| 20 the journal's limits | below; engine/test_journal: full disk, read-only store, torn and damaged lines |
| 21 the graph | below; test_gates: the canary; engine/test_graph: conflicts, shared writes |
| 22 recovery in every review | below |
| 23 the embedded Azure | simulator tests: each switch has a test that turns it off |
"""

from __future__ import annotations

import errno
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.engine.journal_lines import digest_of
from cmk_remediate.errors import CmkError, RunStoreError
from cmk_remediate.simulator.faults import Fault, Killed
from tests.e2e.desk import adding, blocked, having, owner_sets, planning, several, without
from tests.e2e.estates import (
    APP,
    IDENTITY,
    KEY,
    OLD_IDENTITY,
    OPERATOR,
    SERVER,
    SUB,
    TENANT,
    VAULT,
    Scene,
    geo,
    one_server,
    plan,
    previous_cmk,
)
from tests.e2e.stage import Stage, like_a_dead_process, path, told, writes

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmk_remediate.model.review import Review, ReviewedStep
    from tests.e2e.conftest import Azure, Sit

ADMINISTRATOR = {"administratorType": "ActiveDirectory", "principalType": "Group", "login": "dba", "sid": TENANT}


def _step(review: Review, kind: str) -> ReviewedStep:
    return next(step for step in review.steps if step.kind == kind)


def _codes(review: Review) -> list[str]:
    return [note.code for note in review.notes]


def _sent(stage: Stage, mark: int = 0) -> list[str]:
    return [path(one) for one in writes(stage.since(mark))]


# -- 1 ---------------------------------------------------------------------------------------------------------------------------


def test_1_protecting_a_vault_touches_nothing_else_of_it(azure: Azure) -> None:
    stage = azure(one_server(present=False))
    before = stage.bodies()[VAULT.lower()]
    review, _ = stage.moved()
    assert {line.path for line in _step(review, "protect_vault").lines if line.role == "owned"} == {
        "properties.enablePurgeProtection"
    }
    after = stage.bodies()[VAULT.lower()]
    for name in ("networkAcls", "enableRbacAuthorization", "softDeleteRetentionInDays"):
        assert after["properties"][name] == before["properties"][name]
    sent = _sent(stage)
    assert sent.index(VAULT.lower()) > max(
        n for n, one in enumerate(sent) if "/roleassignments/" in one or one == KEY.lower()
    )
    assert sent.index(VAULT.lower()) < min(n for n, one in enumerate(sent) if "/servers/" in one)


def test_1_the_vault_is_restricted_last_and_by_name(azure: Azure) -> None:
    scene = planning(several(2), vault={"restrict": {"default_action": "Deny"}})
    stage = azure(scene)
    review = stage.dry_run()
    assert review.acknowledgements_required == ("vault-firewall:kv-cmk",)
    text = json.dumps(_step(review, "restrict_vault").model_dump(mode="json"))
    assert "203.0.113.10" in text, "the vault's other users are listed"
    stage.monitor.accept(11, VAULT)
    result = stage.apply(review)
    assert result.exit_code == 0, told(result)
    sent = _sent(stage)
    assert sent.count(VAULT.lower()) == 1
    assert sent[-1] == VAULT.lower()


def test_1_a_failed_switch_leaves_the_vault_open(azure: Azure) -> None:
    stage = azure(planning(several(2), vault={"restrict": {"default_action": "Deny"}}))
    review = stage.dry_run()
    stage.azure.faults.add(
        Fault("status", method="PUT", url="sql-1/encryptionProtector", status=400, code="BadRequest")
    )
    assert stage.apply(review).exit_code == 5
    assert VAULT.lower() not in _sent(stage)


# -- 2 ---------------------------------------------------------------------------------------------------------------------------


def test_2_rollback_leaves_all_that_backups_stand_on(azure: Azure) -> None:
    stage = azure(one_server(present=False))
    review, _ = stage.moved()
    mark = stage.seen()
    undoing, _ = stage.rolled_back(review.digest)
    assert _sent(stage, mark) == [f"{SERVER}/encryptionProtector/current".lower()]
    stays = {step.kind for step in undoing.steps if step.action == "keep"}
    assert stays >= {
        "create_key",
        "create_identity",
        "assign_key_role",
        "attach_identity",
        "register_server_key",
        "protect_vault",
    }
    assert all(step.lines[0].reversibility for step in undoing.steps if step.action == "keep"), "each says why"


# -- 5 ---------------------------------------------------------------------------------------------------------------------------


def _dead_in_an_operation(azure: Azure) -> tuple[Stage, str]:
    stage = azure(one_server())
    review = stage.dry_run()
    stage.azure.faults.add(Fault("kill-before", url="/operation|azureAsyncOperation"))
    with pytest.raises(Killed):
        stage.apply(review)
    like_a_dead_process(stage.folder)
    return Stage(stage.azure.clone(), stage.scene, stage.folder), review.digest


def _rewritten(stage: Stage, run: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Change each record of a journal and mend its chain, as somebody would who knows how it is made."""
    prev, lines = run, []
    for line in stage.journal(run):
        record = json.loads(line)
        change(record)
        lines.append(json.dumps({**record, "prev": prev}, separators=(",", ":")).encode())
        prev = digest_of(lines[-1])
    (stage.folder / run / "journal.ndjson").write_bytes(b"".join(line + b"\n" for line in lines))


def test_5_a_tampered_status_url_gets_no_token(azure: Azure) -> None:
    stage, run = _dead_in_an_operation(azure)
    changed: list[str] = []

    def tamper(record: dict[str, Any]) -> None:
        for name, value in record.items():
            if isinstance(value, str) and value.startswith("https://management.azure.com/") and "url" in name.lower():
                record[name] = value.replace("management.azure.com", "management.azure.com.example.org")
                changed.append(name)

    _rewritten(stage, run, tamper)
    assert changed, "the journal was to hold a status URL"
    with_ends = _resumed(stage, run)
    assert not [one for one in stage.since(0) if "example.org" in one.url], "a request left for a foreign host"
    assert with_ends in ("0", "5", str(codes.access.HOST_REFUSED))


def test_5_a_status_url_of_another_subscription_is_not_followed(azure: Azure) -> None:
    stage, run = _dead_in_an_operation(azure)
    other = "00000000-0000-4000-8000-000000000000"

    def tamper(record: dict[str, Any]) -> None:
        for name, value in record.items():
            if isinstance(value, str) and value.startswith("https://") and "url" in name.lower():
                record[name] = value.replace(SUB, other)

    _rewritten(stage, run, tamper)
    _resumed(stage, run)
    assert not [one for one in stage.since(0) if other in one.url]


def _resumed(stage: Stage, run: str) -> str:
    try:
        return str(stage.resume(run).exit_code)
    except CmkError as error:
        return str(error.code)


def test_5_a_journal_changed_without_its_chain_is_not_resumed(azure: Azure) -> None:
    stage, run = _dead_in_an_operation(azure)
    file = stage.folder / run / "journal.ndjson"
    lines = stage.journal(run)
    lines[-2] = lines[-2].replace(b"sql-one", b"sql-two")
    file.write_bytes(b"".join(line + b"\n" for line in lines))
    mark = stage.seen()
    with pytest.raises(RunStoreError) as refused:
        stage.resume(run)
    assert refused.value.code == codes.engine.JOURNAL_DAMAGED
    assert stage.since(mark) == [], "nothing at all was asked"


OWN_PRINCIPAL = "77777777-7777-4777-8777-7777777777c1"
SYSTEM_ASSIGNED = {
    "identity": "system-assigned",
    "customer_managed_key": {"key_vault_resource_id": VAULT, "key_name": "cmk"},
}


# -- 6 ---------------------------------------------------------------------------------------------------------------------------


def _identified(**properties: Any) -> Scene:
    identity = {"type": "SystemAssigned", "principalId": OWN_PRINCIPAL, "tenantId": TENANT}
    return having(one_server(), SERVER, {"identity": identity, "properties": properties})


def test_6_a_primary_identity_is_kept_and_gets_the_grant(azure: Azure) -> None:
    stage = azure(previous_cmk())
    review, _ = stage.moved()
    server = stage.bodies()[SERVER.lower()]
    assert server["properties"]["primaryUserAssignedIdentityId"].lower() == OLD_IDENTITY.lower()
    assert IDENTITY.lower() not in {name.lower() for name in server["identity"]["userAssignedIdentities"]}
    assert str(codes.notes.IDENTITY_KEPT_BY_RESOURCE) in _codes(review)
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


# -- 7 ---------------------------------------------------------------------------------------------------------------------------


def test_7_a_key_is_made_by_one_body_with_its_rotation_policy_and_no_activation_date(azure: Azure) -> None:
    stage = azure(one_server(present=False))
    stage.moved()
    made = [one for one in writes(stage.since(0)) if path(one) == KEY.lower()]
    (body,) = [json.loads(one.body)["properties"] for one in made]
    assert body["rotationPolicy"]["lifetimeActions"]
    assert body["attributes"] == {"enabled": True}, "no expiry, no nbf"


def test_7_a_pinned_key_that_expires_is_refused(desk: Sit) -> None:
    version = "0123456789abcdef0123456789abcdef"
    uri = f"https://kv-cmk.vault.azure.net/keys/cmk/{version}"
    scene = having(one_server(), KEY, {"properties": {"keyUriWithVersion": uri, "attributes": {"exp": 2208988800}}})
    pinned = {**plan(SERVER)["customer_managed_key"], "key_version": version}
    outcome = desk(planning(scene, customer_managed_key=pinned)).dry_run()
    blocked(outcome, 4, codes.vault.PINNED_KEY_EXPIRES, "cmk", "exp")


# -- 10 --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("floor", ["60s", "4m"])
def test_10_access_is_tried_no_sooner_than_the_floor_after_the_youngest_cause(azure: Azure, floor: str) -> None:
    stage = azure(one_server(present=False), late_rbac=False, late_directory=False)
    review = stage.dry_run({**stage.scene.plan, "access": {"floor": floor}})
    assert stage.apply(review).exit_code == 0
    log = writes(stage.since(0))
    causes = [
        one
        for one in log
        if "/roleassignments/" in path(one) or path(one) in (KEY.lower(), VAULT.lower(), IDENTITY.lower())
    ]
    probe = next(one for one in log if "/servers/" in path(one) and "/keys/" in path(one))
    waited = (_moment(probe.at) - max(_moment(one.at) for one in causes)).total_seconds()
    assert {"60s": 60, "4m": 240}[floor] <= waited < {"60s": 180, "4m": 360}[floor]


def _moment(text: str) -> Any:
    from cmk_remediate.clock import parse_utc  # noqa: PLC0415 - one use

    return parse_utc(text)


# -- 13 --------------------------------------------------------------------------------------------------------------------------


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
    ways = [line.reversibility for line in _step(review, "set_protector").lines if line.role == "owned"]
    assert [way.kind for way in ways if way] == ["one-way"] * len(ways)
    assert all("only-cmk" in way.why for way in ways if way)
    assert review.acknowledgements_required == ("one-way:sql-one",)
    assert stage.apply(review).exit_code == 0


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


# -- 14, 15 ----------------------------------------------------------------------------------------------------------------------


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


# -- 16 --------------------------------------------------------------------------------------------------------------------------

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


# -- 17 --------------------------------------------------------------------------------------------------------------------------


def test_17_a_key_that_may_exist_deleted_is_said_and_never_recovered_or_purged(azure: Azure) -> None:
    """The operator has no right on the vault's own endpoint, so nobody can look; Azure then refuses the creation."""
    gone = {"id": f"{VAULT}/deletedKeys/cmk", "properties": {"kty": "RSA"}}
    stage = azure(adding(without(one_server(), KEY), "resources", gone))
    review = stage.dry_run()
    assert "may exist deleted" in _step(review, "create_key").reason
    result = stage.apply(review)
    assert result.exit_code != 0
    sent = _sent(stage)
    assert not [one for one in sent if "recover" in one or "purge" in one or "deletedkeys" in one]
    assert not [one for one in sent if "/servers/" in one]
    assert stage.protector(SERVER)["serverKeyType"] == "ServiceManaged"


# -- 18 --------------------------------------------------------------------------------------------------------------------------


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


# -- 20 --------------------------------------------------------------------------------------------------------------------------


def test_20_a_run_store_that_cannot_be_written_sends_nothing(azure: Azure) -> None:
    stage = azure(one_server())
    review = stage.dry_run()
    stage.folder.write_text("a file where the store should be", encoding="utf-8")
    with pytest.raises(RunStoreError) as refused:
        stage.apply(review)
    assert refused.value.code == codes.engine.JOURNAL_UNWRITABLE
    assert str(stage.folder) in refused.value.resource
    assert writes(stage.since(0)) == []


def test_20_a_disk_that_fills_up_in_mid_run(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was sent is recorded in the reserved room, nothing more is sent, and with room again resume finishes."""
    stage = azure(one_server())
    review = stage.dry_run()
    real, reserve = os.write, stage.folder / review.digest / "reserve"

    def full(handle: int, data: bytes) -> int:
        if reserve.exists() and b'"type":"run-started"' not in data and len(writes(stage.since(0))) >= 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(handle, data)

    monkeypatch.setattr(os, "write", full)
    ended = _applied(stage, review)
    monkeypatch.setattr(os, "write", real)
    assert ended in ("5", str(codes.engine.JOURNAL_UNWRITABLE))
    assert len(writes(stage.since(0))) == 1, "no intent, no write"
    result = stage.resume(review.digest)
    assert result.exit_code == 0, told(result)
    assert len(writes(stage.since(0))) == 3, "and nothing was sent twice"


def _applied(stage: Stage, review: Review) -> str:
    try:
        return str(stage.apply(review).exit_code)
    except CmkError as error:
        return str(error.code)


# -- 21 --------------------------------------------------------------------------------------------------------------------------


def test_21_a_grant_is_for_the_one_key_and_made_once(azure: Azure) -> None:
    scene = several(3)
    scene.estate["role_assignments"] = [one for one in scene.estate["role_assignments"] if one["scope"] != KEY]
    stage = azure(scene)
    review, _ = stage.moved()
    grants = [one for one in _sent(stage) if "/roleassignments/" in one]
    assert len(grants) == 1
    assert grants[0].startswith(f"{KEY.lower()}/providers/")
    assert [step.kind for step in review.steps].count("assign_key_role") == 1


def test_21_a_key_a_target_gives_each_its_own_grant(azure: Azure) -> None:
    scene = several(2)
    key = {**scene.plan["customer_managed_key"], "key_name": "cmk-{target}"}
    stage = azure(planning(scene, customer_managed_key=key))
    stage.moved()
    scopes = sorted(
        one.split("/providers/microsoft.authorization")[0] for one in _sent(stage) if "/roleassignments/" in one
    )
    assert scopes == [f"{VAULT.lower()}/keys/cmk-sql-0", f"{VAULT.lower()}/keys/cmk-sql-1"]


# -- 22 --------------------------------------------------------------------------------------------------------------------------

RECOVERY = {
    "where the keys are": codes.notes.VAULT_REGION,
    "key backup": codes.notes.KEY_BACKUP,
    "where it restores": codes.notes.KEY_RESTORE_SCOPE,
    "what a restored database needs": codes.notes.RESTORE_NEEDS,
    "audit logging": codes.notes.AUDIT_LOGGING_MISSING,
}


def _says_all(review: Review) -> None:
    assert {what for what, code in RECOVERY.items() if str(code) not in _codes(review)} == set()
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
    assert str(codes.notes.VAULT_REGION_UNKNOWN) in _codes(review)
    assert str(codes.notes.VAULT_REGION) not in _codes(review)


def test_4_a_change_in_the_middle_of_a_run_is_seen_before_the_next_write(azure: Azure) -> None:
    stage = azure(one_server())
    review = stage.dry_run()
    register = _step(review, "register_server_key").id

    def disable(event: Any) -> None:
        if event.kind == "settled" and event.step == register:
            owner_sets(stage, f"{SERVER}/encryptionProtector/current", {"properties": {"autoRotationEnabled": True}})

    result = stage.apply(review, progress=disable)
    assert (result.exit_code, result.targets[0].code) == (5, "CMK501"), told(result)
    assert not [one for one in _sent(stage) if one.endswith("/encryptionprotector/current")]
