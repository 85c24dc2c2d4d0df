from __future__ import annotations

from typing import Any

import pytest

from cmk_remediate.simulator.access import matches
from cmk_remediate.simulator.settings import Settings
from tests.simulator.core.toy import IDENTITY, OTHER, OWNER, READER, RG, SUB, THINGS, VAULT, Raw, azure, code, grant

PERMISSIONS = f"{RG}/providers/Microsoft.Authorization/permissions"
CRYPTO = {"Name": "crypto", "Actions": [], "DataActions": ["Microsoft.KeyVault/vaults/keys/read"]}
KEYS_READ = "Microsoft.KeyVault/vaults/keys/read"


def test_wildcards() -> None:
    assert matches("*/read", "Microsoft.Sql/servers/read")
    assert matches("Microsoft.Sql/*", "microsoft.sql/servers/keys/write")
    assert not matches("Microsoft.Sql/servers/read", "Microsoft.Sql/servers/write")
    assert matches(
        "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
        "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
    )


def test_rights_are_inherited_and_not_actions_taken_out() -> None:
    role = {"Name": "most", "Actions": ["Microsoft.Toy/*"], "NotActions": ["Microsoft.Toy/things/delete"]}
    it = azure(role_assignments=[{"principal": OTHER, "role": role, "scope": RG}])
    other = Raw(it, OTHER)
    assert other("GET", f"{THINGS}/one/parts/current").status == 200
    answer = other("DELETE", f"{THINGS}/one")
    assert (answer.status, code(answer)) == (403, "AuthorizationFailed")
    assert "Microsoft.Toy/things/delete" in answer.body["error"]["message"]
    assert code(other("GET", f"{IDENTITY}/u1")) == "AuthorizationFailed"


def test_attaching_an_identity_needs_a_right_on_it() -> None:
    role = {"Name": "things", "Actions": ["Microsoft.Toy/*"]}
    body = {"identity": {"type": "UserAssigned", "userAssignedIdentities": {f"{IDENTITY}/u1": {}}}}
    other = Raw(azure(role_assignments=[{"principal": OTHER, "role": role, "scope": RG}]), OTHER)
    answer = other("PATCH", f"{THINGS}/one", body)
    assert (answer.status, code(answer)) == (403, "LinkedAuthorizationFailed")
    role["Actions"].append("Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action")  # type: ignore[attr-defined]
    other = Raw(azure(role_assignments=[{"principal": OTHER, "role": role, "scope": RG}]), OTHER)
    assert other("PATCH", f"{THINGS}/one", body).status == 202


def seconds_until(raw: Raw, other: Raw, expected: int) -> float:
    waited = 0.0
    while other("GET", f"{THINGS}/one").status != expected:
        raw.wait(1)
        waited += 1
    return waited


@pytest.mark.parametrize("seed", range(5))
def test_a_grant_and_its_loss_are_late_in_both_directions(seed: int) -> None:
    raw = Raw(azure(Settings.immediate(late_rbac=True, rbac_delay=(5, 300), rbac_removal_delay=(5, 300)), seed=seed))
    other = Raw(raw.azure, OTHER)
    path, body = grant(OTHER, READER, RG)
    raw("PUT", path, body)
    assert 5 <= seconds_until(raw, other, 200) <= 301
    raw("DELETE", path)
    assert raw("GET", path).status == 404
    assert 5 <= seconds_until(raw, other, 403) <= 301


def test_without_the_switch_a_grant_takes_effect_at_once() -> None:
    raw = Raw(azure(Settings.immediate()))
    path, body = grant(OTHER, READER, RG)
    raw("PUT", path, body)
    assert seconds_until(raw, Raw(raw.azure, OTHER), 200) == 0


def test_data_rights_come_per_principal_and_key() -> None:
    vault = {"id": VAULT, "location": "westeurope", "properties": {"enableRbacAuthorization": True}}
    settings = Settings.immediate(late_rbac=True, rbac_delay=(5, 300), rbac_cache=20.0)
    raw = Raw(azure(settings, resources=[vault]))
    definition = f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/{OTHER}"
    custom = {"properties": {"roleName": "crypto", "permissions": [{"dataActions": [KEYS_READ]}]}}
    raw("PUT", definition, custom, api="2022-04-01")
    raw("PUT", *grant(OTHER, OTHER, VAULT))
    world = raw.azure.world
    arrived: dict[str, int] = {}
    for second in range(330):
        for key in ("a", "b"):
            if world.may(OTHER, KEYS_READ, f"{VAULT}/keys/{key}", data=True):
                arrived.setdefault(key, second)
        raw.wait(1)
    assert arrived["a"] != arrived["b"]
    assert min(arrived.values()) >= 5
    assert not world.may(OTHER, "Microsoft.KeyVault/vaults/keys/wrap/action", f"{VAULT}/keys/a", data=True)


def test_a_vault_on_access_policies_ignores_roles() -> None:
    entry = {"objectId": OTHER, "permissions": {"keys": ["Get", "wrapKey"]}}
    vault = {"id": VAULT, "location": "westeurope", "properties": {"accessPolicies": [entry]}}
    raw = Raw(azure(resources=[vault], role_assignments=[{"principal": OTHER, "role": CRYPTO, "scope": SUB}]))
    world = raw.azure.world

    def allowed(action: str) -> bool:
        return world.may(OTHER, f"Microsoft.KeyVault/vaults/keys/{action}", f"{VAULT}/keys/k", data=True)

    assert (allowed("read"), allowed("wrap/action"), allowed("unwrap/action")) == (True, True, False)
    raw("PATCH", VAULT, {"properties": {"enableRbacAuthorization": True}})
    assert (allowed("read"), allowed("wrap/action")) == (True, False)
    assert raw("GET", VAULT).body["properties"]["accessPolicies"] == [entry]


def test_a_condition_limits_grants_unseen() -> None:
    condition = (
        "@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {"
        + READER
        + "}"
    )
    assigned = [{"principal": OTHER, "role": "Owner", "scope": SUB, "condition": condition}]
    for switch in (True, False):
        other = Raw(azure(Settings.immediate(abac=switch), role_assignments=assigned), OTHER)
        assert other("GET", PERMISSIONS, api="2022-04-01").body["value"][0]["actions"] == ["*"]
        assert other("PUT", *grant(READER, READER, RG)).status == 201
        refused = other("PUT", *grant(READER, OWNER, RG, "00000000-0000-4000-8000-00000000000b"))
        assert refused.status == (403 if switch else 201)
        if switch:
            assert "ABAC condition" in refused.body["error"]["message"]


def deny(**properties: Any) -> dict[str, Any]:
    return {
        "id": f"{RG}/providers/Microsoft.Authorization/denyAssignments/{OTHER}",
        "properties": {
            "denyAssignmentName": "stack",
            "permissions": [{"actions": ["*/write"], "notActions": []}],
            "principals": [{"id": "00000000-0000-0000-0000-000000000000", "type": "SystemDefined"}],
            **properties,
        },
    }


def test_a_deny_assignment_refuses_unseen_by_the_permissions_api() -> None:
    resources = [{"id": f"{THINGS}/one", "location": "westeurope"}, deny()]
    for switch, expected in ((True, 403), (False, 202)):
        raw = Raw(azure(Settings.immediate(deny_assignments=switch), resources=resources))
        assert raw("GET", PERMISSIONS, api="2022-04-01").body["value"][0]["actions"] == ["*"]
        listed = raw("GET", f"{RG}/providers/Microsoft.Authorization/denyAssignments", api="2022-04-01").body["value"]
        assert [one["properties"]["denyAssignmentName"] for one in listed] == ["stack"]
        answer = raw("PATCH", f"{THINGS}/one", {"tags": {"a": "b"}})
        assert answer.status == expected
        if switch:
            assert code(answer) == "DenyAssignmentAuthorizationFailed"


def test_role_definitions_exist_at_every_scope() -> None:
    raw = Raw(azure())
    path = f"{THINGS}/one/providers/Microsoft.Authorization/roleDefinitions"
    assert raw("GET", f"{path}/{READER}", api="2022-04-01").body["properties"]["roleName"] == "Reader"
    found = raw("GET", f"{path}?$filter=roleName eq 'Owner'", api="2022-04-01").body["value"]
    assert [one["name"] for one in found] == [OWNER]
    # An assignment made with the id from that list names the role as every other does.
    assert [one["id"] for one in found] == [f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/{OWNER}"]


def test_a_new_principal_is_unknown_for_a_while() -> None:
    late = Settings.immediate(late_directory=True, directory_delay=(30.0, 60.0))
    for settings, early in ((late, False), (Settings.immediate(), True)):
        raw = Raw(azure(settings))
        raw("PUT", f"{IDENTITY}/fresh", {"location": "westeurope"})
        principal = raw("GET", f"{IDENTITY}/fresh").body["properties"]["principalId"]
        assert raw.azure.world.known(principal) is early
        raw.wait(61)
        assert raw.azure.world.known(principal)


def test_the_network_lets_through_whom_it_should() -> None:
    rules = {"defaultAction": "Deny", "bypass": "None", "ipRules": [{"value": "203.0.113.0/24"}]}
    vault = {"id": VAULT, "location": "westeurope", "properties": {"networkAcls": rules}}
    network = {
        OTHER: {"ip": "203.0.113.9"},
        "microsoft.toy/things": {"trusted": True},
        f"{IDENTITY}/u1": {"private": ["kv"]},
    }
    settings = Settings.immediate(vault_delay=(10.0, 20.0))
    raw = Raw(azure(settings, resources=[vault, {"id": f"{THINGS}/one", "location": "westeurope"}], network=network))
    world = raw.azure.world

    def reach() -> tuple[bool, ...]:
        return tuple(world.reachable(who, VAULT) for who in (OTHER, READER, f"{THINGS}/one", f"{IDENTITY}/u1"))

    assert reach() == (True, False, False, True)
    raw("PATCH", VAULT, {"properties": {"networkAcls": {"bypass": "AzureServices"}}})
    assert reach() == (True, False, False, True)
    raw.wait(21)
    assert reach() == (True, False, True, True)
    raw("PATCH", VAULT, {"properties": {"publicNetworkAccess": "Disabled"}})
    raw.wait(21)
    assert reach() == (False, False, True, True)
    raw("PATCH", VAULT, {"properties": {"publicNetworkAccess": "SecuredByPerimeter"}})
    raw.wait(21)
    assert reach() == (False, False, False, True)
