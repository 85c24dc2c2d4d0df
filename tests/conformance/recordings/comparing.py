"""How two answers are compared: status, error code, the names and types in the body, the headers of operations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.conformance.recordings.recorded import LONG_RUNNING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.conformance.recordings.recorded import Interaction

_BY_ID = ("userassignedidentities", "tags", "keys")
"""Objects whose member names are data."""
_PAGING = "nextLink"
"""Depends on how much there is, not on the service."""


def differences(recorded: Interaction, status: int, headers: Mapping[str, str], body: Any) -> Iterator[str]:
    """Go through what is other here than in *recorded*, in words."""
    if recorded.status != status:
        yield f"status {recorded.status}, here {status}"
    if recorded.status >= 400 or status >= 400:
        there, here = _code(recorded.body), _code(body)
        if there != here:
            yield f"error code {there or 'none'}, here {here or 'none'}"
    names = {name.lower() for name in headers}
    for name in LONG_RUNNING:
        if name == "Retry-After" and not recorded.keeps_retry_after:
            continue
        if (name.lower() in recorded.headers) != (name.lower() in names):
            yield f"{name} {'missing' if name.lower() in recorded.headers else 'extra'}"
    if recorded.status < 400 and status < 400:
        there, here = (recorded.body, body) if not recorded.is_page else _in_both(recorded.body, body)
        yield from _shapes(there, here)


def _in_both(recorded: Any, body: Any) -> tuple[Any, Any]:
    """Return two pages of a list less the items that only one of them has: where a page ends is not compared."""
    if not all(isinstance(page, dict) and isinstance(page.get("value"), list) for page in (recorded, body)):
        return recorded, body
    ids = [{str(item.get("id", "")).lower() for item in page["value"]} for page in (recorded, body)]
    common = ids[0] & ids[1]
    there, here = (
        [item for item in page["value"] if str(item.get("id", "")).lower() in common] for page in (recorded, body)
    )
    return {**recorded, "value": there}, {**body, "value": here}


def _code(body: Any) -> str:
    error = body.get("error") if isinstance(body, dict) else None
    return str(error.get("code") or "") if isinstance(error, dict) else ""


def _shapes(recorded: Any, body: Any) -> Iterator[str]:
    there, here = dict(_shape(recorded)), dict(_shape(body))
    for path, types in sorted(there.items()):
        if path not in here:
            if not _below_missing(path, there, here):
                yield f"missing {path}"
        elif not types & here[path] and "null" not in types | here[path]:
            yield f"type of {path}: {'/'.join(sorted(types))}, here {'/'.join(sorted(here[path]))}"
    for path in sorted(here):
        if path not in there and not _below_missing(path, here, there):
            yield f"extra {path}"


def _below_missing(path: str, mine: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Say whether *path* lies in something whose absence is already told, or in a list that is empty on the other side."""
    parents = [path[: found.start()] for found in re.finditer(r"\.|\[\]", path)]
    return any(parent in mine and (parent not in other or "empty" in other[parent]) for parent in parents if parent)


def _shape(value: Any) -> Iterator[tuple[str, set[str]]]:
    """Go through the paths in a body, each with the types found there."""
    found: dict[str, set[str]] = {}
    _walk(value, "body", found)
    return iter(found.items())


def _walk(value: Any, path: str, found: dict[str, set[str]]) -> None:
    types = found.setdefault(path, set())
    if isinstance(value, dict):
        types.add("object")
        if not value:
            types.add("empty")
        by_id = path.rpartition(".")[2].lower() in _BY_ID
        for name, one in value.items():
            if name != _PAGING:
                _walk(one, f"{path}.{'*' if by_id else name}", found)
    elif isinstance(value, list):
        types.add("array")
        if not value:
            types.add("empty")
        for one in value:
            _walk(one, f"{path}[]", found)
    else:
        types.add(_type(value))


def _type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, (int, float)) else "string"
