"""Names that Azure takes, in ids that enter a URL. Fails: a plan is refused for one database's name, or a name leads elsewhere."""

from __future__ import annotations

import pytest

from cmk_remediate.errors import InputError
from cmk_remediate.model.ids import ResourceId

SERVER = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers/Microsoft.Sql/servers/sql-one"
LEGAL = ["orders", "orders–old", "orders’s", "orders€", "Ünïcode", "with blanks within", "no#1", "[squared] (round)"]  # noqa: RUF001 - names people give
ELSEWHERE = ["..", "a/../b", "a?b", "a%2fb", "a\\b", "a:b", " a", "a ", "a\u00a0", "\u2028", "a\x00b", "a\ud800"]


@pytest.mark.parametrize("name", LEGAL)
def test_a_database_may_be_called_what_azure_lets_it_be_called(name: str) -> None:
    """learn.microsoft.com, "Naming rules and restrictions for Azure resources": not <>*%&:\\/? or control characters."""
    assert ResourceId.parse(f"{SERVER}/databases/{name}").name == name


@pytest.mark.parametrize("name", ELSEWHERE)
@pytest.mark.parametrize("kind", ["databases", "keys"])
def test_no_name_leads_elsewhere_or_cannot_be_read(kind: str, name: str) -> None:
    with pytest.raises(InputError):
        ResourceId.parse(f"{SERVER}/{kind}/{name}/parts/one")


@pytest.mark.parametrize("name", ["orders–old", "orders’s", "orders€"])  # noqa: RUF001 - as above
def test_what_is_no_database_is_called_by_letters_and_digits(name: str) -> None:
    with pytest.raises(InputError):
        ResourceId.parse(f"{SERVER}/keys/{name}")
