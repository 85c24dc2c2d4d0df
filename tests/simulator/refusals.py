"""How a write to disks and machines ended, at once or by its operation, and what it left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.simulator.raw import Raw


def code_of(client: Raw, method: str, place: str, body: Any = None) -> str:
    """Return how a write ended: the code of its refusal, at once or by its operation; ``ok`` for none."""
    given = client.send(method, place, body)
    if given.status >= 400:
        return str(given.body["error"]["code"])
    status = given.headers.get("Azure-AsyncOperation")
    while status:
        client.wait(5)
        polled = client.send("GET", status).body
        if polled["status"] != "InProgress":
            return str(polled["error"]["code"]) if "error" in polled else "ok"
    return "ok"


def encryption(client: Raw, place: str) -> dict[str, Any]:
    found: dict[str, Any] = client.properties(place)["encryption"]
    return found
