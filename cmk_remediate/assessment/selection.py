"""Which resources an assessment looks at, of those in its scopes."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.errors import UsageError
from cmk_remediate.planfile.declared import DECLARED

if TYPE_CHECKING:
    from cmk_remediate.assessment.discovery import Discovered


@dataclass(frozen=True)
class Selection:
    """What is looked at; what is empty leaves nothing out, what is given several times takes any of them.

    Attributes:
        services: as in ``service:`` of a plan file.
        tags: names and values; different names must all match. Compared in any casing, as Azure does with names of tags.
        locations: regions, with or without spaces.
        names: patterns with ``*`` and ``?`` for the resource's name, in any casing.
    """

    services: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    locations: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a service that there is none of: nothing would be found, and all look right.

        Raises:
            UsageError: CMK100.
        """
        if unknown := [one for one in self.services if one not in DECLARED]:
            raise UsageError(
                codes.input_.USAGE, f"no such service; there are {', '.join(DECLARED)}", resource=unknown[0]
            )

    def keeps(self, one: Discovered) -> bool:
        """Say whether *one* is looked at."""
        region = region_of(one.location)
        if self.locations and region not in {region_of(place) for place in self.locations}:
            return False
        name = one.id.name.lower()
        if self.names and not any(fnmatchcase(name, pattern.lower()) for pattern in self.names):
            return False
        have = {(tag.lower(), value.lower()) for tag, value in one.tags.items()}
        wanted: dict[str, set[tuple[str, str]]] = {}
        for tag, value in self.tags:
            wanted.setdefault(tag.lower(), set()).add((tag.lower(), value.lower()))
        return all(have & any_of for any_of in wanted.values())

    def words(self) -> tuple[str, ...]:
        """Return what is left out, in words; nothing where all is looked at."""
        return (
            *(f"service {one}" for one in self.services),
            *(f"tag {name}={value}" for name, value in self.tags),
            *(f"location {one}" for one in self.locations),
            *(f"name {one}" for one in self.names),
        )


def region_of(text: str) -> str:
    """Return a region as ids of Azure's have it: lower case, no spaces."""
    return text.replace(" ", "").lower()
