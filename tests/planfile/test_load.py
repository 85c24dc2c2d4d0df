"""Without these a wrong plan would be carried out, or its author sent to the wrong line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from cmk_remediate import codes
from cmk_remediate.planfile.load import from_values, json_schema, load, load_plan
from cmk_remediate.planfile.problems import PlanError

if TYPE_CHECKING:
    from pathlib import Path

    from cmk_remediate.codes.code import Code

GROUP = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/rg"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-orders"
SERVER = f"{GROUP}/providers/Microsoft.Sql/servers/sql-orders"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id"
GOOD = f"""\
service: sql
tenant: 11111111-1111-1111-1111-111111111111
customer_managed_key:
  key_vault_resource_id: {VAULT}
  key_name: cmk-orders
targets:
  - resource_id: {SERVER}
owner: team
"""


def problems_of(tmp_path: Path, text: str) -> list[tuple[Code, int, str]]:
    path = tmp_path / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PlanError) as caught:
        load(path)
    assert str(path) in str(caught.value)
    return [(problem.code, problem.line, problem.field) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("before", "after", "line", "field"),
    [
        ("owner: team", "owner: CHANGE-ME", 8, "owner"),
        ("owner: team", "owner: change-me", 8, "owner"),
        ("cmk-orders\n", "cmk-CHANGE-ME\n", 5, "customer_managed_key.key_name"),
        ("/kv-orders", "/change-me", 4, "customer_managed_key.key_vault_resource_id"),
        (SERVER, SERVER.replace("/rg/", "/CHANGE-ME/"), 7, "targets[0].resource_id"),
    ],
)
def test_a_placeholder_is_refused_wherever_it_stands(
    tmp_path: Path, before: str, after: str, line: int, field: str
) -> None:
    """Fails: what we create belongs to CHANGE-ME, or is looked for there."""
    assert problems_of(tmp_path, GOOD.replace(before, after)) == [(codes.input_.PLAN_INVALID, line, field)]


def test_a_placeholder_is_named_beside_what_else_is_wrong(tmp_path: Path) -> None:
    text = GOOD.replace("owner: team", "owner: CHANGE-ME").replace("service: sql", "service: sequel")
    assert [field for _, _, field in problems_of(tmp_path, text)] == ["service", "owner"]


def test_a_name_like_the_placeholder_is_a_name(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(GOOD.replace("/kv-orders", "/kv-exchange-media").replace("team", "change-me-not"), encoding="utf-8")
    assert load(path).documents[0].plan.owner == "change-me-not"


def with_lines(*lines: str) -> str:
    return GOOD + "\n".join(lines) + "\n"


def values(**more: Any) -> dict[str, Any]:
    return {
        "service": "sql",
        "tenant": "11111111-1111-1111-1111-111111111111",
        "customer_managed_key": {"key_vault_resource_id": VAULT, "key_name": "cmk-orders"},
        "targets": [{"resource_id": SERVER}],
        "owner": "team",
        **more,
    }


def fields_of(**more: Any) -> list[tuple[Code, str]]:
    with pytest.raises(PlanError) as caught:
        from_values(values(**more))
    return [(problem.code, problem.field) for problem in caught.value.problems]


WRONG = codes.input_.PLAN_INVALID
UNSUITABLE = codes.input_.KEY_DECLARED_UNSUITABLE


def key(**more: Any) -> dict[str, Any]:
    return {"key_vault_resource_id": VAULT, "key_name": "cmk-orders", **more}


def test_a_good_plan_has_its_defaults_and_the_digest_of_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "sql.yaml"
    path.write_text(GOOD, encoding="utf-8")
    document = load_plan(path)

    assert document.name == "sql.yaml"
    assert document.documents[0].plan.key.size == 3072
    assert document.content["limits"] == {"max_targets": 50, "max_failures": 1, "max_disrupted": 1}
    assert len(document.sha256) == 64
    assert document.runs is None
    assert document.cloud == "AzureCloud"


def test_runs_is_relative_to_the_plan_file(tmp_path: Path) -> None:
    path = tmp_path / "sql.yaml"
    path.write_text(with_lines("runs: ../journals"), encoding="utf-8")

    assert load(path).runs == str((tmp_path / ".." / "journals").resolve())


def test_every_problem_is_named_with_line_and_field(tmp_path: Path) -> None:
    text = with_lines("key:", "  type: 7", "  sise: 3072", "access: {floor: 10}").replace("owner: team\n", "")

    assert problems_of(tmp_path, text.replace(SERVER, "nonsense")) == [
        (WRONG, 1, "owner"),
        (codes.input_.RESOURCE_ID_INVALID, 7, "targets[0].resource_id"),
        (WRONG, 9, "key.type"),
        (WRONG, 10, "key.sise"),
        (WRONG, 11, "access.floor"),
    ]


def test_a_misspelt_field_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(with_lines("owners: x"), encoding="utf-8")

    with pytest.raises(PlanError, match="did you mean owner"):
        load(path)


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("service: sql\nservice: sql\n", WRONG, 2),
        ("service: [sql\n", codes.input_.PLAN_UNREADABLE, 2),
        ("%YAML 1.1\n---\nservice: sql\n", codes.input_.PLAN_UNREADABLE, 1),
        ("service: sql\n---\nservice: sql\n", codes.input_.PLAN_UNREADABLE, 2),
        ("", WRONG, 1),
        ("- sql\n", WRONG, 1),
        ("1: sql\n", WRONG, 1),
        ("service: sql\nowner: .nan\n", WRONG, 2),
        ("service: !!binary aGk=\n", WRONG, 1),
    ],
)
def test_what_is_not_a_plan(tmp_path: Path, text: str, code: Code, line: int) -> None:
    assert problems_of(tmp_path, text)[0][:2] == (code, line)


def test_text_that_yaml_1_1_would_change_stays_text(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(GOOD.replace("owner: team", "owner: no"), encoding="utf-8")

    assert load(path).documents[0].plan.owner == "no"


def test_moments_need_no_quotes(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    window = "window: {opens: 2026-11-22T22:00:00Z, closes: 2026-11-23T02:00:00Z}"
    path.write_text(with_lines(window), encoding="utf-8")

    assert load(path).content["window"] == {"opens": "2026-11-22T22:00:00Z", "closes": "2026-11-23T02:00:00Z"}


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "missing.yaml", tmp_path, binary):
        with pytest.raises(PlanError) as caught:
            load(path)
        assert caught.value.code == codes.input_.PLAN_UNREADABLE
        assert caught.value.exit_code == 1


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"targets": [{"resource_id": SERVER}, {"resource_id": SERVER.upper()}]}, WRONG, "targets[1].resource_id"),
        ({"targets": [{"resource_id": VAULT}]}, WRONG, "targets[0].resource_id"),
        ({"targets": [{"resource_id": SERVER + "{target}"}]}, WRONG, "targets[0].resource_id"),
        ({"targets": []}, WRONG, "targets"),
        (
            {"customer_managed_key": key(key_vault_resource_id=SERVER)},
            WRONG,
            "customer_managed_key.key_vault_resource_id",
        ),
        (
            {"customer_managed_key": key(key_vault_resource_id=VAULT + "{target}")},
            WRONG,
            "customer_managed_key.key_vault_resource_id",
        ),
        ({"customer_managed_key": key(key_name="a-{name}")}, WRONG, "customer_managed_key.key_name"),
        (
            {
                "customer_managed_key": key(
                    user_assigned_identity={"resource_id": IDENTITY.replace("/rg/", "/{target}/")}
                )
            },
            WRONG,
            "customer_managed_key.user_assigned_identity.resource_id",
        ),
        ({"customer_managed_key": key(key_name="k" * 86)}, UNSUITABLE, "customer_managed_key.key_name"),
        (
            {"customer_managed_key": key(key_name="{target}", key_version="0" * 32)},
            WRONG,
            "customer_managed_key.key_version",
        ),
        (
            {"customer_managed_key": key(versionless=True, key_version="0" * 32)},
            WRONG,
            "customer_managed_key.versionless",
        ),
        (
            {"cloud": "AzureChinaCloud", "customer_managed_key": key(versionless=True)},
            WRONG,
            "customer_managed_key.versionless",
        ),
        ({"key": {"type": "EC"}}, UNSUITABLE, "key.type"),
        ({"key": {"size": 4096}}, UNSUITABLE, "key.size"),
        (
            {"customer_managed_key": key(key_version="0" * 32), "key": {"expires": "2027-01-01T00:00:00Z"}},
            WRONG,
            "key.expires",
        ),
        (
            {"customer_managed_key": key(key_version="0" * 32), "key": {"rotation_policy": {"expiry_time": "P2Y"}}},
            WRONG,
            "key.rotation_policy.expiry_time",
        ),
        ({"key": {"expires": "2027-01-01T00:00:00Z", "rotation_policy": None}}, WRONG, "key.expires"),
        ({"key": {"expires": "2027-02-30T00:00:00Z"}}, WRONG, "key.expires"),
        (
            {"key": {"rotation_policy": {"notify_before_expiry": "P30D"}}},
            WRONG,
            "key.rotation_policy.notify_before_expiry",
        ),
        (
            {
                "identity": "system-assigned",
                "customer_managed_key": key(user_assigned_identity={"resource_id": IDENTITY}),
            },
            WRONG,
            "identity",
        ),
        (
            {
                "targets": [
                    {
                        "resource_id": SERVER,
                        "overrides": {
                            "identity": "system-assigned",
                            "customer_managed_key": key(user_assigned_identity={"resource_id": IDENTITY}),
                        },
                    }
                ]
            },
            WRONG,
            "targets[0].overrides.identity",
        ),
        ({"window": {"opens": "2026-11-23T00:00:00Z", "closes": "2026-11-22T00:00:00Z"}}, WRONG, "window.closes"),
        ({"window": {"opens": "2026-11-22T00:00:00Z\n", "closes": "2026-11-23T00:00:00Z"}}, WRONG, "window.opens"),
        ({"window": {"opens": "2026-11-22T00:00:00Z", "closes": "9999-12-31T23:59:59Z"}}, WRONG, "window.closes"),
        ({"window": {"opens": "\uff12026-11-22T00:00:00Z", "closes": "2026-11-23T00:00:00Z"}}, WRONG, "window.opens"),
        *(
            ({"key": {"rotation_policy": {field: text, **more}}}, WRONG, f"key.rotation_policy.{field}")
            for field, more in (
                ("rotate_after_create", {}),
                ("expiry_time", {}),
                ("notify_before_expiry", {"expiry_time": "P2Y"}),
            )
            for text in ("P\uff11Y", "P0D", "P1Y\n", "P101Y", "P99999999999999999999Y", "1Y", "PY", "P-1Y", "P1W")
        ),
        *(({"owner": text}, WRONG, "owner") for text in ("", "a\0b", "\x1b[2Jteam", "team\n", "a\u2028b", "x" * 129)),
        *(({"runs": text}, WRONG, "runs") for text in ("", "a\0b", "a\nb")),
        ({"access": {"floor": "30m", "timeout": "20m"}}, WRONG, "access.floor"),
        ({"review_expires": "0s"}, WRONG, "review_expires"),
        ({"vault": {"restrict": {}}}, WRONG, "vault.restrict"),
        ({"runs": "https://store.example/runs"}, codes.input_.RUNS_ADDRESS_WRONG, "runs"),
        ({"runs": "https://runsaccount.blob.core.chinacloudapi.cn/runs"}, codes.input_.PLAN_INVALID, "runs"),
        ({"allow_downtime": "yes"}, WRONG, "allow_downtime"),
    ],
)
def test_each_contradiction_is_refused_by_field(changes: dict[str, Any], code: Code, field: str) -> None:
    assert fields_of(**changes) == [(code, field)]


@pytest.mark.parametrize(
    "changes",
    [
        {
            "customer_managed_key": key(
                key_name="cmk-{target}", user_assigned_identity={"resource_id": IDENTITY + "{target}"}
            )
        },
        {"customer_managed_key": key(key_name="{target}")},
        {"customer_managed_key": key(key_name="k" * 85)},
        {"customer_managed_key": key(versionless=True)},
        {
            "key": {
                "expires": "2027-01-01T00:00:00Z",
                "rotation_policy": {"expiry_time": "P2Y", "notify_before_expiry": "P30D"},
            }
        },
        {
            "customer_managed_key": key(key_version="0" * 32),
            "key": {"expires": "2027-01-01T00:00:00Z", "rotation_policy": {"expiry_time": "P2Y"}},
            "allow_expiring_pinned_key": True,
        },
        {"key": {"type": "RSA-HSM", "size": 2048}},
        {"key": {"rotation_policy": {"rotate_after_create": "P100Y"}}},
        {"owner": "Équipe \u00a0données 数据 \U0001f469\u200d\U0001f4bb"},
        {
            "identity": "system-assigned",
            "customer_managed_key": key(user_assigned_identity={"resource_id": IDENTITY}),
            "targets": [{"resource_id": SERVER, "overrides": {"identity": "user-assigned"}}],
        },
    ],
)
def test_what_is_allowed(changes: dict[str, Any]) -> None:
    assert from_values(values(**changes)).documents[0].plan.service == "sql"


def test_the_schema_takes_what_the_loader_takes_and_describes_every_field() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(values(), schema)
    for name, part in {"PlanFile": schema, **schema["$defs"]}.items():
        for field, shape in part["properties"].items():
            assert shape.get("description"), f"{name}.{field} has no description"
            assert "default" in shape or field in part["required"], f"{name}.{field} has no default"


ACCOUNT = SERVER.replace("Microsoft.Sql/servers", "Microsoft.DocumentDB/databaseAccounts")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"enable_tde": True}, "enable_tde"),
        ({"private_endpoint": True}, "private_endpoint"),
        ({"identity": "system-assigned", "customer_managed_key": key()}, "identity"),
        ({"allow_expiring_pinned_key": True}, "allow_expiring_pinned_key"),
        ({"customer_managed_key": key(versionless=True)}, "customer_managed_key.versionless"),
        ({"customer_managed_key": key(key_version="0" * 32)}, "customer_managed_key.key_version"),
        ({"targets": [{"resource_id": ACCOUNT, "overrides": {"enable_tde": True}}]}, "targets[0].overrides.enable_tde"),
        ({"targets": [{"resource_id": SERVER}]}, "targets[0].resource_id"),
    ],
)
def test_what_only_another_service_has_is_refused(changes: dict[str, Any], field: str) -> None:
    asked = {"service": "cosmosdb", "targets": [{"resource_id": ACCOUNT}], **changes}
    assert fields_of(**asked) == [(codes.input_.PLAN_INVALID, field)]


def test_a_plan_for_accounts_is_taken() -> None:
    plan = from_values(values(service="cosmosdb", targets=[{"resource_id": ACCOUNT}])).documents[0].plan
    assert plan.service == "cosmosdb"
