"""What goes wrong in a seeded run: on the wire, in an operation, and by the owner's hand; and how it comes to an end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import merge_patch
from cmk_remediate.simulator import operations
from cmk_remediate.simulator.declare import RemoveResource, Schedule, SetResource
from cmk_remediate.simulator.faults import Fault, Faults
from cmk_remediate.simulator.providers.sql.geo import FAILOVER
from cmk_remediate.simulator.wire import Incoming, Outgoing

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from cmk_remediate.simulator.embedded import EmbeddedAzure

OWNERS = "the owner"
"""Who did what the owner does, in the log."""
ENDLESS = 3000
"""So many requests of one process mean that it never ends."""

POLL = "asyncoperation|operationresults|azureasync"

WIRE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("429", {"kind": "status", "status": 429, "code": "TooManyRequests"}),
    ("429 after 7 s", {"kind": "status", "status": 429, "code": "TooManyRequests", "headers": {"Retry-After": "7"}}),
    (
        "429 after a day",
        {"kind": "status", "status": 429, "code": "TooManyRequests", "headers": {"Retry-After": "86400"}},
    ),
    ("408", {"kind": "status", "status": 408, "code": "RequestTimeout"}),
    ("500", {"kind": "status", "status": 500, "code": "InternalServerError"}),
    ("502", {"kind": "status", "status": 502, "code": "BadGateway"}),
    ("503", {"kind": "status", "status": 503, "code": "ServiceUnavailable", "headers": {"Retry-After": "20"}}),
    ("504", {"kind": "status", "status": 504, "code": "GatewayTimeout"}),
    ("reset before", {"kind": "reset-before"}),
    ("reset after", {"kind": "reset-after"}),
    ("slow", {"kind": "slow", "seconds": 20.0}),
    ("too slow", {"kind": "slow", "seconds": 90.0}),
    ("malformed", {"kind": "malformed"}),
    ("empty", {"kind": "empty"}),
    ("401", {"kind": "status", "status": 401, "code": "ExpiredAuthenticationToken"}),
    ("404 after create", {"kind": "status", "status": 404, "code": "ResourceNotFound"}),
    ("403", {"kind": "status", "status": 403, "code": "AuthorizationFailed"}),
)
"""By name, what strikes a request of any kind."""

WRITES: tuple[tuple[str, dict[str, Any]], ...] = tuple(
    (f"{status} {code}", {"kind": "status", "status": status, "code": code, "method": "PUT|PATCH|POST"})
    for status, code in (
        (409, "Conflict"),
        (409, "ServerKeyNameAlreadyExists"),
        (409, "RoleAssignmentExists"),
        (409, "ScopeLocked"),
        (409, "EncryptionProtectorChangeInProgress"),
        (409, "AnotherOperationInProgress"),
        (409, "MissingSubscriptionRegistration"),
        (400, "PrincipalNotFound"),
        (403, "RequestDisallowedByPolicy"),
        (404, "ParentResourceNotFound"),
    )
)
"""By name, what strikes a write."""

OPERATIONS = ("operation fails", "operation fails for access", "operation is canceled", "operation never ends")
OWNER = ("lock", "policy", "key disabled", "vault closed", "failover")
KILLS = ("kill-before", "kill-after")


@dataclass(frozen=True)
class Mishap:
    """One thing that goes wrong.

    Attributes:
        name: of its kind.
        at: the request of the run at which it begins, counted from 1.
        lasts: for how many requests, where it strikes requests.
        method: which requests it strikes.
    """

    name: str
    at: int
    lasts: int = 1
    method: str = ".*"

    def __str__(self) -> str:
        """Return it in words."""
        return f"{self.name} at {self.at}" + (f" for {self.lasts}" if self.lasts > 1 else "")


def drawn(dice: random.Random, length: int, *, paired: bool) -> tuple[Mishap, ...]:
    """Return a mix of mishaps for a run of about *length* requests."""
    found = []
    for _ in range(dice.choice((1, 1, 2, 3, 5))):
        kind = dice.choices(("wire", "write", "operation", "owner", "kill"), (40, 20, 15, 15, 10))[0]
        at, lasts = dice.randint(1, length), dice.choice((1, 1, 1, 2, 3, 8))
        if kind == "wire":
            name, method = dice.choice(WIRE)[0], dice.choice((".*", "GET", "PUT|PATCH|POST"))
            found.append(
                Mishap(name, at, lasts, method) if not name.startswith("404") else Mishap(name, at, min(lasts, 2))
            )
        elif kind == "write":
            found.append(Mishap(dice.choice(WRITES)[0], at, dice.choice((1, 1, 2))))
        elif kind == "operation":
            found.append(Mishap(dice.choice(OPERATIONS), at))
        elif kind == "owner":
            found.append(Mishap(dice.choice(OWNER if paired else OWNER[:-1]), at))
        else:
            found.append(Mishap(dice.choice(KILLS), at))
    return tuple(found)


class Mishaps(Faults):
    """Carries mishaps out, each once, at its moment of a run that may have several processes."""

    def __init__(self, azure: EmbeddedAzure, mishaps: tuple[Mishap, ...], places: Places) -> None:
        """Plan *mishaps* on *azure*."""
        super().__init__()
        self.azure = azure
        self.planned.append(Fault("slow", number=-1))
        self._left = {mishap: mishap.lasts for mishap in mishaps}
        self._places = places
        self._seen = 0
        self._heals: list[Callable[[], None]] = []
        self._put: set[str] = set()
        self.notes: dict[tuple[int, int], str] = {}
        # By the Azure that answered and the place in its log: what struck there.

    def moved_to(self, azure: EmbeddedAzure) -> None:
        """Go on with *azure*, a copy of the one before, in a new process."""
        self.azure, self.dead = azure, False
        azure.faults = self

    def strike(self, number: int, method: str, url: str) -> Fault | None:
        """Let happen what is due, and return what strikes this request."""
        self._seen += 1
        if self._seen > ENDLESS:
            raise AssertionError(f"still asking after {ENDLESS} requests: {method} {url}")
        if method == "PUT":
            self._put.add(url.split("?", maxsplit=1)[0].lower())
        for mishap in [one for one in self._left if one.at <= self._seen]:
            fault = self._due(mishap, method, url)
            if fault is not None:
                self.notes[id(self.azure), len(self.azure.requests)] = str(mishap)
                return fault
        return None

    def _due(self, mishap: Mishap, method: str, url: str) -> Fault | None:
        if mishap.name in OPERATIONS:
            if self._operation(mishap.name):
                self.notes[id(self.azure), len(self.azure.requests)] = str(mishap)
                self._done(mishap)
            return None
        if mishap.name in OWNER:
            getattr(self, "_" + mishap.name.replace(" ", "_"))()
            self.notes[id(self.azure), len(self.azure.requests)] = str(mishap)
            self._by_owner(mishap.name)
            self._left.pop(mishap)
            return None
        if mishap.name in KILLS:
            self._left.pop(mishap)
            self.notes[id(self.azure), len(self.azure.requests)] = str(mishap)
            return Fault("kill-before" if mishap.name == "kill-before" else "kill-after")
        if mishap.name == "404 after create" and (
            method != "GET" or url.split("?", maxsplit=1)[0].lower() not in self._put
        ):
            return None
        fault = Fault(**{"method": mishap.method, **dict((*WIRE, *WRITES))[mishap.name]})
        if not fault.hits(0, method, url):
            return None
        self._done(mishap)
        return fault

    def _by_owner(self, name: str) -> None:
        """Have what just happened logged and judged as somebody else's request."""
        url = f"https://{self.azure.world.cloud.arm}/owner/{name.replace(' ', '-')}"
        self.azure.world.advance_to(self.azure.clock.stamp())
        self.azure._finish(Incoming("PUT", url), Outgoing(200), OWNERS)

    def _done(self, mishap: Mishap) -> None:
        self._left[mishap] -= 1
        if not self._left[mishap]:
            del self._left[mishap]

    def heal(self) -> None:
        """End it all: what the owner did is taken back, operations that never ended do."""
        self._left.clear()
        for one in reversed(self._heals):
            one()
        self._by_owner("heals")
        self._heals.clear()

    # -- in an operation -------------------------------------------------------------------------------------------------------

    def _operation(self, name: str) -> bool:
        world = self.azure.world
        running = [(key, one) for key, one in world.store.tables["operations"].items() if one["status"] == "running"]
        if not running:
            return False
        key, one = running[-1]
        if name == "operation never ends":
            if one["error"] is not None:
                return False  # one that fails after more than an hour would take back what we then stand on
            for timer, data in list(world.store.tables["timers"].items()):
                if data["data"].get("operation") == key:
                    world.store.drop("timers", timer)
            self._heals.append(lambda: self.azure.world.schedule(Schedule(1.0, operations.END, {"operation": key})))
            return True
        code = "AzureKeyVaultMissingPermissions" if name.endswith("access") else "InternalServerError"
        if name == "operation is canceled":
            code = "OperationCancelled"
        error = {"code": code, "message": f"The operation ended with {code}."}
        world.store.put("operations", key, {**one, "error": error, "errorStatus": 400})
        return True

    # -- by the owner's hand ---------------------------------------------------------------------------------------------------

    def _lock(self) -> None:
        lock = ResourceId(f"{self._places.server}/providers/Microsoft.Authorization/locks/mishap")
        self.azure.world.apply([SetResource(lock, {"properties": {"level": "ReadOnly"}})])
        self._heals.append(lambda: self.azure.world.apply([RemoveResource(lock)]))

    def _policy(self) -> None:
        head = f"{self._places.subscription}/providers/Microsoft.Authorization"
        definition = ResourceId(f"{head}/policyDefinitions/mishap")
        place = ResourceId(f"{head}/policyAssignments/mishap")
        rule = {
            "if": {"field": "type", "equals": "Microsoft.Sql/servers/encryptionProtector"},
            "then": {"effect": "deny"},
        }
        self.azure.world.apply(
            [
                SetResource(definition, {"properties": {"displayName": "mishap", "policyRule": rule}}),
                SetResource(
                    place,
                    {
                        "properties": {
                            "displayName": "mishap",
                            "policyDefinitionId": str(definition),
                            "scope": self._places.subscription,
                            "notScopes": [],
                            "parameters": {},
                            "enforcementMode": "Default",
                        }
                    },
                ),
            ]
        )
        self._heals.append(lambda: self.azure.world.apply([RemoveResource(place), RemoveResource(definition)]))

    def _key_disabled(self) -> None:
        self._change(self._places.key, {"properties": {"attributes": {"enabled": False}}})

    def _vault_closed(self) -> None:
        self._change(self._places.vault, {"properties": {"networkAcls": {"bypass": "None", "defaultAction": "Deny"}}})

    def _failover(self) -> None:
        def swap() -> None:
            self.azure.world.schedule(Schedule(0.0, FAILOVER, {"group": self._places.group}))

        swap()
        self._heals.append(swap)

    def _change(self, resource: str, patch: dict[str, Any]) -> None:
        """Patch *resource*; healing puts back the members named, as they were."""
        body = self.azure.world.get(resource)
        if body is None:
            return
        back = _taken_back(body, patch)
        self.azure.world.apply([SetResource(ResourceId(resource), merge_patch(body, patch))])

        def heal() -> None:
            now = self.azure.world.get(resource) or {}
            self.azure.world.apply([SetResource(ResourceId(resource), merge_patch(now, back))])

        self._heals.append(heal)


@dataclass(frozen=True)
class Places:
    """Where the owner's hand strikes: ids."""

    subscription: str
    server: str
    vault: str
    key: str
    group: str


def _taken_back(body: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _taken_back(body.get(name) or {}, value) if isinstance(value, dict) else body.get(name)
        for name, value in patch.items()
    }
