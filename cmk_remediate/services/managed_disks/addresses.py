"""The public addresses of a machine: one that is dynamic changes when the machine is deallocated.

learn.microsoft.com, "Public IP addresses": a dynamic one is released when its resource is stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmk_remediate.model.decisions import Found, Read
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.steps import asking

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.outcomes import Reader

UNKNOWN = "not shown"


@dataclass(frozen=True)
class Addresses:
    """Where a machine's public addresses are found.

    Attributes:
        interfaces: its network interfaces.
        hidden: those of them that Azure would not show.
        public: the public addresses that the others name, as far as Azure shows them.
    """

    interfaces: tuple[ResourceId, ...] = ()
    hidden: tuple[ResourceId, ...] = ()
    public: tuple[ResourceId, ...] = ()

    def reads(self) -> tuple[Read, ...]:
        """Return what `changing` judges by."""
        return tuple(Read(one) for one in (*self.interfaces, *self.public) if one not in self.hidden)

    def changing(self, found: Found) -> tuple[str, ...]:
        """Return the names of those that are not known to stay: dynamic, not shown, or come since."""
        return tuple(dict.fromkeys(self._changing(found)))

    def _changing(self, found: Found) -> Iterator[str]:
        for interface in self.interfaces:
            if interface in self.hidden:
                yield f"{interface.name} {UNKNOWN}"
            for one in named(found.reads.get(Read(interface))):
                if one not in self.public:
                    yield f"{one.name} {UNKNOWN}"
                elif at_path(found.reads.get(Read(one)), "properties.publicIPAllocationMethod") != "Static":
                    yield one.name

    def permissions(self) -> Permissions:
        """Return reading them; what was hidden stays so where the caller may not."""
        interfaces = [
            Permission("Microsoft.Network/networkInterfaces/read", one, "service", checkable=one not in self.hidden)
            for one in self.interfaces
        ]
        return (
            *interfaces,
            *(Permission("Microsoft.Network/publicIPAddresses/read", one, "service") for one in self.public),
        )


NONE = Addresses()
"""Of a machine without network interfaces."""


def named(interface: Mapping[str, Any] | None) -> tuple[ResourceId, ...]:
    """Return the public addresses that a network interface names."""
    found = (
        at_path(one, "properties.publicIPAddress.id") for one in at_path(interface, "properties.ipConfigurations") or ()
    )
    return tuple(ResourceId.parse(one) for one in found if one)


async def addresses_of(reader: Reader, machine: JsonObject | None) -> Addresses:
    """Return where the public addresses of *machine* are found; only reads."""
    interfaces: list[ResourceId] = []
    hidden: list[ResourceId] = []
    public: dict[ResourceId, None] = {}
    for one in at_path(machine, "properties.networkProfile.networkInterfaces") or ():
        place = ResourceId.parse(str(one.get("id")))
        interfaces.append(place)
        refused: list[str] = []
        body = await asking.body_of(reader, place, refused)
        if refused:
            hidden.append(place)
        for address in named(body):
            unseen: list[str] = []
            await asking.body_of(reader, address, unseen)
            if not unseen:
                public[address] = None
    return Addresses(tuple(interfaces), tuple(hidden), tuple(public))
