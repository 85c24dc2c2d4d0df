"""Reads a template back, as somebody's Bicep parser understands it, and says what it deploys.

pycep leaves strings as they are written: their escapes are read here, and whatever would end a string or begin an expression in
it is an error.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from pycep import BicepParser

_ESCAPE = re.compile(r"\\(?:(?P<plain>[\\'nrt$])|u\{(?P<code>[0-9a-f]{1,6})\})")
_PLAIN = {"\\": "\\", "'": "'", "n": "\n", "r": "\r", "t": "\t", "$": "$"}


@dataclass(frozen=True)
class Deployed:
    """What a template deploys.

    Attributes:
        type: the resource's type.
        version: its api-version.
        body: its body, ``name`` among it; a parameter stands as its name.
        secure: the names of its secret parameters.
        outputs: the names of its outputs.
    """

    type: str
    version: str
    body: dict[str, Any]
    secure: tuple[str, ...]
    outputs: tuple[str, ...]


def deployed(template: str) -> Deployed:
    """Return what *template* deploys: one resource, and nothing else."""
    parsed = BicepParser().parse(text=template)
    assert set(parsed) <= {"globals", "parameters", "resources", "outputs"}, set(parsed)
    ((symbol, resource),) = parsed["resources"].items()
    assert (symbol, resource["existing"], resource["decorators"]) == ("cluster", False, [])
    parameters = parsed.get("parameters", {})
    assert all({"type": "secure"} in one["decorators"] for one in parameters.values())
    body = _value(resource["config"])
    return Deployed(
        resource["type"], resource["api_version"], body, tuple(parameters), tuple(parsed.get("outputs", {}))
    )


def _value(item: Any) -> Any:
    if isinstance(item, str):
        return text(item)
    if isinstance(item, list):
        return [_value(one) for one in item]
    if not isinstance(item, dict):
        return item
    if set(item) == {"function"}:
        assert item["function"]["type"] == "json", item
        return json.loads(text(item["function"]["parameters"]["arg_1"]))
    if set(item) == {"operator"}:
        assert item["operator"]["type"] == "minus", item
        return -item["operator"]["operands"]["integer_value"]
    return {_key(name): _value(one) for name, one in item.items()}


def _key(name: str) -> str:
    return text(name[1:-1]) if name.startswith("'") else name


def text(written: str) -> str:
    """Return what the inside of a literal means."""
    found, rest = [], written
    while rest:
        match = _ESCAPE.match(rest)
        if match is None:
            assert rest[0] not in "\\'\n" and not rest.startswith("${") and rest[0].isascii(), written  # noqa: PT018
            found.append(rest[0])
            rest = rest[1:]
            continue
        found.append(_PLAIN[match["plain"]] if match["plain"] else chr(int(match["code"], 16)))
        rest = rest[match.end() :]
    return "".join(found)
