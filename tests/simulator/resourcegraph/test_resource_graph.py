"""Without these a query that finds unprotected resources in Azure would find others, or none, in a rehearsal."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from cmk_remediate import simulator
from cmk_remediate.simulator.resourcegraph.functions import COMPARISONS, as_bool, as_int, as_text
from cmk_remediate.simulator.resourcegraph.query import parsed
from cmk_remediate.simulator.resourcegraph.tokens import QueryError
from cmk_remediate.simulator.settings import Settings
from cmk_remediate.simulator.tokens import Claims, minted
from cmk_remediate.simulator.wire import Incoming, Outgoing

if TYPE_CHECKING:
    from cmk_remediate.simulator.embedded import EmbeddedAzure

SUB = "22222222-2222-4222-8222-222222222201"
OTHER = "22222222-2222-4222-8222-222222222202"
LEDGER_GRANTS = 10


@cache
def demo() -> EmbeddedAzure:
    return simulator.azure(settings=Settings.immediate(throttle=False))


def ask(query: str, *, caller: str = "", version: str = "2022-10-01", scope: str = "", **body: Any) -> Outgoing:
    """Send *query* as the operator, or as *caller*."""
    path = f"{scope}/providers/Microsoft.ResourceGraph/resources?api-version={version}"
    return _send("POST", path, json.dumps({"query": query, **body}).encode(), caller)


def _send(method: str, path: str, sent: bytes = b"", caller: str = "") -> Outgoing:
    azure = demo()
    who = azure.operator
    token = minted(Claims(caller or who["object_id"], who["tenant"], "https://management.azure.com", 0.0))
    url = f"https://management.azure.com{path}"
    return azure.answer(Incoming(method, url, {"authorization": f"Bearer {token}"}, sent))


def names(query: str, **options: Any) -> list[str]:
    answer = ask(query, **options)
    assert answer.status == 200, answer.body
    return [str(row["name"]) for row in answer.body["data"]]


SERVERS = """
// server-level protector
resources | where type in~ ('microsoft.sql/servers') | where isempty(tostring(properties.keyId))
| project id,name,resourceGroup,subscriptionId,location,kind | order by id asc
"""
VAULTS = """
resources | where type =~ 'microsoft.keyvault/vaults'
| extend pp=tobool(properties.enablePurgeProtection), sd=tobool(properties.enableSoftDelete),
  rbac=tobool(properties.enableRbacAuthorization), da=tostring(properties.networkAcls.defaultAction),
  pna=tostring(properties.publicNetworkAccess), days=toint(properties.softDeleteRetentionInDays)
| where coalesce(pp,false)==false or coalesce(rbac,false)==false or (da !~ 'Deny' and pna !~ 'Disabled')
| project id,name,location,pp,sd,days,rbac,da,pna | order by id asc
"""
GRANTS = """
authorizationresources | where type =~ 'microsoft.authorization/roleassignments'
| where tostring(properties.roleDefinitionId) endswith 'E147488A-f6f5-4113-8e2d-b22465e65bf6'
| project id, name, principalId=tostring(properties.principalId), scope=tostring(properties.scope) | order by id asc
"""


def test_servers_without_a_customers_key() -> None:
    found = ask(SERVERS).body["data"]

    assert [row["id"] for row in found] == sorted(row["id"] for row in found)
    assert "sql-orders-weu" in {row["name"] for row in found}
    assert not {"sql-ledger-weu", "sql-legacy-weu"} & {row["name"] for row in found}
    assert set(found[0]) == {"id", "name", "resourceGroup", "subscriptionId", "location", "kind"}


def test_vaults_that_are_not_hardened() -> None:
    found = {row["name"]: row for row in ask(VAULTS).body["data"]}

    assert set(found) == {"kv-cmk-weu", "kv-legacy-weu", "kv-cache-neu"}
    assert (found["kv-cmk-weu"]["pp"], found["kv-cmk-weu"]["days"]) == (None, 90)
    assert (found["kv-legacy-weu"]["rbac"], found["kv-legacy-weu"]["da"]) == (False, "")


def test_grants_of_the_encryption_role() -> None:
    found = ask(GRANTS).body["data"]

    assert len(found) == LEDGER_GRANTS
    assert all("/vaults/kv-ledger-weu/keys/" in row["scope"] for row in found)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("where type =~ 'microsoft.keyvault/vaults' | where name == 'kv-cmk-weu'", ["kv-cmk-weu"]),
        ("resources | where type == 'microsoft.keyvault/vaults' and name != 'kv-cmk-weu' | order by name desc | take 1",
         ["kv-legacy-weu"]),
        ("resources | where tags['owner'] == 'platform-team' and type contains 'VAULTS'", ["kv-cmk-weu"]),
        ("resources | where type !in~ ('microsoft.keyvault/vaults') and name startswith 'KV-'", []),
        ("resources | where name in ('kv-cmk-weu', 'KV-LEGACY-WEU')", ["kv-cmk-weu"]),
        ("resources | where name has 'archive' | limit 5", ["disk-archive-weu", "pvc-1f6f3c58-archive", "archive", "starchiveweu"]),
        (('resources | where type =~ "microsoft.keyvault/vaults" | where not(tobool(properties.enablePurgeProtection))'
         " or isnull(properties.enablePurgeProtection)"), ["kv-cmk-weu"]),
        ("resources | where type =~ 'microsoft.keyvault/vaults' and array_length(properties.accessPolicies) >= 2",
         ["kv-legacy-weu"]),
        ("resources | where properties.accessPolicies[0].permissions.keys[0] =~ 'GET'", ["kv-legacy-weu"]),
        ("resources | where type =~ 'microsoft.keyvault/vaults' | where properties.softDeleteRetentionInDays < 90", []),
        ("resourcecontainers | where type =~ 'microsoft.resources/subscriptions' | order by name asc",
         ["Continuity", "Production"]),
        ("resourcecontainers | where type =~ 'microsoft.resources/subscriptions/resourceGroups' | where name =~ 'rg-legacy'",
         ["rg-legacy"]),
    ],
)  # fmt: skip
def test_what_a_query_finds(query: str, expected: list[str]) -> None:
    assert names(query) == expected


def test_resource_manager_lists_the_same_resources() -> None:
    """Databases, and what belongs to a provider that is not here, among them."""
    rows = ask("resources | project id, type", options={"$top": 1000}).body["data"]
    listed = [
        one["id"]
        for subscription in (SUB, OTHER)
        for one in _send("GET", f"/subscriptions/{subscription}/resources?api-version=2021-04-01").body["value"]
    ]

    assert {one["type"] for one in rows} >= {"microsoft.sql/servers/databases", "microsoft.storage/storageaccounts"}
    assert sorted(one["id"] for one in rows) == sorted(listed)


def test_a_count_is_one_row() -> None:
    assert ask("resources | where type =~ 'microsoft.keyvault/vaults' | count").body["data"] == [{"Count": 4}]


def test_pages_follow_each_other_without_a_gap() -> None:
    whole = names(SERVERS)
    found: list[str] = []
    options: dict[str, Any] = {"$top": 2}
    while True:
        body = ask(SERVERS, options=options).body
        assert (body["totalRecords"], body["resultTruncated"]) == (len(whole), "false")
        found += [row["name"] for row in body["data"]]
        if "$skipToken" not in body:
            break
        options = {"$top": 2, "$skipToken": body["$skipToken"]}

    assert found == whole
    assert ask(SERVERS, options={"$skip": 1}).body["data"][0]["name"] == whole[1]


def test_without_ids_there_is_no_next_page_and_the_answer_says_so() -> None:
    body = ask("resources | project name", options={"$top": 1}).body

    assert "$skipToken" not in body
    assert body["resultTruncated"] == "true"


def test_rows_as_a_table() -> None:
    query = "resources | where name =~ 'kv-cmk-weu' | project name, days=properties.softDeleteRetentionInDays, sku=properties.sku"
    for body in (ask(query, options={"resultFormat": "table"}).body, ask(query, version="2019-04-01").body):
        assert [one["type"] for one in body["data"]["columns"]] == ["string", "integer", "object"]
        assert body["data"]["rows"] == [["kv-cmk-weu", 90, {"family": "A", "name": "standard"}]]


def test_only_what_the_caller_may_read_and_asked_for() -> None:
    assert names(SERVERS, caller="44444444-4444-4444-8444-444444444401") == []
    here, there = names(SERVERS, subscriptions=[SUB]), names(SERVERS, subscriptions=[OTHER])
    assert sorted(here + there) == sorted(names(SERVERS))
    assert there


def test_it_is_a_read() -> None:
    """A dry run may ask it: by its nature it changes nothing, though it is a POST."""
    ask(SERVERS)

    assert demo().requests[-1].reads


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("changeresources | take 1", "a table"),
        ("resources | summarize count() by type", "where, extend, project"),
        ("resources | where parse_json(name) == 1", "not known here"),
        ("resources | where tostring(a, b)", "does not take 2"),
        ("resources | where type =~", "a value"),
        ("resources | where (type =~ 'a'", "')'"),
        ("resources | where a[b]", "a text or a number"),
        ("resources where", "'|'"),
        ("resources | take many", "a number"),
        ("resources | project 'x'", "a column"),
        ("resources | order name", "'by'"),
        ("resources | where a ? b", "not understood"),
        ("", "a name"),
    ],
)
def test_what_is_not_of_the_subset_is_refused_and_said_where(query: str, said: str) -> None:
    answer = ask(query)

    assert (answer.status, answer.body["error"]["code"]) == (400, "BadRequest")
    (detail,) = answer.body["error"]["details"]
    assert detail["code"] == "ParserFailure"
    assert said in detail["message"]
    assert "line 1" in detail["message"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"options": {"$top": 0}}, "InvalidOptions"),
        ({"options": {"$skipToken": "!"}}, "InvalidSkipToken"),
        ({"subscriptions": ["nobody"]}, "InvalidSubscriptionId"),
        ({"subscriptions": "all"}, "InvalidRequest"),
    ],
)
def test_a_wrong_request_is_refused(body: dict[str, Any], code: str) -> None:
    answer = ask("resources", **body)

    assert (answer.status, answer.body["error"]["details"][0]["code"]) == (400, code)


def test_it_is_asked_of_no_scope() -> None:
    assert ask("resources", scope=f"/subscriptions/{SUB}").status == 404


def test_values_compare_as_kusto_compares_them() -> None:
    same = COMPARISONS["=="]
    assert same(None, None) is None
    assert same(None, "") is True
    assert same(1, "1") is True
    assert COMPARISONS["!="](None, 1) is None
    assert COMPARISONS["<"](None, 1) is None
    assert COMPARISONS["<"](1, 2) is True
    assert (as_text({"a": 1}), as_text(as_bool("True")), as_bool("1"), as_bool("no"), as_int("x"), as_int("7")) == (
        '{"a":1}', "true", True, None, None, 7,
    )  # fmt: skip


def test_null_sorts_before_numbers_and_texts() -> None:
    rows = [{"a": value} for value in ("b", 2, None, "a", 1)]

    assert [row["a"] for row in parsed("resources | order by a asc", ["resources"]).run(rows)] == [None, 1, 2, "a", "b"]
    assert [row["a"] for row in parsed("resources | sort by a", ["resources"]).run(rows)] == ["b", "a", 2, 1, None]
    with pytest.raises(QueryError):
        parsed("other", ["resources"])
