"""What of a managed cluster a template may say, as the models of azure-mgmt-containerservice have it.

A property that is not among them is read-only, or of a preview: a template that says it is refused, or ignored.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

API_VERSION = "2026-08-01"
"""Of azure-mgmt-containerservice 41.8, and of the template."""
FILE = Path(__file__).with_name("writable.json")
"""By model, each property: empty for a value, else the model it holds, in ``[]`` for a list, ``{}`` for a map; or `READ_ONLY`."""
READ_ONLY = "read-only"


@lru_cache(maxsize=1)
def _models() -> Mapping[str, Mapping[str, str]]:
    found: Mapping[str, Mapping[str, str]] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def writable(body: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return of a cluster's *body* what a template may say, and the paths of what no client has: previews.

    Nulls, and what only Azure sets, say nothing.
    """
    left: list[str] = []
    return dict(_members(body, "ManagedCluster", "", left)), tuple(left)


def _members(body: Mapping[str, Any], model: str, path: str, left: list[str]) -> Iterator[tuple[str, Any]]:
    known = _models()[model]
    for name, value in body.items():
        here = f"{path}.{name}" if path else name
        if value is None or known.get(name) == READ_ONLY:
            continue
        if name not in known:
            left.append(here)
        else:
            yield name, _value(value, known[name], here, left)


def _value(value: Any, kind: str, path: str, left: list[str]) -> Any:
    inner = kind.strip("[]{}")
    if not inner:
        return value
    if kind.startswith("[") and isinstance(value, list):
        return [_value(one, inner, f"{path}[{index}]", left) for index, one in enumerate(value)]
    if kind.startswith("{") and isinstance(value, dict):
        return {name: _value(one, inner, f"{path}.{name}", left) for name, one in value.items()}
    return dict(_members(value, inner, path, left)) if isinstance(value, dict) else value
