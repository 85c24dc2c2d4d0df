"""One request, apart from any web framework: which part of Azure answers it, and how its links look to this client."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from cmk_remediate.simulator.declare import ArmError
from cmk_remediate.simulator.server import login, metadata
from cmk_remediate.simulator.server.directory import Directory
from cmk_remediate.simulator.server.hosts import Destination, Hosts
from cmk_remediate.simulator.wire import Incoming, Outgoing, refused

if TYPE_CHECKING:
    from cmk_remediate.simulator.embedded import EmbeddedAzure

_LINKS = ("azure-asyncoperation", "location", "www-authenticate")
_REMEMBERED = 1000


class Front:
    """Answers whatever reaches a server.

    Attributes:
        directory: who can sign in.
        hosts: the names it answers to.
    """

    def __init__(self, azure: EmbeddedAzure, port: int, time_scale: float = 1.0) -> None:
        """Serve *azure* at *port*; its seconds are *time_scale* to one of the client's."""
        self._azure = azure
        self._scale = time_scale
        self.directory = Directory(azure, time_scale)
        self.hosts = Hosts(azure, port)

    def answer(self, incoming: Incoming) -> Outgoing:
        """Answer *incoming*, its URL as the client named it."""
        place = self.hosts.destination(incoming.url)
        inside = replace(incoming, url=place.url)
        if place.part == "login":
            names = (
                self.hosts.login if place.outside == f"https://{inside.host}" else (place.outside.partition("//")[2],)
            )
            return _typed(login.answer(self.directory, inside, place.outside, names))
        if place.part == "metadata":
            world = self._azure.world
            direct = place.outside != place.inside
            authority = place.outside if direct else f"https://{world.cloud.login}"
            version = inside.query.get("api-version", "")
            return _typed(metadata.answer(world.settings.cloud, world.cloud, version, place.outside, authority))
        if place.part == "nowhere":
            text = f"No host of this Azure is called '{inside.host}'."
            return _typed(refused(ArmError(421, "MisdirectedRequest", text, "this server's own")))
        given = self._azure.answer(inside)
        if self._azure.state is not None and len(self._azure.requests) > _REMEMBERED:
            del self._azure.requests[:-_REMEMBERED]  # the log file has them all
        return self._seen(given, place)

    def _seen(self, given: Outgoing, place: Destination) -> Outgoing:
        """Return *given* with links that this client can follow and waits on its clock."""
        headers, body = dict(given.headers), given.body
        if "Retry-After" in headers and self._scale != 1:
            headers["Retry-After"] = str(math.ceil(float(headers["Retry-After"]) / self._scale))
        if place.inside != place.outside:
            links = {name: self._outside(value, place) for name, value in headers.items() if name.lower() in _LINKS}
            headers |= links
            if isinstance(body, dict) and isinstance(body.get("nextLink"), str):
                body = {**body, "nextLink": self._outside(body["nextLink"], place)}
        seen = Outgoing(given.status, body, headers)
        if "Content-Length" in headers:
            headers["Content-Length"] = str(len(seen.content))
        return seen

    def _outside(self, text: str, place: Destination) -> str:
        own = place.outside.split("/vault/")[0]
        return text.replace(place.inside, place.outside).replace(f"https://{self.hosts.cloud.login}", own)


def _typed(given: Outgoing) -> Outgoing:
    given.headers.setdefault("Content-Type", "application/json; charset=utf-8")
    return given
