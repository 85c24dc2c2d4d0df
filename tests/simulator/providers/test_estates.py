"""The demo estate holds what it promises; the recorded bodies load; every doubt and every switch has a test."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cmk_remediate import simulator
from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.monitor import check, declared, watch
from cmk_remediate.simulator.providers import PROVIDERS
from cmk_remediate.simulator.providers.ai_services.names import ACCOUNT as AI_ACCOUNT
from cmk_remediate.simulator.providers.ai_services.names import key_of
from cmk_remediate.simulator.providers.common import VAULT
from cmk_remediate.simulator.providers.cosmosdb.names import ACCOUNT
from cmk_remediate.simulator.providers.sql.names import SERVER, protector_of
from cmk_remediate.simulator.providers.storage.names import ACCOUNT as STORAGE_ACCOUNT
from cmk_remediate.simulator.providers.storage.names import key_text
from cmk_remediate.simulator.settings import Settings
from tests.simulator.raw import Raw

if TYPE_CHECKING:
    from cmk_remediate.simulator.declare import Doubt, Switch
    from cmk_remediate.simulator.embedded import EmbeddedAzure

REFERENCE = os.environ.get("CMK_REMEDIATE_REFERENCE", "")
HERE = Path(__file__).parent


def demo() -> EmbeddedAzure:
    return simulator.azure(settings=Settings.immediate())


def protectors(azure: EmbeddedAzure) -> dict[str, str]:
    found = {}
    for server, _ in azure.world.by_type(SERVER):
        body = azure.world.get(protector_of(server)) or {}
        found[server.name] = str(body["properties"]["serverKeyName"]).split("_")[0]
    return found


def test_the_demo_estate_has_each_kind_of_server() -> None:
    assert protectors(demo()) == {
        "sql-orders-weu": "ServiceManaged",
        "sql-billing-weu": "ServiceManaged",
        "sql-billing-neu": "ServiceManaged",
        "sql-ledger-weu": "kv-ledger-weu",
        "sql-legacy-weu": "kv-legacy-weu",
        "sql-locked-weu": "ServiceManaged",
        "sql-synapse-weu": "ServiceManaged",
        "sql-saas-weu": "ServiceManaged",
        "sql-saas-neu": "ServiceManaged",
        "sql-vault-weu": "kv-ledger-weu",
    }


def test_the_demo_estate_has_each_kind_of_account() -> None:
    found = {}
    for account, body in demo().world.by_type(ACCOUNT):
        uri = str(body["properties"].get("keyVaultKeyUri") or "platform")
        found[account.name] = uri.removeprefix("https://").split(".")[0]
    assert found == {
        "cosmos-orders-weu": "platform",
        "cosmos-events-weu": "platform",
        "cosmos-ledger-weu": "kv-ledger-weu",
        "cosmos-pinned-weu": "kv-ledger-weu",
        "cosmos-wide-weu": "platform",
        "cosmos-feed-weu": "platform",
    }


def test_the_demo_estate_has_each_kind_of_ai_account() -> None:
    found = {}
    for account, body in demo().world.by_type(AI_ACCOUNT):
        host = key_of(body).get("keyVaultUri", "platform")
        found[account.name] = (body["kind"], host.removeprefix("https://").split(".")[0])
    assert found == {
        "ai-agents-weu": ("AIServices", "platform"),
        "ai-speech-weu": ("SpeechServices", "platform"),
        "ai-chat-weu": ("OpenAI", "platform"),
        "ai-language-weu": ("TextAnalytics", "platform"),
        "ai-notes-weu": ("AIServices", "kv-legacy-weu"),
        "ai-search-weu": ("AIServices", "kv-legacy-weu"),
        "ai-forms-weu": ("FormRecognizer", "platform"),
        "ai-faces-neu": ("Face", "platform"),
    }


def test_the_demo_estate_has_each_kind_of_storage_account() -> None:
    azure = demo()
    found = {one.name: key_text(body).partition("/keys/")[2] for one, body in azure.world.by_type(STORAGE_ACCOUNT)}
    assert found == {
        "starchiveweu": "cmk-archive",
        "stordersweu": "",
        "stmediaweu": "",
        "stteamweu": "",
        "stpinnedweu": "store-pinned/1c9e5d3b2f4a608c4e6d8b0f2a1c3e7a",
        "stbrokenweu": "store-pinned",
        "stblobsweu": "",
    }


def test_the_demo_estate_has_bystanders_of_every_kind() -> None:
    azure = demo()
    monitor = watch(azure)
    who = {monitor._name(use.who) for uses in monitor.bystanders.uses.values() for use in uses}
    assert who == {
        "app-orders",
        "app-archive",
        "vault-operations",
        "app-legacy-backup",
        "id-cmk-sql-ledger-weu",
        "id-disks-weu",
        "id-sql-legacy-weu",
        "id-cmk-cosmos-ledger-weu",
        "id-cosmos-pinned-weu",
        "id-cmk-redis-ledger-weu",
        "id-ai-notes-weu",
        "id-ai-search-weu",
        "id-stpinnedweu",
        "id-sql-vault-weu",
        "id-cmk-tenant-c",
    }
    shared = [
        users for identity, users in monitor.bystanders.users.items() if identity.endswith("/id-cmk-sql-ledger-weu")
    ]
    assert sorted(one.rsplit("/", 1)[1] for one in shared[0]) == ["sql-ledger-weu", "starchiveweu"]


def test_the_demo_estate_is_at_rest() -> None:
    azure = demo()
    assert check(azure, watch(azure), after=30 * 86400) == ()
    assert all(body["properties"].get("status") == "Online" for _, body in azure.world.by_type(f"{SERVER}/databases"))


def test_the_locked_server_is_locked_and_the_synapse_group_is_managed() -> None:
    azure = demo()
    client = Raw(azure, str(azure.operator["object_id"]))
    server = next(str(one) for one, _ in azure.world.by_type(SERVER) if one.name == "sql-locked-weu")
    assert client.send("PATCH", server, {"tags": {"a": "b"}}).body["error"]["code"] == "ScopeLocked"
    synapse = next(one for one, _ in azure.world.by_type(SERVER) if one.name == "sql-synapse-weu")
    group = azure.world.get(synapse.group_id) or {}
    assert "/Microsoft.Synapse/workspaces/" in group["managedBy"]


def test_only_the_main_vault_lacks_purge_protection() -> None:
    open_ones = [
        one.name for one, body in demo().world.by_type(VAULT) if not body["properties"].get("enablePurgeProtection")
    ]
    assert open_ones == ["kv-cmk-weu"]


@pytest.mark.skipif(not REFERENCE, reason="CMK_REMEDIATE_REFERENCE names no folder of recorded bodies")
def test_the_recorded_servers_load() -> None:
    azure = simulator.azure(
        estate=Path(REFERENCE) / "recordings" / "estates" / "sql.json", settings=Settings.immediate()
    )
    client = Raw(azure, str(azure.operator["object_id"]))
    found = protectors(azure)
    assert len(found) == 25
    assert sum(name != "ServiceManaged" for name in found.values()) == 6
    for server, body in azure.world.by_type(SERVER):
        shown = client.get(str(server))
        assert {name: value for name, value in shown["properties"].items() if name != "keyId"} == {
            name: value for name, value in body["properties"].items() if name != "keyId"
        }
        assert client.get(str(protector_of(server)))["name"] == "current"
        assert [one["name"] for one in client.get(f"{server}/databases")["value"]] == ["master"]
    assert check(azure, client.monitor) == ()


@pytest.mark.skipif(not REFERENCE, reason="CMK_REMEDIATE_REFERENCE names no folder of recorded bodies")
@pytest.mark.parametrize(
    "kind", ["sql-server-keys", "sql-server-protectors", "user-assigned-identities", "role-assignments"]
)
def test_recorded_bodies_have_members_that_ours_have_too(kind: str) -> None:
    lines = (Path(REFERENCE) / "recordings" / "bodies" / f"{kind}.jsonl").read_text(encoding="utf-8").splitlines()
    bodies = [json.loads(line)["body"] for line in lines]
    ours = {
        "sql-server-keys": {"serverKeyType", "uri", "thumbprint", "creationDate", "autoRotationEnabled"},
        "sql-server-protectors": {"serverKeyName", "serverKeyType", "uri", "autoRotationEnabled"},
        "user-assigned-identities": {"tenantId", "principalId", "clientId"},
        "role-assignments": {
            "roleDefinitionId", "principalId", "principalType", "scope", "condition", "conditionVersion", "createdOn", "updatedOn",
            "createdBy", "updatedBy", "delegatedManagedIdentityResourceId", "description",
        },
    }  # fmt: skip
    for body in bodies:
        assert set(body["properties"]) - {"canDelegate"} <= ours[kind]  # an old api-version's


def _tests() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(HERE.rglob("test_*.py")))


@pytest.mark.parametrize("doubt", doubts.ALL, ids=lambda one: one.name)
def test_every_doubt_is_declared_once_and_tested_under_each_reading(doubt: Doubt) -> None:
    declared_by = [provider.namespace for provider in PROVIDERS if doubt in provider.doubts]
    assert len(declared_by) == 1
    assert doubt.default in doubt.readings
    assert len(doubt.readings) > 1
    assert doubt.source
    text = _tests()
    assert f'"{doubt.name}"' in text
    assert all(f'"{reading}"' in text for reading in doubt.readings)


@pytest.mark.parametrize(
    "switch", [one for provider in PROVIDERS for one in provider.switches], ids=lambda one: one.name
)
def test_every_switch_has_a_test_that_turns_it_off(switch: Switch) -> None:
    assert re.search(rf'off=\(\) if on else \("{switch.name}",\)', _tests())


def test_uses_are_counted_in_data_actions() -> None:
    assert f"{VAULT}/keys/wrap/action" in declared.ACTIONS
