"""Who can sign in, and the tokens they get."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmk_remediate.clock import SystemClock
from cmk_remediate.simulator.tokens import Claims, minted

if TYPE_CHECKING:
    from cmk_remediate.clock import Clock
    from cmk_remediate.simulator.declare import Json
    from cmk_remediate.simulator.embedded import EmbeddedAzure

DAY = 86400
"""Seconds for which a token without an end is said to be good."""


@dataclass(frozen=True)
class Principal:
    """Somebody who can sign in.

    Attributes:
        object_id: in the directory.
        client_id: of the application or identity; the object id where the estate names none.
        tenant: where it lives.
        resource: the id of the identity's resource, lower-case group segment as in ``xms_mirid``.
    """

    object_id: str
    client_id: str
    tenant: str
    resource: str


@dataclass(frozen=True)
class Token:
    """A token and until when the client may keep it.

    Attributes:
        text: the token.
        seconds: how long it is good for, on the machine's clock.
        expires_on: until when, in seconds since 1970 on the machine's clock.
    """

    text: str
    seconds: int
    expires_on: int


class Directory:
    """The directory of one embedded Azure, as an authority sees it."""

    def __init__(self, azure: EmbeddedAzure, time_scale: float = 1.0, machine: Clock | None = None) -> None:
        """Sign in principals of *azure*, whose seconds are *time_scale* to one of the machine's."""
        self._azure = azure
        self._scale = time_scale
        self._machine = machine or SystemClock()

    @property
    def tenants(self) -> tuple[str, ...]:
        """Every tenant, the operator's first."""
        world = self._azure.world
        others = (str(body["tenantId"]) for _, body in world.by_type("Microsoft.Resources/subscriptions"))
        return tuple(dict.fromkeys((str(self._azure.operator["tenant"]), *others)))

    @property
    def operator(self) -> Principal:
        """Whom the estate names as the operator."""
        return self._principal(str(self._azure.operator["object_id"]))

    def find(self, *, client_id: str = "", object_id: str = "", resource: str = "") -> Principal | None:
        """Return the principal with that client id, object id or resource id; a client id may be an object id."""
        world = self._azure.world
        for key, data in world.principals.items():
            ids = {key, str(data.get("clientId") or "").lower()}
            if client_id and client_id.lower() in ids:
                return self._principal(key)
            if object_id and object_id.lower() == key:
                return self._principal(key)
            if resource and resource.lower() == str(data.get("resource") or "").lower():
                return self._principal(key)
        return None

    def _principal(self, object_id: str) -> Principal:
        world = self._azure.world
        data = world.principals.get(object_id.lower(), {})
        home = str(self._azure.operator["tenant"])
        tenant = data.get("tenantId") or (world.tenant(data["resource"]) if data.get("resource") else "") or home
        first = next(iter(world.by_type("Microsoft.Resources/subscriptions")))[0]
        machine = f"{first}/resourcegroups/operator/providers/Microsoft.Compute/virtualMachines/operator"
        resource = str(data.get("resource") or machine).replace("/resourceGroups/", "/resourcegroups/")
        return Principal(object_id.lower(), str(data.get("clientId") or object_id), str(tenant), resource)

    def token(self, who: Principal, audience: str) -> Token:
        """Return a token of *who* for *audience*."""
        lifetime = self._azure.world.settings.token_seconds
        stamp = self._azure.clock.stamp()
        claims = Claims(who.object_id, who.tenant, audience, stamp + lifetime if lifetime else 0.0)
        more: Json = {"appid": who.client_id, "xms_mirid": who.resource, "iat": int(stamp), "nbf": int(stamp)}
        seconds = max(int(lifetime / self._scale), 1) if lifetime else DAY
        return Token(minted(claims, more), seconds, int(self._machine.now().timestamp()) + seconds)
