"""Several plans as one: without these two plans of a run could ask for contrary things, or a cap of one be lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cmk_remediate import codes
from cmk_remediate.planfile.estate import EstateDocument
from cmk_remediate.planfile.load import from_values, load
from cmk_remediate.planfile.problems import PlanError

if TYPE_CHECKING:
    from pathlib import Path

    from cmk_remediate.codes.code import Code

TENANT = "11111111-1111-1111-1111-111111111111"
GROUP = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/rg"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-orders"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id"
LIST = "plans:\n  - sql.yaml\n  - second.yaml\n"


def plan(server: str = "one", **more: Any) -> dict[str, Any]:
    return {
        "service": "sql",
        "tenant": TENANT,
        "customer_managed_key": {"key_vault_resource_id": VAULT, "key_name": f"cmk-{server}"},
        "targets": [{"resource_id": f"{GROUP}/providers/Microsoft.Sql/servers/{server}"}],
        "owner": "team",
        **more,
    }


def joined(*plans: dict[str, Any]) -> EstateDocument:
    found = from_values({"plans": list(plans)})
    assert isinstance(found, EstateDocument)
    return found


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder / "estate.yaml"


def text_of(name: str) -> str:
    return (
        f"service: sql\ntenant: {TENANT}\nowner: team\n"
        f"customer_managed_key: {{key_vault_resource_id: {VAULT}, key_name: cmk-{name}}}\n"
        f"targets: [{{resource_id: {GROUP}/providers/Microsoft.Sql/servers/{name}}}]\n"
    )


def test_a_list_of_files_beside_it(tmp_path: Path) -> None:
    path = written(tmp_path, estate=LIST, sql=text_of("one"), second=text_of("two"))
    found = load(path)
    assert [one.name for one in found.documents] == ["sql.yaml", "second.yaml"]
    assert (found.name, found.tenant, found.label) == ("estate.yaml", TENANT, "estate")
    assert [one["name"] for one in found.content["plans"]] == ["sql.yaml", "second.yaml"]


def test_a_changed_plan_changes_the_digest_of_the_estate(tmp_path: Path) -> None:
    path = written(tmp_path, estate=LIST, sql=text_of("one"), second=text_of("two"))
    before = load(path).sha256
    written(tmp_path, second=text_of("two") + "# reviewed\n")
    assert load(path).sha256 != before


@pytest.mark.parametrize(
    ("estate", "code", "said"),
    [
        ("plans: []\n", codes.input_.PLAN_INVALID, "line 1, plans"),
        ("plans: [sql.yaml]\nowner: team\n", codes.input_.PLAN_INVALID, "line 2, owner: unknown field"),
        ("plans:\n  - gone.yaml\n", codes.input_.PLAN_UNREADABLE, "gone.yaml"),
        ("plans:\n  - https://store.example/plan.yaml\n", codes.input_.PLAN_UNREADABLE, "store.example"),
        (
            "plans:\n  - sql.yaml\n  - estate.yaml\n",
            codes.input_.PLAN_INVALID,
            "line 3, plans[1]: estate.yaml: an estate",
        ),
        ("plans:\n  - sql.yaml\n  - sql.yaml\n", codes.input_.PLANS_CONTRADICT, "sql.yaml and sql.yaml: both move"),
        ("plans:\n  - wrong.yaml\n", codes.input_.PLAN_INVALID, "wrong.yaml: line 6, size: unknown field"),
    ],
)
def test_what_is_no_list_of_plans(tmp_path: Path, estate: str, code: Code, said: str) -> None:
    path = written(tmp_path, estate=estate, sql=text_of("one"), wrong=text_of("one") + "size: 1\n")
    with pytest.raises(PlanError) as caught:
        load(path)
    assert caught.value.code == code
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "values", [{"plans": []}, {"plans": ["sql.yaml"]}, {"plans": [plan()], "owner": "x"}, {"plans": [{"plans": []}]}]
)
def test_values_that_are_no_list_of_plans(values: dict[str, Any]) -> None:
    with pytest.raises(PlanError):
        from_values(values)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"tenant": TENANT.replace("1", "2")}, "one is for tenant 11111111"),
        ({"cloud": "AzureChinaCloud"}, "one is for cloud AzureCloud, the other for AzureChinaCloud"),
        ({"targets": plan()["targets"]}, "both move /subscriptions/"),
        ({"vault": {"bypass": "AzureServices"}}, "`vault` says {} of"),
        ({"runs": "/elsewhere"}, "one keeps its journals in /here, the other in /elsewhere"),
        (
            {"customer_managed_key": plan()["customer_managed_key"], "key": {"size": 2048}},
            "`key` and `owner` say {}, team of",
        ),
        (
            {
                "owner": "other",
                "customer_managed_key": {
                    "key_vault_resource_id": VAULT,
                    "key_name": "cmk-two",
                    "user_assigned_identity": {"resource_id": IDENTITY},
                },
            },
            "is team in one, other in the other",
        ),
    ],
    ids=["tenant", "cloud", "target", "vault", "runs", "key", "identity"],
)
def test_plans_that_contradict_each_other_are_refused_by_name(more: dict[str, Any], said: str) -> None:
    key = {"user_assigned_identity": {"resource_id": IDENTITY}, **plan()["customer_managed_key"]}
    with pytest.raises(PlanError) as caught:
        joined(plan(runs="/here", customer_managed_key=key), plan("two", **more))
    assert caught.value.code == codes.input_.PLANS_CONTRADICT
    assert "plan[0] and plan[1]: " in str(caught.value)
    assert said in str(caught.value)


def test_a_run_goes_by_the_strictest_of_its_plans() -> None:
    first = {"opens": "2030-01-01T20:00:00Z", "closes": "2030-01-02T04:00:00Z"}
    second = {"opens": "2030-01-01T22:00:00Z", "closes": "2030-01-02T06:00:00Z"}
    found = joined(
        plan(limits={"max_targets": 5, "max_failures": 3}, window=first, canary={"targets": 2, "soak": "10m"}),
        plan("two", limits={"max_targets": 9}, window=second, canary={"soak": "2h"}, review_expires="1d"),
        plan("three"),
    ).content
    assert found["limits"] == {"max_targets": 5, "max_failures": 1, "max_disrupted": 1}
    assert found["window"] == {"opens": second["opens"], "closes": first["closes"]}
    assert found["canary"] == {"targets": 2, "soak": "2h"}
    assert found["review_expires"] == "1d"


def test_windows_without_a_common_moment() -> None:
    windows = [{"opens": f"2030-01-0{day}T20:00:00Z", "closes": f"2030-01-0{day}T22:00:00Z"} for day in (1, 2)]
    with pytest.raises(PlanError, match=r"the windows of plan\[0\], plan\[1\] have no moment in common"):
        joined(plan(window=windows[0]), plan("two", window=windows[1]))
