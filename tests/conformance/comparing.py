"""Where two states of Azure that began as one differ now, and which differences are right."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Bodies = dict[str, dict[str, Any]]
"""Resources as a GET shows them, by lower-case id."""


@dataclass(frozen=True)
class Allowed:
    """A difference that is right: patterns of a lower-case id and of a path, and why."""

    resource: str
    path: str
    why: str

    def covers(self, place: Place) -> bool:
        """Say whether *place* may differ."""
        return fnmatchcase(place[0], self.resource.lower()) and fnmatchcase(place[1], self.path)


Place = tuple[str, str]
"""A resource and one of its properties."""

ALWAYS = (
    Allowed("*", "systemData.*", "who wrote last and when: Azure's own record"),
    Allowed("*", "etag", "another with every write, those included that Azure refused once"),
    Allowed("*/vaults/*/keys/*", "properties.attributes.created", "when it was made"),
    Allowed("*/vaults/*/keys/*", "properties.attributes.updated", "when it was changed"),
    Allowed("*/vaults/*/keys/*", "properties.rotationPolicy.attributes.*", "when it was made and changed"),
    Allowed("*/roleassignments/*", "properties.createdOn", "when it was made"),
    Allowed("*/roleassignments/*", "properties.updatedOn", "when it was changed"),
    Allowed("*/microsoft.sql/*/keys/*", "properties.creationDate", "when it was registered"),
    Allowed("*/microsoft.sql/servers/*/databases/*", "properties.keys.*.creationDate", "when it was registered"),
)
"""What may differ whatever was done."""


def written(start: Bodies, state: Bodies) -> set[Place]:
    """Return every property that *state* has otherwise than *start*."""
    before, after = _flat(start), _flat(state)
    return {place for place in {*before, *after} if before.get(place) != after.get(place)}


def different(one: Bodies, other: Bodies) -> dict[Place, str]:
    """Return every property in which the two differ, with the value of *one* and that of *other*."""
    left, right = _flat(one), _flat(other)
    return {
        place: f"{left.get(place, 'absent')!r} and {right.get(place, 'absent')!r}"
        for place in sorted({*left, *right})
        if left.get(place) != right.get(place)
    }


def _flat(bodies: Bodies) -> dict[Place, Any]:
    """Return every property by its place; a role assignment, whose name is any GUID, is called by what it grants to whom.

    The principal of an identity that Azure makes with its resource is any GUID too: it is called by that resource.
    """
    found: dict[Place, Any] = {}
    whose = {
        str(body["identity"]["principalId"]): resource
        for resource, body in bodies.items()
        if (body.get("identity") or {}).get("principalId")
    }
    for resource, body in bodies.items():
        shown, name = body, resource
        if str(body.get("type")).lower() == "microsoft.authorization/roleassignments":
            properties = body["properties"]
            role = properties["roleDefinitionId"].rsplit("/", 1)[1]
            principal = properties["principalId"]
            name = f"{resource.rsplit('/', 1)[0]}/{role} to {whose.get(principal, principal)}"
            shown = {member: value for member, value in body.items() if member not in ("id", "name")}
        found |= {
            (name, path): whose.get(value, value) if isinstance(value, str) else value
            for path, value in _members(shown)
        }
    return found


def _members(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict):
        yield path, value
        return
    for name, inner in value.items():
        yield from _members(inner, f"{path}.{name}" if path else name)
