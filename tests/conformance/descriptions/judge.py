"""Holds an exchange against its descriptions.

Where descriptions of several api-versions speak of one body, a newer one overrules an older one: what it adds is no deviation,
what it no longer has is one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from tests.conformance.descriptions.findings import Direction, Finding, findings
from tests.conformance.descriptions.library import Place, order

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.conformance.descriptions.described import Described
    from tests.conformance.descriptions.findings import Schema
    from tests.conformance.descriptions.library import Library

SHORT = (
    (re.compile(r".*/providers/(?=Microsoft\.Authorization/)", re.IGNORECASE), "{scope}/providers/"),
    (re.compile(r".+/providers/.+/providers/", re.IGNORECASE), "{scope}/providers/"),
    (re.compile(r"/subscriptions/[^/]+/resourcegroups/[^/]+/", re.IGNORECASE), "{group}/"),
    (re.compile(r"/subscriptions/[^/]+/"), "{subscription}/"),
)
"""How the beginnings of paths are written in tables: what hangs below any resource, below a group, below a subscription."""

Extent = Literal["whole", "bodies", "none"]
"""What is held against a description: all of an operation, only its bodies (no source has the operation itself), nothing."""

_FAILED = 400


@dataclass(frozen=True)
class Sample:
    """One request of ours, or one answer of the embedded Azure, that stands for all of its shape.

    Attributes:
        direction: which of the two.
        place: where the request went.
        service: the resource provider, or the data plane, as it was spelled.
        version: the api-version sent.
        query: the query sent, less api-version; names in lower case.
        body: the JSON body; None for none.
        status: of an answer; else 0.
        ours: whether this library sent the request.
        test: in which it was first seen.
    """

    direction: Direction
    place: Place
    service: str
    version: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    status: int = 0
    ours: bool = True
    test: str = ""


class Deviation(NamedTuple):
    """Where a request or an answer departs from Azure's descriptions.

    Attributes:
        service: the resource provider.
        operation: method and path.
        field: ``request``, ``query`` or ``answer STATUS``, and the property's path.
        kind: ``unknown``, ``missing``, ``read-only``, ``write-only``, ``enum``, ``type``, ``value``, ``status``.
        said: what is wrong, in words.
    """

    service: str
    operation: str
    field: str
    kind: str
    said: str


class Verdict(NamedTuple):
    """What became of one sample.

    Attributes:
        service: the resource provider.
        operation: method and path.
        extent: how much of it could be checked.
        deviations: where it departs from its descriptions.
    """

    service: str
    operation: str
    extent: Extent
    deviations: tuple[Deviation, ...] = ()


def judge(sample: Sample, library: Library) -> Verdict:
    """Return what *library* says of *sample*."""
    found = library.find(sample.place, sample.version)
    if not found:
        return Verdict(sample.service, f"{sample.place.method} {shortened(sample.place.path)}", "none")
    name = next((one for source in ("OpenAPI", "Pandora") for one in found if one.source == source), found[0])
    service = name.namespace if name.plane == "arm" else f"{name.namespace} data plane"
    operation = f"{name.method} {shortened(name.template)}"
    wrong = _request(sample, found, library) if sample.direction == "request" else _answer(sample, found, library)
    extent: Extent = "whole" if name.said else "bodies"
    return Verdict(service, operation, extent, tuple(Deviation(service, operation, *one) for one in wrong))


def shortened(template: str) -> str:
    """Return a path as tables write it."""
    for long, short in SHORT:
        found = long.match(template)
        if found:
            template = short + template[found.end() :]
            break
    return re.sub(r"/x(?=/|$)", "/{}", template)


# -- requests ------------------------------------------------------------------------------------------------------------


def _request(sample: Sample, found: Iterable[Described], library: Library) -> list[tuple[str, str, str]]:
    wrong = _query(sample, [one for one in found if one.parameters is not None], library)
    said = [one for one in found if one.said]
    schemas = [(one, one.request) for one in found if one.request is not None]
    if sample.body is None:
        needed = bool(said and said[0].request) and sample.place.method in ("PUT", "PATCH")
        return [*wrong, ("request", "missing", "a body is described, none was sent")] if needed else wrong
    if not schemas:
        return [*wrong, ("request", "unknown", "no body is described")]
    return wrong + [(f"request {one.field}".strip(), one.kind, one.said) for one in _agreed(sample, schemas, library)]


def _query(sample: Sample, found: list[Described], library: Library) -> list[tuple[str, str, str]]:
    wrong = []
    known = {one.name.lower(): one for many in found[::-1] for one in many.parameters or ()}
    for name, value in sample.query.items():
        if not found:
            continue
        if name not in known:
            wrong.append((f"query {name}", "unknown", f"{name!r} is not described"))
        else:
            broken = (
                findings(known[name].schema, value, "request", library.registry) if _is_text(known[name].schema) else []
            )
            wrong += [(f"query {name}", one.kind, one.said) for one in broken]
    newest = found[0].parameters or () if found else ()
    missing = [one.name for one in newest if one.required and one.name.lower() not in {*sample.query, "api-version"}]
    wrong += [(f"query {name}", "missing", f"{name!r} is required") for name in missing]
    if not sample.version:
        wrong.append(("query api-version", "missing", "'api-version' is required"))
    return wrong


def _is_text(schema: Schema) -> bool:
    return schema.get("type") == "string"


# -- answers -------------------------------------------------------------------------------------------------------------


def _answer(sample: Sample, found: tuple[Described, ...], library: Library) -> list[tuple[str, str, str]]:
    where = f"answer {sample.status}"
    told = [one for one in found if one.said]
    if sample.status >= _FAILED:
        schema: Schema | None = library.error
        if sample.place.plane != "arm":
            schema = next((one.answers[0] for one in told if one.answers.get(0) is not None), None)
        broken = [] if schema is None else findings(schema, sample.body, "answer", library.registry)
        return [(f"{where} {one.field}".strip(), one.kind, one.said) for one in broken if one.kind != "opaque"]
    if told and sample.status not in told[0].answers:
        listed = ", ".join(str(one) for one in sorted(told[0].answers) if one)
        return [(where, "status", f"{told[0].source} {told[0].version} has {listed}")]
    answers = [(one, one.answers[sample.status]) for one in found if sample.status in one.answers]
    schemas = [(one, schema) for one, schema in answers if schema is not None]
    if sample.body is None:
        empty = any(one.said and schema is None for one, schema in answers) or not schemas or _open(schemas[0][1])
        return [] if empty else [(where, "missing", "a body is described, none was answered")]
    if told and not [one for one, _ in schemas if one.said]:
        return [(where, "unknown", "no body is described")]
    return [(f"{where} {one.field}".strip(), one.kind, one.said) for one in _agreed(sample, schemas, library)]


def _open(schema: Schema) -> bool:
    return bool(schema.get("opaque"))


# -- several descriptions of one body ----------------------------------------------------------------------------------


def _agreed(sample: Sample, schemas: list[tuple[Described, Schema]], library: Library) -> list[Finding]:
    """Return what is wrong once newer descriptions have overruled older ones; newest come first."""
    every = [(one, findings(schema, sample.body, sample.direction, library.registry)) for one, schema in schemas]
    agreed: dict[tuple[str, str], Finding] = {}
    for position, (one, found) in enumerate(every):
        newer = [(other, theirs) for other, theirs in every[:position] if order(other.version) > order(one.version)]
        for finding in found:
            if finding.kind == "opaque" or _beside(sample, one, finding):
                continue
            if not any(_overrules(sample, other, theirs, finding) for other, theirs in newer):
                agreed.setdefault(finding[:2], finding._replace(said=f"{one.source} {one.version}: {finding.said}"))
    return list(agreed.values())


def _beside(sample: Sample, one: Described, finding: Finding) -> bool:
    """Say whether a finding is none of its source's business: Bicep describes a PUT, so a PATCH may leave out anything."""
    return one.source == "Bicep" and finding.kind == "missing" and sample.place.method == "PATCH" and not sample.status


def _overrules(sample: Sample, newer: Described, theirs: list[Finding], finding: Finding) -> bool:
    """Say whether a newer description speaks of the same property and finds nothing wrong with it."""
    if newer.source == "Bicep":
        if finding.kind == "missing" and sample.direction == "answer":
            return False  # its flags say what a client must send
        if finding.kind == "unknown" and sample.place.method == "PATCH" and sample.direction == "request":
            return False  # it describes the whole resource, not what can be changed
    silent = finding.kind == "missing"
    for other in theirs:
        inside = finding.field == other.field or finding.field.startswith((f"{other.field}.", f"{other.field}[]"))
        if (inside or not other.field) and not (silent and other.kind == "opaque"):
            return False
    return True
