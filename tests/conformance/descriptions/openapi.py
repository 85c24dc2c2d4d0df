"""The official OpenAPI 2.0 documents: operations with their parameters, bodies and statuses."""

from __future__ import annotations

import json
import re
from functools import cached_property, lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from referencing.jsonschema import DRAFT202012

from tests.conformance.descriptions.described import Described, Parameter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from referencing import Resource

    from tests.conformance.descriptions.findings import Schema

SCHEME = "https://openapi.invalid/"
_PLACE = re.compile(
    r"/(?P<plane>resource-manager|data-plane)/(?P<namespace>[\w.]+)/.*?(?:stable|preview)/(?P<version>[^/]+)/"
)
_METHODS = ("get", "put", "patch", "post", "delete", "head")
_VALUES = ("enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "format")


class OpenApi:
    """Every document below a folder; each is converted to JSON Schema when it is first referred to."""

    def __init__(self, root: Path) -> None:
        """Look below *root*, the folder that holds ``specification``."""
        self._root = root
        self._raw = lru_cache(maxsize=None)(self._read)

    def operations(self) -> Iterator[Described]:
        """Go through every operation of every document."""
        for file in self._files():
            place = _PLACE.search(file.as_posix())
            if place is None:
                continue
            name = file.relative_to(self._root).as_posix()
            for template, item in self._raw(name).get("paths", {}).items():
                whose = _namespace(template) or "Microsoft.Resources"
                foreign = (
                    "/providers/" not in template and place["namespace"] != whose and place["plane"] != "data-plane"
                )
                for method in _METHODS:
                    if method in item and not foreign:  # Key Vault's documents have a list of all resources, too
                        yield self._operation(name, place, template, method, item)

    def texts(self) -> Iterator[tuple[set[str], set[str]]]:
        """Go through the documents: the names of properties with listed values, and of those with a form."""
        files = [one.relative_to(self._root).as_posix() for one in self._files()]
        every = {name: one for file in files for name, one in self._raw(file).get("definitions", {}).items()}
        for node in every.values():
            listed, formed = set(), set()
            for name, one in node.get("properties", {}).items():
                found = one.get("items", one)
                found = every.get(found.get("$ref", "").rpartition("/")[2], found)
                if "enum" in found:
                    listed.add(name)
                elif {"pattern", "format"} & found.keys():
                    formed.add(name)
            yield listed, formed

    def _files(self) -> list[Path]:
        return [one for one in sorted(self._root.glob("specification/**/*.json")) if "examples" not in one.parts]

    def resource(self, uri: str) -> Resource[Any]:
        """Return the document *uri* with its definitions as JSON Schema."""
        name = uri.removeprefix(SCHEME)
        document = _Document(self, name)
        return DRAFT202012.create_resource(document.converted)

    def uri_of(self, ending: str, definition: str) -> str:
        """Return the address of a definition in the last document whose name ends so."""
        names = sorted(
            file.relative_to(self._root).as_posix() for file in self._root.glob(f"specification/**/{ending}")
        )
        return f"{SCHEME}{names[-1]}#/definitions/{definition}"

    def _read(self, name: str) -> Any:
        return json.loads((self._root / name).read_text(encoding="utf-8-sig"))

    def _operation(self, name: str, place: re.Match[str], template: str, method: str, item: Any) -> Described:
        document, told = _Document(self, name), item[method]
        parameters = [document.target(one) for one in (*item.get("parameters", ()), *told.get("parameters", ()))]
        several = {one["name"] for _, one in parameters if one.get("x-ms-skip-url-encoding")}
        if place["plane"] == "data-plane" and template.endswith("}"):
            several |= set(re.findall(r"\{([\w-]*version)\}\Z", template))  # the SDKs leave it empty for the latest
        bodies = [(base, one["schema"]) for base, one in parameters if one["in"] == "body"]
        answers = {}
        for status, answer in told["responses"].items():
            base, found = document.target(answer)
            schema = _Document(self, base).schema(found["schema"]) if "schema" in found else None
            answers[0 if status == "default" else int(status)] = schema
        return Described(
            source="OpenAPI",
            version=place["version"],
            namespace=_namespace(template) or place["namespace"],
            plane="arm" if place["plane"] == "resource-manager" else place["namespace"].lower(),
            method=method.upper(),
            template=template,
            several=frozenset(several),
            parameters=tuple(
                Parameter(one["name"], one.get("required", False), _Document(self, base).schema(one))
                for base, one in parameters
                if one["in"] == "query"
            ),
            request=_Document(self, bodies[0][0]).schema(bodies[0][1]) if bodies else None,
            answers=answers,
        )

    def find(self, name: str, pointer: str) -> Any:
        """Return what *pointer* (``/definitions/X``) leads to in the document *name*, as it is written there."""
        found = self._raw(name)
        for part in pointer.strip("/").split("/"):
            found = found[unquote(part).replace("~1", "/").replace("~0", "~")]
        return found


class _Document:
    """Converts schemas that are written in one document."""

    def __init__(self, among: OpenApi, name: str) -> None:
        self._among = among
        self._name = name

    @cached_property
    def converted(self) -> Schema:
        """All definitions."""
        definitions = self._among.find(self._name, "/definitions") if self._has_definitions() else {}
        derived = _derived(definitions)
        return {
            "definitions": {
                name: self._base(node, derived[name]) if "discriminator" in node else self.schema(node)
                for name, node in definitions.items()
            }
        }

    def _has_definitions(self) -> bool:
        try:
            return bool(self._among.find(self._name, "/definitions"))
        except KeyError:
            return False

    def _where(self, reference: str) -> tuple[str, str]:
        """Return the document and the pointer of a ``$ref``."""
        path, _, pointer = reference.partition("#")
        if not path:
            return self._name, pointer
        parts: list[str] = []
        for part in (PurePosixPath(self._name).parent / path).parts:
            parts = parts[:-1] if part == ".." else [*parts, part]
        return "/".join(parts), pointer

    def target(self, node: Any) -> tuple[str, Any]:
        """Return *node*, or what it refers to, with the name of the document where it stands."""
        if "$ref" not in node:
            return self._name, node
        name, pointer = self._where(node["$ref"])
        return _Document(self._among, name).target(self._among.find(name, pointer))

    def schema(self, node: Any) -> Schema:
        """Return the JSON Schema of *node*."""
        made = self._flags(node)
        parents = node.get("allOf", [])
        if "$ref" in node or (len(parents) == 1 and "properties" not in node):
            name, pointer = self._where(node["$ref"] if "$ref" in node else parents[0]["$ref"])
            return {"$ref": f"{SCHEME}{name}#{pointer}", **made}
        if parents or "properties" in node or node.get("type") == "object":
            return {**self._object(node), **made}
        if "type" in node:
            made["type"] = [node["type"], "null"] if node.get("x-nullable") else node["type"]
        made |= {word: node[word] for word in _VALUES if word in node}
        if "enum" in made and node.get("x-nullable"):
            made["enum"] = [*made["enum"], None]
        if "items" in node:
            made["items"] = self.schema(node["items"])
        return made or {"opaque": True}

    @staticmethod
    def _flags(node: Any) -> Schema:
        return {"readOnly": True} if node.get("readOnly") or node.get("x-ms-mutability") == ["read"] else {}

    def _object(self, node: Any) -> Schema:
        properties, required, extra = self._members(node)
        if not properties and extra is None:
            return {"opaque": True}  # in these documents a bare object stands for any JSON
        kind: Any = ["object", "null"] if node.get("x-nullable") else "object"
        made: Schema = {"type": kind, "properties": properties, "required": sorted(required)}
        made["additionalProperties"] = False if extra is None else extra
        return made

    def _members(self, node: Any) -> tuple[dict[str, Schema], set[str], Any]:
        """Return properties, required ones and the schema of others, of *node* and all it is derived from."""
        properties: dict[str, Schema] = {}
        required: set[str] = set()
        extra: Any = None
        for parent in node.get("allOf", []):
            name, found = self.target(parent)
            inherited, needed, others = _Document(self._among, name)._members(found)
            properties |= inherited
            required |= needed
            extra = others if others is not None else extra
        properties |= {name: self.schema(one) for name, one in node.get("properties", {}).items()}
        required |= set(node.get("required", ()))
        told = node.get("additionalProperties")
        if told is not None and told is not False:
            extra = True if told is True or told == {} else self.schema(told)
        return properties, required, extra

    def _base(self, node: Any, cases: dict[str, str]) -> Schema:
        """Return the schema of a definition that others are derived from."""
        addressed = {value: {"$ref": f"{SCHEME}{self._name}#/definitions/{one}"} for value, one in cases.items()}
        return {"discriminated": {"on": node["discriminator"], "cases": addressed, "otherwise": self._object(node)}}


def _derived(definitions: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Return, for each definition, those derived from it: by discriminator value, the definition's name."""
    found: dict[str, dict[str, str]] = {name: {} for name in definitions}
    for name, node in definitions.items():
        waiting = [name]
        while waiting:
            for parent in definitions[waiting.pop()].get("allOf", []):
                base = parent.get("$ref", "").removeprefix("#/definitions/")
                if base in definitions:
                    found[base][node.get("x-ms-discriminator-value", name)] = name
                    waiting.append(base)
    return found


def _namespace(template: str) -> str:
    """Return the last provider a path names, if it names one."""
    found: str = next(iter(re.findall(r"/providers/([\w.]+)(?:/|$)", template)[::-1]), "")
    return found
