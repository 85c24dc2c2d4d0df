"""The managed-identity endpoint of an App Service, which Azure Automation has too.

Source: learn.microsoft.com, "Use managed identities for App Service and Azure Functions", REST endpoint reference.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from cmk_remediate.simulator.wire import Incoming, Outgoing

if TYPE_CHECKING:
    from cmk_remediate.simulator.server.directory import Directory

PATH = "/msi/token"
_CLIENT = ("client_id", "clientid")
_OBJECT = ("object_id", "principal_id")
_RESOURCE = ("mi_res_id", "msi_res_id")


def answer(directory: Directory, secret: str, incoming: Incoming) -> Outgoing:
    """Answer a request for a token: the operator's, or that of the user-assigned identity it names."""
    if incoming.path.lower() != PATH or incoming.method != "GET":
        return _refused(404, "There is only GET /msi/token.")
    given = incoming.headers.get("x-identity-header", "")
    if not secrets.compare_digest(given.encode(), secret.encode()):
        return _refused(401, "The X-IDENTITY-HEADER header is missing or is not the value of IDENTITY_HEADER.")
    query = incoming.query
    audience = query.get("resource", "").rstrip("/")
    if not audience or not query.get("api-version"):
        return _refused(400, "The query parameters `resource` and `api-version` are required.")
    asked = {
        "client_id": _first(query, _CLIENT),
        "object_id": _first(query, _OBJECT),
        "resource": _first(query, _RESOURCE),
    }
    who = directory.find(**asked) if any(asked.values()) else directory.operator
    if who is None:
        return _refused(400, "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId.")
    token = directory.token(who, audience)
    return Outgoing(
        200,
        {
            "access_token": token.text,
            "expires_on": str(token.expires_on),
            "resource": query["resource"],
            "token_type": "Bearer",
            "client_id": who.client_id,
        },
    )


def _first(query: dict[str, str], names: tuple[str, ...]) -> str:
    return next((query[name] for name in names if query.get(name)), "")


def _refused(status: int, message: str) -> Outgoing:
    return Outgoing(status, {"statusCode": status, "message": message, "correlationId": ""})
