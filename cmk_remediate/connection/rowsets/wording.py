"""How rows are worded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.connection.catalog import Row

if TYPE_CHECKING:
    from cmk_remediate.connection.calls import Kind

SEARCH = "search"
"""The row that asks Azure Resource Graph, whatever resource it is asked about."""
VALIDATE = "validate-key"
"""The row that has a managed instance try a key."""
SUBSCRIPTION = "microsoft.resources/subscriptions"
GROUP = "microsoft.resources/resourcegroups"
REST = "learn.microsoft.com, REST API reference, "


def sdk(client: tuple[str, str], kind: str, name: str, operation: str, arguments: str) -> Row:
    """Return a row with an SDK method; *arguments* is ``parameter=source ...``."""
    pairs = tuple((parameter, source) for parameter, _, source in (one.partition("=") for one in arguments.split()))
    method, counts_as = _words(name)
    return Row(
        type=kind,
        name=name,
        method=method,
        api_version=client[1],
        client=client[0],
        operation=operation,
        arguments=pairs,
        kind=counts_as,
        paged=name.startswith("list:") or name == "permissions",
        tries=name == VALIDATE,
    )


def _words(name: str) -> tuple[str, Kind]:
    """Return the HTTP method and the kind of a row called *name*."""
    if name in ("put", "access-policy-add", "rotation-policy-put"):
        return "PUT", "write"
    if name == "patch":
        return "PATCH", "write"
    if name in ("deallocate", "start", "revert"):
        return "POST", "write"
    return ("POST" if name in ("check-policy", SEARCH, VALIDATE) else "GET"), "read"


def path(
    kind: str,
    name: str,
    url: str,
    api_version: str,
    source: str,
    *,
    vault: bool = False,
    filtered: bool = False,
    takes: tuple[str, ...] = (),
) -> Row:
    """Return a row that words its own path."""
    method, counts_as = _words(name)
    return Row(
        type=kind,
        name=name,
        method=method,
        api_version=api_version,
        path=url,
        plane="vault" if vault else "arm",
        kind=counts_as,
        paged=name.startswith("list:") or name == "permissions",
        searches=name == SEARCH,
        filtered=filtered,
        takes=takes,
        source=source,
    )
