"""What all providers declare, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cmk_remediate.simulator.declare import DataPlane, Doubt, Event, Provider, ResourceType, RoleDefinition, Switch

T = TypeVar("T")


class Registry:
    """The declarations, indexed; two of one name are refused.

    Attributes:
        providers: as declared.
        types: by lower-case type.
        namespaces: lower-case namespace -> as Azure spells it.
        events: by name.
        roles: built-in roles by GUID.
        doubts: by name.
        switches: by name.
        data_planes: all of them.
    """

    def __init__(self, providers: Iterable[Provider]) -> None:
        """Index *providers*."""
        self.providers = tuple(providers)
        self.types: Mapping[str, ResourceType] = _named(
            "type", ((one.type.lower(), one) for provider in self.providers for one in provider.types)
        )
        self.namespaces = {provider.namespace.lower(): provider.namespace for provider in self.providers}
        self.events: Mapping[str, Event] = _named(
            "event", ((one.name, one) for provider in self.providers for one in provider.events)
        )
        self.roles: Mapping[str, RoleDefinition] = _named(
            "role", ((one.guid.lower(), one) for provider in self.providers for one in provider.roles)
        )
        self.doubts: Mapping[str, Doubt] = _named(
            "doubt", ((one.name, one) for provider in self.providers for one in provider.doubts)
        )
        self.switches: Mapping[str, Switch] = _named(
            "switch", ((one.name, one) for provider in self.providers for one in provider.switches)
        )
        self.data_planes: tuple[DataPlane, ...] = tuple(
            one for provider in self.providers for one in provider.data_planes
        )

    def checked(self, readings: Mapping[str, str]) -> dict[str, str]:
        """Return *readings* once each is known.

        Raises:
            ValueError: no such doubt, or no such reading of it.
        """
        for name, reading in readings.items():
            if name not in self.doubts:
                raise ValueError(f"no doubt is called {name!r}; there are {', '.join(sorted(self.doubts))}")
            if reading not in self.doubts[name].readings:
                raise ValueError(f"{name} has no reading {reading!r}; it has {', '.join(self.doubts[name].readings)}")
        return dict(readings)


def _named(what: str, pairs: Iterable[tuple[str, T]]) -> dict[str, T]:
    table: dict[str, T] = {}
    for name, one in pairs:
        if name in table and table[name] is not one:
            raise ValueError(f"two providers declare the {what} {name}")
        table[name] = one
    return table
