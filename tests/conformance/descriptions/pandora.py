"""Pandora's definitions (the Terraform provider's): operations with their statuses, models without read-only flags."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from referencing.jsonschema import DRAFT202012

from tests.conformance.descriptions.described import Described, Parameter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from referencing import Resource

    from tests.conformance.descriptions.findings import Schema

SCHEME = "https://pandora.invalid/"
_SIMPLE: Mapping[str, Schema] = {
    "String": {"type": "string"},
    "Location": {"type": "string"},
    "Integer": {"type": "integer"},
    "Float": {"type": "number"},
    "Boolean": {"type": "boolean"},
    "DateTime": {"type": "string", "format": "date-time"},
    "Tags": {"type": "object", "additionalProperties": {"type": "string"}},
    "Zones": {"type": "array", "items": {"type": "string"}},
}
_CONSTANT = {"String": "string", "Integer": "integer", "Float": "number"}


class Pandora:
    """Every api-version below a folder."""

    def __init__(self, root: Path) -> None:
        """Look below *root*, the folder that holds ``api-definitions``."""
        self._root = root
        self._read = lru_cache(maxsize=None)(lambda file: json.loads(file.read_text(encoding="utf-8")))

    def operations(self) -> Iterator[Described]:
        """Go through every operation."""
        for folder in self._folders():
            for file in sorted(folder.glob("Operation-*.json")):
                made = self._operation(folder, self._read(file))
                if "/providers/" in made.template:  # Key Vault's folder has a list of all resources, too
                    yield made

    def texts(self) -> Iterator[tuple[set[str], set[str]]]:
        """Go through the folders: the names of properties with listed values, and of those with a form."""
        for folder in self._folders():
            listed, formed = set(), set()
            for file in folder.glob("Model-*.json"):
                for one in self._read(file)["fields"]:
                    told = one["objectDefinition"]
                    told = told.get("nestedItem") or told
                    if told["type"] == "Reference" and (folder / f"Constant-{told['referenceName']}.json").exists():
                        listed.add(one["jsonName"])
                    elif told["type"] == "DateTime":
                        formed.add(one["jsonName"])
            yield listed, formed

    def _folders(self) -> list[Path]:
        return sorted(self._root.glob("api-definitions/resource-manager/*/*/*/"))

    def resource(self, uri: str) -> Resource[Any]:
        """Return all models of the folder *uri* as JSON Schema."""
        folder = self._root / uri.removeprefix(SCHEME)
        models = [self._read(file) for file in sorted(folder.glob("Model-*.json"))]
        made = {one["name"]: _model(one, models) for one in models}
        for file in folder.glob("Constant-*.json"):
            constant = self._read(file)
            kind = _CONSTANT.get(constant["type"], "string")
            made[constant["name"]] = {"type": kind, "enum": [one["value"] for one in constant["values"]]}
        return DRAFT202012.create_resource({"definitions": made})

    def _operation(self, folder: Path, told: Any) -> Described:
        base = SCHEME + folder.relative_to(self._root).as_posix()
        where = ""
        if "resourceIdName" in told:
            where = self._read(folder / f"ResourceId-{told['resourceIdName']}.json")["id"]
        template = where + told.get("uriSuffix", "")
        answered = _value(told["responseObject"], base) if "responseObject" in told else None
        if answered is not None and "fieldContainingPaginationDetails" in told:
            answered = _page(answered, told["fieldContainingPaginationDetails"])
        names = re.findall(r"/providers/([\w.]+)(?:/|$)", template)
        return Described(
            source="Pandora",
            version=folder.parent.name,
            namespace=names[-1] if names else "",
            plane="arm",
            method=told["httpMethod"].upper(),
            template=template,
            several=frozenset({"scope"}),
            parameters=(
                Parameter("api-version", required=True),
                *(
                    Parameter(one["queryString"], one["required"])
                    for one in told.get("options", ())
                    if "queryString" in one
                ),
            ),
            request=_value(told["requestObject"], base) if "requestObject" in told else None,
            # A long-running operation is told with the body of its end: what a 202 carries, it does not say.
            answers={
                status: {"opaque": True} if told["longRunning"] and status == 202 else answered
                for status in told["expectedStatusCodes"]
            },
        )


def _page(item: Schema, link: str) -> Schema:
    properties = {"value": {"type": "array", "items": item}, link: {"type": ["string", "null"]}}
    return {"type": "object", "properties": properties, "required": ["value"], "additionalProperties": False}


def _value(told: Any, base: str) -> Schema:
    made = _inner(told, base)
    if told.get("nullable") and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    return made


def _inner(told: Any, base: str) -> Schema:
    match told["type"]:
        case "Reference" if told.get("referenceNameIsCommonType"):
            return {"opaque": True}
        case "Reference":
            return {"$ref": f"{base}#/definitions/{told['referenceName']}"}
        case "List":
            return {"type": "array", "items": _value(told["nestedItem"], base)}
        case "Dictionary":
            return {"type": "object", "additionalProperties": _value(told["nestedItem"], base)}
    return dict(_SIMPLE.get(told["type"], {"opaque": True}))


def _model(model: Any, models: list[Any]) -> Schema:
    derived = [one for one in models if one.get("discriminatedParentModelName") == model["name"]]
    made = _object(model, models)
    if not derived:
        return made
    hint = next(one["jsonName"] for one in model["fields"] if one["name"] == model["typeHintIn"])
    cases = {one["discriminatedTypeValue"]: _object(one, models) for one in derived}
    return {"discriminated": {"on": hint, "cases": cases, "otherwise": made}}


def _object(model: Any, models: list[Any]) -> Schema:
    parents = [one for one in models if one["name"] == model.get("discriminatedParentModelName")]
    fields = [field for one in (*parents, model) for field in one["fields"]]
    if not fields:
        return {"type": "object", "opaque": True}
    return {
        "type": "object",
        "properties": {one["jsonName"]: _value(one["objectDefinition"], "") for one in fields},
        "required": [one["jsonName"] for one in fields if one["required"]],
        "additionalProperties": False,
    }
