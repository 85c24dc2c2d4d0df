"""Requests to the hosts of data planes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import metrics
from cmk_remediate.simulator.arm import authenticated
from cmk_remediate.simulator.containers import SUBSCRIPTIONS
from cmk_remediate.simulator.declare import ArmError, DataPlane, DataRequest
from cmk_remediate.simulator.wire import Incoming, Outgoing, refused

if TYPE_CHECKING:
    from cmk_remediate.simulator.world import World

_FORBIDDEN = 403


def plane_of(world: World, host: str) -> DataPlane | None:
    """Return the data plane that *host* belongs to, if the host exists."""
    for plane in world.registry.data_planes:
        suffix = world.cloud.suffixes.get(plane.suffix)
        if suffix and host.endswith("." + suffix) and plane.exists(host, world):
            return plane
    return None


def answer(world: World, incoming: Incoming, plane: DataPlane) -> tuple[Outgoing, str]:
    """Answer a request to *plane*; also returns the caller's object id, empty for none."""
    audience = plane.audience[world.settings.cloud]
    claims, error = authenticated(world, incoming, (audience,))
    if claims is None or error is not None:
        tenant = next((str(body["tenantId"]) for _, body in world.by_type(SUBSCRIPTIONS)), "common")
        said = f'Bearer authorization="https://{world.cloud.login}/{tenant}", resource="{audience}"'
        return Outgoing(401, plane.challenge, {"WWW-Authenticate": said}), ""
    sent = incoming.sent
    if sent is None:
        return refused(
            ArmError(400, "BadParameter", "The request body is not valid JSON.", "unconfirmed")
        ), claims.object_id
    path = tuple(incoming.path.strip("/").split("/"))
    request = DataRequest(incoming.method, incoming.host, path, incoming.query, sent, claims.object_id, world)
    reply = plane.answer(request)
    read = incoming.method in ("GET", "HEAD")
    if isinstance(reply, ArmError):
        given = refused(reply)
        given.read = read
        if given.status == _FORBIDDEN:
            metrics.note_refusal(world, incoming.host)
        return given, claims.object_id
    world.apply(reply.changes, by=claims.object_id)
    return Outgoing(reply.status, reply.body, dict(reply.headers), read=read), claims.object_id
