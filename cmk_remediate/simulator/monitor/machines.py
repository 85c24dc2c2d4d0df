"""Law 10: which machines the operator has stopped, and whether they run again."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from cmk_remediate.simulator.providers.compute.names import MACHINE, RUNNING, power

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cmk_remediate.simulator.declare import Json
    from cmk_remediate.simulator.embedded import Exchange
    from cmk_remediate.simulator.world import World

_STOPS = ("deallocate", "poweroff")
_MARK = f"/providers/{MACHINE.lower()}/"


class Machines:
    """The machines that ran when the operator stopped them."""

    def __init__(self) -> None:
        """Know none yet."""
        self._stopped: dict[str, None] = {}

    def remember(self, other: Machines) -> None:
        """Know what *other* knew."""
        self._stopped = dict(other._stopped)

    def note(self, exchange: Exchange, before: Mapping[str, Json]) -> None:
        """Note a request of the operator's that stops a machine which ran; *before* holds the bodies by lower-case id."""
        path, _, action = unquote(urlsplit(exchange.url).path).rstrip("/").lower().rpartition("/")
        if exchange.method == "POST" and action in _STOPS and _MARK in path and power(before.get(path)) == RUNNING:
            self._stopped[path] = None

    def look(self, changed: Iterable[str], before: Mapping[str, Json], world: World) -> None:
        """Forget the machines that run again: what stops them after that is not the operator."""
        for path in changed:
            started = power(before.get(path)) != RUNNING and power(world.get(path)) == RUNNING
            if path in self._stopped and started:
                del self._stopped[path]

    def still(self, world: World) -> Iterator[str]:
        """Go through the machines that were stopped and do not run; one that is gone is nobody's to start."""
        for path in self._stopped:
            body = world.get(path)
            if body is not None and power(body) != RUNNING:
                yield path
