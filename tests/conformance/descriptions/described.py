"""What one description says of one operation, whichever of the three sources it comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tests.conformance.descriptions.findings import Schema

Source = Literal["OpenAPI", "Bicep", "Pandora"]


@dataclass(frozen=True)
class Parameter:
    """A query parameter.

    Attributes:
        name: as in the URL.
        required: whether a request without it is wrong.
        schema: of its value; an empty one says nothing.
    """

    name: str
    required: bool
    schema: Schema = field(default_factory=dict)


@dataclass(frozen=True)
class Described:
    """One operation as one source describes it at one api-version.

    Attributes:
        source: which.
        version: the api-version of the description.
        namespace: the resource provider, as the description spells it.
        plane: ``arm``, or the namespace of a data plane's documents in lower case.
        method: the HTTP method.
        template: the path, with parameters in braces.
        several: the parameters that stand for any number of segments, or none.
        parameters: of the query; None where the source does not say.
        request: of the body; None where the source has none.
        answers: by status; None for an answer without a body.
        said: whether the source names statuses at all (Bicep's types do not).
    """

    source: Source
    version: str
    namespace: str
    plane: str
    method: str
    template: str
    several: frozenset[str] = frozenset()
    parameters: tuple[Parameter, ...] | None = None
    request: Schema | None = None
    answers: Mapping[int, Schema | None] = field(default_factory=dict)
    said: bool = True


def pattern(one: Described) -> re.Pattern[str]:
    """Return what matches the paths of an operation."""
    text = ""
    for part in one.template.strip("/").split("/"):
        if part.startswith("{") and part.endswith("}"):
            text += "(?:/.+?)?" if part[1:-1] in one.several else "/[^/]+"
        else:
            text += "/" + re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(part))
    return re.compile(text + r"\Z", re.IGNORECASE)


def literals(one: Described) -> int:
    """Return how many segments of an operation's path are words."""
    return sum(not part.startswith("{") for part in one.template.strip("/").split("/"))
