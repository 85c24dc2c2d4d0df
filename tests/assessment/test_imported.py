"""Findings of other tools. Fails: what another tool found is dropped without a word, or a stranger's file ends in a traceback."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmk_remediate import codes
from cmk_remediate.assessment.files import load_assessment
from cmk_remediate.assessment.imported import load_findings
from cmk_remediate.errors import InputError
from tests.assessment.made import GROUP, account, assessment, finding
from tests.hostile.profile import tries

if TYPE_CHECKING:
    from pathlib import Path

SERVER = f"{GROUP}/providers/Microsoft.Sql/servers/sql-one"
STORAGE_POLICY = "6fac406b-40ca-413b-bf8e-0bf964659c25"


def prowler(check: str, *uids: str | None, status: str = "FAIL") -> dict[str, Any]:
    """Return a finding as Prowler writes it, as far as it is read."""
    return {
        "metadata": {"event_code": check, "product": {"name": "Prowler", "vendor_name": "Prowler"}, "version": "1.4.0"},
        "status_code": status,
        "class_name": "Detection Finding",
        "resources": [{"uid": uid, "type": "x", "region": "westeurope"} for uid in uids],
    }


def policy(resource: str, definition: str = STORAGE_POLICY, state: str = "NonCompliant") -> dict[str, Any]:
    return {"resourceId": resource, "policyDefinitionName": definition, "complianceState": state}


def saved(folder: Path, document: Any, name: str = "findings.json") -> Path:
    path = folder / name
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return path


def test_prowlers_checks_become_targets_and_the_rest_is_listed(tmp_path: Path) -> None:
    rows = [
        prowler("storage_ensure_encryption_with_customer_managed_keys", account("one")),
        prowler("storage_ensure_encryption_with_customer_managed_keys", account("right"), status="PASS"),
        prowler("sqlserver_tde_encrypted_with_cmk", SERVER),
        prowler("keyvault_rbac_enabled", f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"),
        prowler("databricks_workspace_cmk_encryption_enabled", f"{GROUP}/providers/Microsoft.Databricks/workspaces/w"),
        prowler("sqlserver_tde_encrypted_with_cmk", None),
    ]
    found = load_findings([saved(tmp_path, rows)])
    assert found.resources == (account("one"), SERVER)
    assert [(one.check, one.why) for one in found.not_covered] == [
        ("keyvault_rbac_enabled", "the check is not about a customer-managed key that a plan can set"),
        (
            "databricks_workspace_cmk_encryption_enabled",
            "the check is not about a customer-managed key that a plan can set",
        ),
        ("sqlserver_tde_encrypted_with_cmk", "it names no Azure resource"),
    ]


def test_policy_states_become_targets_children_as_their_parents(tmp_path: Path) -> None:
    rows = [
        policy(account("one")),
        policy(f"{account('two')}/encryptionScopes/s", "b5ec538c-daa0-4006-8596-35468b9148e8"),
        policy(account("three"), state="Compliant"),
        policy(account("one")),
        policy(f"{GROUP}/providers/Microsoft.Automation/automationAccounts/a", "56a5ee18-2ae6-4810-86f7-18e39ce5629b"),
        policy(f"{GROUP}/providers/Microsoft.Compute/images/i", "702dd420-7fcc-42c5-afe8-4026edd20fe0"),
    ]
    for document in (rows, {"value": rows}):
        found = load_findings([saved(tmp_path, document)])
        assert found.resources == (account("one"), account("two"))
        assert [one.why for one in found.not_covered] == [
            "the check is not about a customer-managed key that a plan can set",
            "there is no plan for Microsoft.Compute/images",
        ]


def test_one_object_a_line_is_read_too(tmp_path: Path) -> None:
    lines = "\n".join(json.dumps(policy(account(name))) for name in ("one", "two"))
    assert load_findings([saved(tmp_path, lines)]).resources == (account("one"), account("two"))


@pytest.mark.parametrize("document", ["[1]", '{"a": 1}', '"text"', '[{"resourceId": "x"}]'])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, document: str) -> None:
    with pytest.raises(InputError) as caught:
        load_findings([saved(tmp_path, document)])
    assert caught.value.code == codes.assess.NO_FINDINGS


@pytest.mark.parametrize("document", ["", "{", "[" * 5000, "\0", "nul"])
def test_what_is_no_json_is_refused(tmp_path: Path, document: str) -> None:
    for load in (lambda path: load_findings([path]), load_assessment):
        with pytest.raises(InputError) as caught:
            load(saved(tmp_path, document))
        assert caught.value.code == codes.assess.FILE_UNREADABLE


def test_a_missing_file_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_assessment(tmp_path / "none.json")
    assert caught.value.code == codes.assess.FILE_UNREADABLE


MEMBERS = (
    "value",
    "metadata",
    "event_code",
    "resources",
    "uid",
    "status_code",
    "resourceId",
    "complianceState",
    "made",
    "format_version",
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=20)
    | st.sampled_from([account("one"), "FAIL", "NonCompliant"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(MEMBERS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@tries(200)
@given(VALUES)
def test_whatever_a_file_holds_it_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, document: Any) -> None:
    path = saved(tmp_path_factory.mktemp("hostile"), document)
    for load in (lambda one: load_findings([one]), load_assessment):
        with contextlib.suppress(InputError):
            load(path)


def test_a_saved_assessment_comes_back_as_it_was(tmp_path: Path) -> None:
    made = assessment(finding("one"), finding("two", "compliant"))
    assert load_assessment(saved(tmp_path, made.to_json())) == made


@pytest.mark.parametrize("version", ["2.0", "0.9", ""])
def test_an_assessment_of_another_format_is_refused(tmp_path: Path, version: str) -> None:
    document = {**assessment().to_json(), "format_version": version}
    with pytest.raises(InputError, match="format"):
        load_assessment(saved(tmp_path, document))
