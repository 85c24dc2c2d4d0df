"""The resource types of Bicep, derived from the official descriptions: bodies with their flags, no operations."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from referencing.jsonschema import DRAFT202012

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from referencing import Resource

    from tests.conformance.descriptions.findings import Schema

SCHEME = "https://bicep.invalid/"
_REQUIRED, _READ_ONLY, _WRITE_ONLY, _DEPLOY_TIME = 1, 2, 4, 8
"""Flags of a property; see ObjectTypePropertyFlags in the Azure/bicep-types repository."""


class Bicep:
    """Every ``types.json`` below a folder."""

    def __init__(self, root: Path) -> None:
        """Look below *root*, the folder that holds ``generated``."""
        self._root = root

        self._read = lru_cache(maxsize=None)(lambda name: json.loads((root / name).read_text(encoding="utf-8")))

    def _names(self) -> list[str]:
        return sorted(file.relative_to(self._root).as_posix() for file in self._root.glob("generated/**/types.json"))

    def bodies(self) -> Iterator[tuple[str, str, Schema]]:
        """Go through the resource types: the type, an api-version, the schema of its body."""
        for document in self._names():
            uri = SCHEME + document
            for node in self._read(document):
                if node["$type"] == "ResourceType":
                    name, _, version = node["name"].partition("@")
                    yield name, version, {"$ref": uri + node["body"]["$ref"]}

    def texts(self) -> Iterator[tuple[set[str], set[str]]]:
        """Go through the documents: the names of properties with listed values, and of those with a form."""
        for document in self._names():
            nodes = self._read(document)
            listed, formed = set(), set()
            for node in nodes:
                for name, one in node.get("properties", {}).items():
                    found = nodes[int(one["type"]["$ref"].removeprefix("#/"))]
                    found = nodes[int(found["itemType"]["$ref"].removeprefix("#/"))] if "itemType" in found else found
                    if found["$type"] in ("UnionType", "StringLiteralType"):
                        listed.add(name)
                    elif "pattern" in found:
                        formed.add(name)
            yield listed, formed

    def resource(self, uri: str) -> Resource[Any]:
        """Return the document *uri* as JSON Schema."""
        nodes = self._read(uri.removeprefix(SCHEME))
        return DRAFT202012.create_resource([_schema(node, nodes) for node in nodes])


def _schema(node: Any, nodes: list[Any]) -> Schema:
    match node["$type"]:
        case "StringType":
            return {"type": "string"} | {
                word: node[word] for word in ("minLength", "maxLength", "pattern") if word in node
            }
        case "StringLiteralType":
            return {"enum": [node["value"]]}
        case "IntegerType":
            words = {"minimum": node.get("minValue"), "maximum": node.get("maxValue")}
            return {"type": "integer"} | {word: value for word, value in words.items() if value is not None}
        case "BooleanType":
            return {"type": "boolean"}
        case "ArrayType":
            return {"type": "array", "items": node["itemType"]}
        case "UnionType":
            return _union([nodes[int(one["$ref"].removeprefix("#/"))] for one in node["elements"]], node)
        case "ObjectType":
            return _object(node)
        case "DiscriminatedObjectType":
            base = node["baseProperties"]
            cases = {
                value: _derived(nodes[int(one["$ref"].removeprefix("#/"))], base)
                for value, one in node["elements"].items()
            }
            otherwise = _object({"properties": base, "additionalProperties": True})
            return {"discriminated": {"on": node["discriminator"], "cases": cases, "otherwise": otherwise}}
    return {"opaque": True}


def _union(elements: list[Any], node: Any) -> Schema:
    values = [one["value"] for one in elements if one["$type"] == "StringLiteralType"]
    if values:  # a plain string beside them says that the service may add values
        return {"enum": values}
    return {"anyOf": node["elements"]}


def _derived(node: Any, base: Any) -> Schema:
    """Return a derived type's schema; its own object does not repeat the members of the base."""
    return _object({**node, "properties": {**base, **node["properties"]}})


def _members(properties: Any) -> dict[str, Schema]:
    return {name: _member(name, one) for name, one in properties.items() if name != "apiVersion"}


def _member(name: str, told: Any) -> Schema:
    flags = told.get("flags", 0)
    if name == "name" and flags & _DEPLOY_TIME:  # a resource's own name: part of the URL, no part of what is sent
        return {"type": "string", "readOnly": True}
    made = dict(told["type"])
    if flags & _READ_ONLY:
        made["readOnly"] = True
    if flags & _WRITE_ONLY:
        made["writeOnly"] = True
    return made


def _object(node: Any) -> Schema:
    properties = _members(node["properties"])
    extra = node.get("additionalProperties")
    if not properties and extra is None:
        return {"type": "object", "opaque": True}
    required = [
        name for name, one in node["properties"].items() if one.get("flags", 0) & _REQUIRED and name in properties
    ]
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False if extra is None else extra,
    }
