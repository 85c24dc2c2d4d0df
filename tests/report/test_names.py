"""Without these two resources could share one name in a review, and the wrong one be approved."""

from __future__ import annotations

from cmk_remediate.report.ends import read_or_write
from cmk_remediate.report.names import Names
from tests.report import sample

OTHER = (
    "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/rg2/providers/Microsoft.Sql/servers/sql-orders"
)
SUBSCRIPTION = "/subscriptions/22222222-2222-2222-2222-222222222222"


def test_the_last_name_where_it_is_unique() -> None:
    assert Names([sample.SERVER, sample.VAULT])(sample.SERVER.upper()) == "sql-orders"


def test_the_group_where_the_last_name_is_not() -> None:
    names = Names([sample.SERVER, OTHER])

    assert names(sample.SERVER) == "rg-orders/sql-orders"
    assert names(OTHER) == "rg2/sql-orders"


def test_the_whole_id_where_nothing_shorter_tells_types_apart() -> None:
    vault = f"{sample.GROUP}/providers/Microsoft.KeyVault/vaults/sql-orders"
    names = Names([sample.SERVER, vault])

    assert names(sample.SERVER) == sample.SERVER
    assert names(vault) == vault


def test_children_and_extensions_name_what_they_belong_to() -> None:
    role = f"{sample.KEY}/providers/Microsoft.Authorization/roleAssignments/abc"

    assert Names([sample.KEY])(sample.KEY) == "kv-orders/keys/cmk-orders"
    assert Names([role])(role) == "roleAssignments/abc on kv-orders/keys/cmk-orders"


def test_built_in_roles_and_subscriptions_say_what_they_are() -> None:
    role = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/abc"

    assert Names([role])(role) == "roleDefinitions/abc"
    assert Names([SUBSCRIPTION])(SUBSCRIPTION) == "subscription 22222222-2222-2222-2222-222222222222"


def test_what_is_no_id_is_its_own_name() -> None:
    assert Names(["fog-orders"])("fog-orders") == "fog-orders"


def test_only_known_posts_count_as_reads() -> None:
    assert [read_or_write(row) for row in sample.REQUESTS] == ["read", "write", "read", "write"]
