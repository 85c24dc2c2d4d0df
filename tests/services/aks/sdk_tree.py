"""What of a managed cluster a template may say: read off the models of azure-mgmt-containerservice.

``python -m tests.services.aks.sdk_tree`` writes it anew, for another version of the SDK.
"""

from __future__ import annotations

import json
import re
from enum import Enum
from typing import Any

from azure.mgmt.containerservice import models

import cmk_remediate.services.aks.pack.writable as ours

ROOT = "ManagedCluster"
_NAMED = re.compile(r"_models\.(\w+)")


def tree() -> dict[str, dict[str, str]]:
    """Return, by model, each property: ``""`` for a value, else the model it holds, in ``[]`` or ``{}``; or read-only."""
    found: dict[str, dict[str, str]] = {}
    _add(ROOT, found)
    return dict(sorted(found.items()))


def text() -> str:
    """Return the tree as it is kept."""
    return json.dumps(tree(), indent=1) + "\n"


def _add(name: str, found: dict[str, dict[str, str]]) -> None:
    if name in found:
        return
    model: Any = getattr(models, name)
    model()  # the SDK fills its tables when the first one is made
    fields = found.setdefault(name, {})
    for attribute, field in sorted(model._attr_to_rest_field.items(), key=lambda pair: str(pair[1]._rest_name)):
        made = field._visibility == ["read"]
        fields[field._rest_name] = ours.READ_ONLY if made else _kind(_annotation(model, attribute), found)


def _annotation(model: type, attribute: str) -> str:
    return next(
        str(one.__annotations__[attribute]) for one in model.__mro__ if attribute in getattr(one, "__annotations__", {})
    )


def _kind(annotation: str, found: dict[str, dict[str, str]]) -> str:
    named = _NAMED.search(annotation)
    inner = named.group(1) if named and not issubclass(getattr(models, named.group(1)), Enum) else ""
    if inner:
        _add(inner, found)
    if "dict[" in annotation:
        return f"{{{inner}}}"
    return f"[{inner}]" if "list[" in annotation else inner


if __name__ == "__main__":
    ours.FILE.write_text(text(), encoding="utf-8")
