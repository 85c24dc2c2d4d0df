"""What we can ask of Azure: one row an operation, and how the SDKs word it.

A row is found by the resource's type and the row's name. Most name an SDK method and where its arguments come from; the SDK
then words the URL. Where no SDK that we depend on has a method, the row has the path itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from cmk_remediate import codes
from cmk_remediate.connection.calls import Kind
from cmk_remediate.errors import BugError, InputError
from cmk_remediate.model.ids import is_safe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.model.ids import ResourceId

_SHOWN = 300
ANY = "*"
"""The type of a row that every resource has."""

Plane = Literal["arm", "vault"]


@dataclass(frozen=True)
class Row:
    """One operation.

    Attributes:
        type: the full resource type in lower case, or `ANY`.
        name: ``get``, ``put``, ``list:keys``...
        method: the HTTP method.
        api_version: as sent.
        client: ``module:class`` of the SDK client; empty where *path* words the request.
        operation: ``group.method`` on that client.
        arguments: (parameter, where its value comes from); see `value_of`.
        path: for rows without an SDK method, below the endpoint, with sources in braces.
        plane: whose endpoint *path* is below.
        kind: what it counts as.
        paged: whether it answers with pages of ``value``.
        searches: whether it answers as Azure Resource Graph does: pages of ``data``, each asked for by the token of the one before.
        tries: whether it has a service try something, and is answered by an operation that changes nothing.
        filtered: for rows with a path: whether it takes a ``filter``.
        takes: for rows with a path: further query parameters, of the same names in `Read.query`.
        source: for rows with a path: where Azure documents it.
    """

    type: str
    name: str
    method: str
    api_version: str
    client: str = ""
    operation: str = ""
    arguments: tuple[tuple[str, str], ...] = ()
    path: str = ""
    plane: Plane = "arm"
    kind: Kind = "read"
    paged: bool = False
    searches: bool = False
    tries: bool = False
    filtered: bool = False
    takes: tuple[str, ...] = ()
    source: str = ""

    @property
    def label(self) -> str:
        """How logs and errors call it."""
        return f"{self.type} {self.name}"

    @property
    def queries(self) -> frozenset[str]:
        """The names of `Read.query` it takes."""
        sources = [source for _, source in self.arguments] + [part.partition("}")[0] for part in self.path.split("{")]
        sources += ["query.filter"] if self.filtered else []
        sources += [f"query.{name}" for name in self.takes]
        return frozenset(source.removeprefix("query.") for source in sources if source.startswith("query."))

    def arguments_for(self, resource: ResourceId, query: Mapping[str, str]) -> dict[str, Any]:
        """Return the keyword arguments of the SDK method, less the body; an absent query is left out."""
        values = {}
        for parameter, source in self.arguments:
            if source == "body" or (source.startswith("query.") and source.removeprefix("query.") not in query):
                continue
            values[parameter] = value_of(source, resource, query)
        return values

    @property
    def body_parameter(self) -> str:
        """The parameter that takes the body; empty for none."""
        return next((parameter for parameter, source in self.arguments if source == "body"), "")

    def path_for(self, resource: ResourceId, query: Mapping[str, str]) -> str:
        """Return the path and query of a row that has no SDK method."""
        path = ""
        for position, part in enumerate(self.path.split("{")):
            source, _, rest = part.partition("}")
            path += part if position == 0 else quote(value_of(source, resource, query), safe="/'") + rest
        chosen = f"&$filter={quote(query['filter'])}" if self.filtered and "filter" in query else ""
        chosen += "".join(f"&{name}={quote(query[name], safe='')}" for name in self.takes if name in query)
        return f"{path}?api-version={self.api_version}{chosen}"


def value_of(source: str, resource: ResourceId, query: Mapping[str, str]) -> str:
    """Return what *source* stands for.

    ``group``, ``subscription``, ``name``, ``names.N`` and ``id`` of the resource (the id without its first slash), ``scope``
    (what an extension extends, as an id), ``query.X`` from the read, ``=X`` for X itself.
    """
    if source.startswith("="):
        return source[1:]
    if source.startswith("query."):
        return query.get(source.removeprefix("query."), "")
    if source.startswith("names."):
        return resource.names[int(source.removeprefix("names."))]
    if source == "scope":
        return (resource.scope or resource.subscription_id).text.lstrip("/")
    values = {
        "group": resource.resource_group,
        "subscription": resource.subscription,
        "name": resource.name,
        "id": resource.text.lstrip("/"),
    }
    return values[source]


def row_for(resource: ResourceId, name: str) -> Row:
    """Return the row *name* of *resource*'s type.

    Raises:
        BugError: CMK599 when the catalog has none.
        InputError: CMK103 when the id holds what a URL would read as something else.
    """
    from cmk_remediate.connection.rows import ROWS

    if not is_safe(resource.text):
        raise InputError(codes.input_.RESOURCE_ID_INVALID, f"{resource.text[:_SHOWN]!r} cannot be asked for")
    kind = resource.type.lower()
    row = ROWS.get((kind, name)) or ROWS.get((ANY, name))
    if row is None:
        raise BugError(codes.engine.BUG, f"the catalog has no {name!r} for {kind}", resource=resource.text)
    return row
