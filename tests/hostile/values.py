"""What somebody who means harm, or a broken editor, puts into a file."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

SUBSCRIPTION = "/subscriptions/22222222-2222-4222-8222-222222222201"
FOREIGN = "99999999-9999-4999-8999-999999999999"
PLANTED = "https://evil.example"
STRANGE = (
    "",
    " ",
    "\x00",
    "a\nb",
    "\r\n\r\nGET / HTTP/1.1",
    "\x1b[2J\x1b[31mall is well",
    "../../..",
    f"/subscriptions/{FOREIGN}",
    f"/subscriptions/{FOREIGN}/resourceGroups/rg/providers/Microsoft.Sql/servers/s",
    f"{SUBSCRIPTION}/resourceGroups/../../{FOREIGN}/resourceGroups/rg/providers/Microsoft.Sql/servers/s",
    f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/evil.example?",
    f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/evil.example#",
    f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/x@evil.example",
    f"{SUBSCRIPTION}/resourceGroups/rg%2f..%2f..%2f{FOREIGN}/providers/Microsoft.Sql/servers/s",
    f"{PLANTED}/subscriptions/x",
    f"https://management.azure.com/subscriptions/{FOREIGN}/x",
    "https://management.azure.com.evil.example/",
    "https://user:pw@management.azure.com/",
    "file:///etc/passwd",
    "\ud800",
    "\u202egnp.exe",
    "\uff0fsubscriptions\uff0fx",
    "x" * 5000,
    "9" * 5000,
    "2026-99-99T99:99:99Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "%s%n{0.__class__}",
    "[parameters('x')]",
)
OTHER: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    2**63,
    10**40,
    0.5,
    [],
    {},
    [[]],
    {"": None},
    {"ref": "x", "path": []},
    {"unknown": True},
)

strange = st.one_of(st.sampled_from(STRANGE), st.sampled_from(OTHER), st.text(max_size=20), st.integers())


def deep(levels: int) -> Any:
    """Return a value of so many levels."""
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value in *document* but the document itself."""
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for name, value in items:
        yield (*path, name)
        yield from places(value, (*path, name))


_change = st.tuples(
    st.integers(0, 2**16),
    st.sampled_from(("replace", "replace", "replace", "remove", "rename", "double")),
    strange,
    st.sampled_from(STRANGE),
)
changes = st.lists(_change, min_size=1, max_size=3)
"""What is done to a document: where (by number), how, with what."""


def changed(document: Any, script: list[tuple[int, str, Any, str]]) -> Any:
    """Return *document* with values replaced, removed, renamed or doubled as *script* says."""
    found = copy.deepcopy(document)
    for number, how, value, name in script:
        all_places = list(places(found))
        if not all_places:
            break
        *path, last = all_places[number % len(all_places)]
        node = found
        for part in path:
            node = node[part]
        if how == "replace":
            node[last] = copy.deepcopy(value)
        elif how == "remove":
            del node[last]
        elif how == "double" and isinstance(node, list):
            node.append(copy.deepcopy(node[last]))
        elif how == "rename" and isinstance(node, dict):
            node[name] = node.pop(last)
    return found
