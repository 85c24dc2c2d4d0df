"""The two web applications: Azure over HTTPS, and the managed-identity endpoint over plain HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from cmk_remediate.clock import SystemClock
from cmk_remediate.simulator.server import identity
from cmk_remediate.simulator.wire import Incoming, Outgoing

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from cmk_remediate.simulator.server.front import Front

_METHODS = ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS"]


def azure_app(front: Front, latency: float) -> Starlette:
    """Return Azure as an ASGI application; each answer is *latency* seconds late."""
    return _app(front.answer, latency)


def identity_app(front: Front, secret: str) -> Starlette:
    """Return the managed-identity endpoint as an ASGI application; *secret* is the value of IDENTITY_HEADER."""
    return _app(lambda incoming: identity.answer(front.directory, secret, incoming), 0.0)


def _app(answer: Callable[[Incoming], Outgoing], latency: float) -> Starlette:
    async def endpoint(request: Request) -> Response:
        incoming = await _incoming(request)
        # On the loop, not in a thread: Azure answers one request at a time, in the order they came.
        given = answer(incoming)
        if latency:
            await SystemClock().sleep(latency)
        return _response(given)

    return Starlette(routes=[Route("/{path:path}", endpoint, methods=_METHODS)])


async def _incoming(request: Request) -> Incoming:
    headers = {name.lower(): value for name, value in request.headers.items()}
    path = request.scope.get("raw_path", b"").decode("latin-1").partition("?")[0] or request.url.path
    query = request.scope.get("query_string", b"").decode("latin-1")
    url = f"{request.url.scheme}://{headers.get('host', 'localhost')}{path}{'?' + query if query else ''}"
    return Incoming(request.method, url, headers, await request.body())


def _response(given: Outgoing) -> Response:
    response = Response(given.content, given.status)
    for name, value in given.headers.items():
        if name.lower() != "content-length":  # the framework knows, also for HEAD and 204
            response.headers[name] = value
    return response
