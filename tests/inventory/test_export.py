"""A copy of an estate: a rehearsal on it must show what the real one would, and what is missing must be said."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes, simulator
from cmk_remediate.inventory import secrets
from cmk_remediate.simulator import estate as estates
from cmk_remediate.simulator.faults import Fault

if TYPE_CHECKING:
    from cmk_remediate.model.review import Review

PLAN = Path(__file__).parents[2] / "plans" / "sql.yaml"
PRODUCTION, CONTINUITY = "22222222-2222-4222-8222-222222222201", "22222222-2222-4222-8222-222222222202"
IN_PRODUCTION = f"/subscriptions/{PRODUCTION}/resourceGroups"
ORDERS = f"{IN_PRODUCTION}/rg-sql-weu/providers/Microsoft.Sql/servers/sql-orders-weu"
KEYS = f"{IN_PRODUCTION}/rg-keys-weu/providers/Microsoft.KeyVault/vaults/kv-cmk-weu"
TENANT = "11111111-1111-4111-8111-111111111111"
ROOT = "/providers/Microsoft.Management/managementGroups/root"


def demo() -> dict[str, Any]:
    """Return the demo estate, to be changed at will."""
    return copy.deepcopy(estates.read(simulator.demo_estate()))


def said(review: Review) -> str:
    """Return all that a reviewer reads in *review*, less its own random id."""
    document = review.to_json()
    shown = {name: document[name] for name in ("steps", "targets", "notes", "acknowledgements_required")}
    return json.dumps(shown, indent=1, sort_keys=True).replace(review.made.id, "ID")


def exported(azure: Any, *scopes: str, principal: str | None = None) -> cmk.ExportedEstate:
    return cmk.export_estate(scopes or (PRODUCTION, CONTINUITY), connection=azure.connection(principal))


def seeded(estate: cmk.ExportedEstate, folder: Path) -> Any:
    """Return an Azure made from the file of *estate*."""
    path = folder / "estate.yaml"
    cmk.save_estate(estate, path)
    return simulator.azure(estate=path)


def test_the_copy_gives_the_same_review_and_the_export_only_reads(tmp_path: Path) -> None:
    original = simulator.azure()
    estate = exported(original)
    copied = seeded(estate, tmp_path)

    there = cmk.dry_run(PLAN, connection=simulator.azure().connection(), runs=tmp_path)
    here = cmk.dry_run(PLAN, connection=copied.connection(), runs=tmp_path)

    assert said(here) == said(there)
    assert len(here.steps) > 20
    assert estate.not_read == ()
    assert [one.url for one in original.requests if not one.reads] == []


def test_what_only_some_api_versions_show_is_copied(tmp_path: Path) -> None:
    """Without it an account would be moved in the copy that Azure, and the plan, refuse."""
    copied = seeded(exported(simulator.azure(), PRODUCTION), tmp_path)
    accounts = {
        one.name: body["properties"] for one, body in copied.world.by_type("Microsoft.DocumentDB/databaseAccounts")
    }
    assert accounts["cosmos-feed-weu"]["enableFullFidelityChangeFeed"] is True
    assert {one["enableMaterializedViews"] for one in accounts.values()} == {False}


def test_the_copy_can_be_moved_verified_and_rolled_back(tmp_path: Path) -> None:
    copied = seeded(exported(simulator.azure()), tmp_path)
    connection = copied.connection()
    review = cmk.dry_run(PLAN, connection=connection, runs=tmp_path)

    result = cmk.apply(review, connection=connection, accept=review.acknowledgements_required)
    assert result.exit_code == 0, result.text
    assert cmk.verify(PLAN, connection=connection, runs=tmp_path).exit_code == 0
    back = cmk.review_rollback(result.run, connection=connection, runs=tmp_path)
    undone = cmk.rollback(
        result.run, connection=connection, runs=tmp_path, review=back, accept=back.acknowledgements_required
    )
    assert undone.exit_code == 0, undone.text


def test_an_export_of_the_copy_is_the_copy(tmp_path: Path) -> None:
    first = exported(simulator.azure())
    second = exported(seeded(first, tmp_path))

    assert _timeless(second) == _timeless(first)
    assert second.removed == ()


def _timeless(estate: cmk.ExportedEstate) -> dict[str, Any]:
    return {name: value for name, value in estate.content.items() if name != "now"}


def test_a_copy_begins_when_it_was_made(tmp_path: Path) -> None:
    azure = simulator.azure()
    azure.advance(90 * 86400)

    copied = seeded(exported(azure), tmp_path)

    assert abs(copied.clock.stamp() - azure.clock.stamp()) < 60  # else keys would expire and rotate in between


# -- what is missing is said -----------------------------------------------------------------------------------------------


def test_a_group_alone_names_what_lies_outside_of_it() -> None:
    estate = exported(simulator.azure(), f"{IN_PRODUCTION}/rg-sql-weu")

    outside = [text.partition(":")[0].rpartition("/")[2] for text in estate.not_read if "outside" in text]
    assert outside == ["sql-billing-neu"]
    ids = [str(body["id"]) for body in estate.content["resources"]]
    assert all(f"{IN_PRODUCTION}/rg-sql-weu" in one or "/providers/Microsoft.Authorization/" in one for one in ids)
    assert ORDERS in ids


def test_what_may_not_be_read_is_named_in_the_file(tmp_path: Path) -> None:
    content = demo()
    content["operator"]["role"] = {
        "roleName": "no protectors, no locks",
        "permissions": [
            {
                "actions": ["*/read"],
                "notActions": ["Microsoft.Sql/servers/encryptionProtector/read", "Microsoft.Authorization/locks/read"],
            }
        ],
    }
    estate = exported(simulator.azure(estate=content))

    assert any(text.startswith(f"{ORDERS}/encryptionProtector/current: ") for text in estate.not_read)
    assert any(text.startswith(f"locks of /subscriptions/{PRODUCTION}: ") for text in estate.not_read)
    head = [line for line in estate.to_yaml().splitlines() if line.startswith("#")]
    assert all(any(" ".join(text.split())[:60] in line for line in head) for text in estate.not_read)


def test_no_copy_is_made_of_what_cannot_be_searched() -> None:
    azure = simulator.azure()
    azure.faults.add(Fault("status", url="resourcegraph", status=403, code="AuthorizationFailed"))

    with pytest.raises(cmk.CmkError, match="Resource Graph"):
        exported(azure)


def test_a_subscription_that_does_not_exist_is_no_empty_estate() -> None:
    with pytest.raises(cmk.CmkError, match="99999999-9999-4999-8999-999999999999"):
        exported(simulator.azure(), "99999999-9999-4999-8999-999999999999")


@pytest.mark.parametrize(
    "scope",
    ["", "everything", f"/subscriptions/{PRODUCTION}/../..", ORDERS, "/subscriptions/not-a-guid", "/providers/x", "/"],
)
def test_a_scope_that_is_none_is_refused_before_azure_is_asked(scope: str) -> None:
    azure = simulator.azure()

    with pytest.raises(cmk.CmkError) as raised:
        exported(azure, scope)
    assert raised.value.code == codes.input_.SCOPE_INVALID
    assert azure.requests == []


def test_nothing_azure_says_can_break_out_of_the_head() -> None:
    text = "first\nresources: []\r\n\x85evil: true\u2028more: true"
    estate = cmk.ExportedEstate({"resources": []}, ("/s",), "now", "me", (text,), (text,))

    lines = estate.to_yaml().splitlines()
    assert lines[-1] == "resources: []"
    assert all(line.startswith("#") for line in lines[:-1])


# -- what stands above -----------------------------------------------------------------------------------------------------


def _policy(name: str, effect: Any, field: str = "Microsoft.KeyVault/vaults/publicNetworkAccess") -> dict[str, Any]:
    return {
        "id": f"{ROOT}/providers/Microsoft.Authorization/policyDefinitions/{name}",
        "name": name,
        "properties": {
            "displayName": name,
            "parameters": {"effect": {"type": "String", "defaultValue": "Audit"}},
            "policyRule": {
                "if": {
                    "allOf": [
                        {"field": "type", "equals": "Microsoft.KeyVault/vaults"},
                        {"field": field, "equals": "Enabled"},
                    ]
                },
                "then": {"effect": effect},
            },
        },
    }


def test_what_is_set_at_a_management_group_counts_in_the_copy(tmp_path: Path) -> None:
    content = demo()
    content["operator"]["scopes"] = [f"/subscriptions/{PRODUCTION}", f"/subscriptions/{CONTINUITY}", ROOT]
    azure = simulator.azure(estate=content)
    own = [
        _policy("open-vaults", "[parameters('effect')]"),
        _policy("watched-vaults", "Audit"),
        {
            "id": f"{ROOT}/providers/Microsoft.Authorization/policySetDefinitions/baseline",
            "name": "baseline",
            "properties": {
                "parameters": {"vaults": {"type": "String", "defaultValue": "Audit"}},
                "policyDefinitions": [
                    {
                        "policyDefinitionId": f"{ROOT}/providers/Microsoft.Authorization/policyDefinitions/open-vaults",
                        "parameters": {"effect": {"value": "[parameters('vaults')]"}},
                    },
                    {
                        "policyDefinitionId": f"{ROOT}/providers/Microsoft.Authorization/policyDefinitions/watched-vaults"
                    },
                ],
            },
        },
        {
            "id": f"{ROOT}/providers/Microsoft.Authorization/policyAssignments/baseline",
            "name": "baseline",
            "properties": {
                "policyDefinitionId": f"{ROOT}/providers/Microsoft.Authorization/policySetDefinitions/baseline",
                "scope": ROOT,
                "parameters": {"vaults": {"value": "Deny"}},
            },
        },
    ]
    _put(azure, own)
    azure.advance(60)

    estate = exported(azure, ROOT)
    copied = seeded(estate, tmp_path)

    there = cmk.dry_run(PLAN, connection=azure.connection(), runs=tmp_path)
    here = cmk.dry_run(PLAN, connection=copied.connection(), runs=tmp_path)
    assert said(here) == said(there)
    assert "policy baseline denies" in said(here)
    assert [text.partition(" at ")[0] for text in estate.not_read] == ["1 policies", "1 policies"]
    ids = {str(body["id"]).rpartition("/")[2] for body in estate.content["resources"]}
    assert {"open-vaults", "baseline"} <= ids
    assert "watched-vaults" not in ids


def _put(azure: Any, bodies: list[dict[str, Any]]) -> None:
    from cmk_remediate.model.ids import ResourceId  # noqa: PLC0415 - beside the next line
    from cmk_remediate.simulator.declare import SetResource  # noqa: PLC0415 - the simulator's own words

    azure.world.apply([SetResource(ResourceId(body["id"]), body) for body in bodies])


def test_roles_assigned_above_and_custom_roles_keep_their_effect(tmp_path: Path) -> None:
    content = demo()
    reader = "77777777-7777-4777-8777-777777777701"
    content["role_assignments"].append(
        {
            "principal": reader,
            "scope": f"/subscriptions/{PRODUCTION}",
            "role": {"roleName": "Server Reader", "permissions": [{"actions": ["Microsoft.Sql/servers/read"]}]},
        }
    )
    copied = seeded(exported(simulator.azure(estate=content)), tmp_path)

    assert copied.world.may(reader, "Microsoft.Sql/servers/read", _id(ORDERS))
    assert not copied.world.may(reader, "Microsoft.KeyVault/vaults/read", _id(KEYS))


def _id(text: str) -> Any:
    from cmk_remediate.model.ids import ResourceId  # noqa: PLC0415 - one line of use

    return ResourceId.parse(text)


# -- secrets ---------------------------------------------------------------------------------------------------------------

PLANTED = {
    "password": "correct horse battery staple",
    "sas": "?sv=2022-11-02&ss=b&sig=abcDEF123%2B456&se=2030-01-01",
    "connection": "Server=tcp:x;User ID=sa;Password=Planted-1;",
    "account": "AccountKey=" + "Ab1+" * 21 + "==",
    "bare-key": "Zm9" * 28 + "ab==",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "client": "abc8Q~" + "x" * 33,
    "pem": "-----BEGIN PRIVATE KEY-----\nMIIE",
    "url": "https://user:planted@host.example/",
    "long": "aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD3fG6",
}


@pytest.mark.parametrize("secret", PLANTED.values(), ids=PLANTED)
def test_a_planted_secret_is_not_in_the_file(secret: str) -> None:
    content = demo()
    server = next(one for one in content["resources"] if one["id"] == ORDERS)
    server["tags"] = {"team": "orders", "note": secret}
    server["properties"] = {**server["properties"], "administratorLoginPassword": secret, "nested": [{"value": secret}]}
    storage = next(one for one in content["resources"] if one["id"].endswith("starchiveweu"))
    storage["properties"]["anything"] = {"at": {"all": secret}}
    storage["properties"]["encryption"]["note"] = secret
    content["locks"][0]["notes"] = secret
    if secret == PLANTED["password"]:  # a text like any other gives itself away by its name only
        server["tags"], server["properties"]["nested"] = {"dbpassword": secret}, [{"initialSecret": secret}]
        content["locks"][0]["notes"] = storage["properties"]["encryption"]["note"] = ""
        storage["properties"]["anything"] = {"at": {"accountPassword": secret}}

    estate = exported(simulator.azure(estate=content))

    assert secret not in str(estate.content)
    assert secret.splitlines()[0] not in estate.to_yaml()
    assert any(text.startswith(f"{ORDERS}: properties.administratorLoginPassword") for text in estate.removed)


def test_what_plans_go_by_is_not_taken_for_a_secret() -> None:
    body = {
        "id": KEYS,
        "properties": {
            "vaultUri": "https://kv-cmk-weu.vault.azure.net/",
            "enableRbacAuthorization": False,
            "accessPolicies": [
                {"objectId": TENANT, "permissions": {"keys": ["get", "wrapKey"], "secrets": ["get", "list"]}}
            ],
            "keyUriWithVersion": "https://kv-cmk-weu.vault.azure.net/keys/Cmk/0f3b8c6d2e7a4915b0c4d8e1f2a36b57",
            "serverKeyName": "Kv-Cmk-Weu_Cmk-Orders_0f3b8c6d2e7a4915b0c4d8e1f2a36b57",
            "thumbprint": "0F3B8C6D2E7A4915B0C4D8E1F2A36B570F3B8C6D",
            "keyOps": ["wrapKey", "unwrapKey"],
            "privateEndpointConnections": [{"id": f"{KEYS}/privateEndpointConnections/pe"}],
            "publicNetworkAccess": "Enabled",
        },
    }

    kept, removed = secrets.stripped(body)

    assert kept == body
    assert removed == ()


def test_the_verbs_of_access_policies_are_no_licence_elsewhere() -> None:
    kept, removed = secrets.stripped({"properties": {"passwords": ["hunter"], "permissions": {"secrets": ["hunter"]}}})

    assert "hunter" not in str(kept)
    assert removed == ("properties.passwords", "properties.permissions.secrets")
