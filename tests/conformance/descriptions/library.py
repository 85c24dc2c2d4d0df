"""All descriptions together: which of them speak of a request, the nearest api-versions first."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from referencing import Registry

from tests.conformance.descriptions import bicep, openapi, pandora
from tests.conformance.descriptions.bicep import Bicep
from tests.conformance.descriptions.described import Described, literals, pattern
from tests.conformance.descriptions.openapi import OpenApi
from tests.conformance.descriptions.pandora import Pandora

if TYPE_CHECKING:
    from pathlib import Path

    from referencing import Resource

    from tests.conformance.descriptions.findings import Schema

_ANYTHING = re.compile(r"(/\{[^}]*\})+|.*/providers/\{[^}]*\}/.*\{resourceType\}/\{resourceName\}")
"""Paths of resources of every type: they describe no body."""


class Place(NamedTuple):
    """Where a request goes, less the names of resources.

    Attributes:
        plane: ``arm``, or the namespace of a data plane's documents.
        method: the HTTP method.
        path: names of resources replaced by ``x``.
    """

    plane: str
    method: str
    path: str


class Library:
    """The three sources below one folder."""

    def __init__(self, root: Path) -> None:
        """Read what is below *root*, the folder of the descriptions."""
        self._openapi = OpenApi(root / "azure-rest-api-specs")
        self._bicep = Bicep(root / "bicep-types")
        self._pandora = Pandora(root / "pandora")
        self.registry: Registry[Any] = Registry(retrieve=self._retrieve)  # type: ignore[call-arg] # of attrs
        self._found: dict[Place, tuple[Described, ...]] = {}
        self._kept: dict[str, Resource[Any]] = {}

    @cached_property
    def _operations(self) -> dict[tuple[str, str], list[tuple[re.Pattern[str], Described]]]:
        """Every operation by plane and method."""
        made = defaultdict(list)
        for one in (*self._openapi.operations(), *self._pandora.operations()):
            if not _ANYTHING.fullmatch(one.template):
                made[one.plane, one.method].append((pattern(one), one))
        return made

    @cached_property
    def _bodies(self) -> dict[str, list[tuple[str, str, Schema]]]:
        """Bicep's resource types by lower-case type: the type as spelled, api-version, schema of the body."""
        made = defaultdict(list)
        for kind, version, body in self._bicep.bodies():
            made[kind.lower()].append((kind, version, body))
        return made

    @cached_property
    def words(self) -> frozenset[str]:
        """Every segment that is a word in some path, in lower case."""
        every = [one for many in self._operations.values() for _, one in many]
        return frozenset(part for one in every for part in one.template.lower().split("/") if part and part[0] != "{")

    @cached_property
    def texts(self) -> tuple[frozenset[str], frozenset[str]]:
        """The names of properties with a closed list of values, and of those with a form, in any description."""
        listed: set[str] = set()
        formed: set[str] = set()
        for source in (self._openapi, self._bicep, self._pandora):
            for names, values in source.texts():
                listed |= names
                formed |= values
        return frozenset(listed), frozenset(formed)

    @cached_property
    def error(self) -> Schema:
        """The error envelope of Azure Resource Manager: the newest of the common types."""
        return {"$ref": self._openapi.uri_of("common-types/resource-management/v*/types.json", "ErrorResponse")}

    def find(self, place: Place, version: str) -> tuple[Described, ...]:
        """Return what describes requests to *place*: of each source the api-version nearest to *version*, newest first."""
        nearest: dict[str, Described] = {}
        for one in self._matching(place):
            known = nearest.get(one.source)
            if known is None or _distance(one.version, version) < _distance(known.version, version):
                nearest[one.source] = one
        return tuple(sorted(nearest.values(), key=lambda one: (order(one.version), one.source), reverse=True))

    def _matching(self, place: Place) -> tuple[Described, ...]:
        """Return the best match in each api-version of each source."""
        if place not in self._found:
            best: dict[tuple[str, str], Described] = {}
            for matches, one in self._operations.get((place.plane, place.method), ()):
                if matches.match(place.path):
                    known = best.get((one.source, one.version))
                    if known is None or literals(one) > literals(known):
                        best[one.source, one.version] = one
            self._found[place] = (*best.values(), *self._typed(place))
        return self._found[place]

    def _typed(self, place: Place) -> list[Described]:
        """Return what Bicep's types say of the body of an operation on a resource, or on a list of them."""
        if place.plane != "arm" or place.method not in ("GET", "PUT", "PATCH"):
            return []
        head, _, rest = place.path.rpartition("/providers/")
        tail = rest.split("/")
        made = []
        for kind, version, body in self._bodies.get("/".join([tail[0], *tail[1::2]]), ()):
            page = {
                "type": "object",
                "properties": {"value": {"type": "array", "items": body}},
                "additionalProperties": {"opaque": True},  # of what surrounds the items these types say nothing
            }
            namespace, *types = kind.split("/")
            words = [word for one in types for word in (one, "{}")][: len(tail) - 1]
            made.append(
                Described(
                    source="Bicep",
                    version=version,
                    namespace=namespace,
                    plane="arm",
                    method=place.method,
                    template="/".join([head, "providers", namespace, *words]),
                    request=body if place.method != "GET" else None,
                    answers=dict.fromkeys((200, 201), body if len(tail) % 2 else page),
                    said=False,
                )
            )
        return made

    def _retrieve(self, uri: str) -> Resource[Any]:
        if uri not in self._kept:
            sources: dict[str, OpenApi | Bicep | Pandora] = {
                openapi.SCHEME: self._openapi,
                bicep.SCHEME: self._bicep,
                pandora.SCHEME: self._pandora,
            }
            source = next(one for scheme, one in sources.items() if uri.startswith(scheme))
            self._kept[uri] = source.resource(uri)
        return self._kept[uri]


def order(version: str) -> tuple[int, ...]:
    """Return what api-versions are compared by; a preview counts as the version it precedes."""
    return tuple(int(number) for number in re.findall(r"\d+", version.partition("-preview")[0]))


def _distance(described: str, sent: str) -> tuple[int, tuple[int, ...]]:
    """Return how far a described api-version is from the one sent: the same, the newest older one, the oldest newer one."""
    if described == sent:
        return 0, ()
    if order(described) <= order(sent):
        return 1, tuple(-number for number in order(described))
    return 2, order(described)
