"""What may go wrong in a seeded run, by name: on the wire, in an operation, and by the owner's hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmk_remediate.simulator.faults import Fault

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

CHALLENGE = 'Bearer authorization_uri="https://login.microsoftonline.com/", error="insufficient_claims", claims="e30="'
"""learn.microsoft.com, "Claims challenges, claims requests and client capabilities"."""


def _status(status: int, code: str, **headers: str) -> dict[str, Any]:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"kind": "status", "status": status, "code": code, "headers": given}


WIRE: Mapping[str, Mapping[str, Any]] = {
    "429": _status(429, "TooManyRequests"),
    "429 after 7 s": _status(429, "TooManyRequests", Retry_After="7"),
    "429 after a day": _status(429, "TooManyRequests", Retry_After="86400"),
    "408": _status(408, "RequestTimeout"),
    "500": _status(500, "InternalServerError"),
    "502": _status(502, "BadGateway"),
    "503": _status(503, "ServiceUnavailable", Retry_After="20"),
    "504": _status(504, "GatewayTimeout"),
    "reset before": {"kind": "reset-before"},
    "reset after": {"kind": "reset-after"},
    "500 after": {**_status(500, "InternalServerError"), "kind": "status-after"},
    "503 after": {**_status(503, "ServiceUnavailable"), "kind": "status-after"},
    "504 after": {**_status(504, "GatewayTimeout"), "kind": "status-after"},
    "slow": {"kind": "slow", "seconds": 20.0},
    "too slow": {"kind": "slow", "seconds": 90.0},
    "malformed": {"kind": "malformed"},
    "empty": {"kind": "empty"},
    "401": _status(401, "ExpiredAuthenticationToken"),
    "401 challenge": _status(401, "InvalidAuthenticationToken", WWW_Authenticate=CHALLENGE),
    "404 after create": _status(404, "ResourceNotFound"),
    "403": _status(403, "AuthorizationFailed"),
}
"""What strikes a request of any kind."""

WRITES: Mapping[str, Mapping[str, Any]] = {
    f"{status} {code}": _status(status, code)
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
}
"""What strikes a write."""

SAYS_NOTHING = "operation fails and says nothing"
OPERATIONS = (
    "operation fails",
    "operation fails for access",
    SAYS_NOTHING,
    "operation is canceled",
    "operation never ends",
)
OWNER = ("lock", "lock against deletion", "policy", "key disabled", "vault closed", "failover")
KILLS = ("kill-before", "kill-after")

POLLS = "asyncoperation|operationresults|operationsstatus|diskoperations|/operations/"
"""What the paths of status URLs have, whichever service's they are."""

ON: Mapping[str, tuple[str, str]] = {
    "any": (".*", ""),
    "reads": ("GET", f"^(?!.*({POLLS}))"),
    "polls": ("GET", POLLS),
    "writes": ("PUT|PATCH|POST|DELETE", r"^(?!.*checkpolicyrestrictions)"),
    "policy checks": ("POST", "checkpolicyrestrictions"),
}
"""Kinds of requests: method and URL as regular expressions."""


@dataclass(frozen=True)
class Mishap:
    """One thing that goes wrong.

    Attributes:
        name: of its kind.
        at: the request of the run at which it begins, counted from 1.
        lasts: for how many requests, where it strikes requests.
        on: which kind of requests it strikes.
    """

    name: str
    at: int
    lasts: int = 1
    on: str = "any"

    def __str__(self) -> str:
        """Return it in words."""
        on = f" on {self.on}" if self.on != "any" else ""
        return f"{self.name}{on} at {self.at}" + (f" for {self.lasts}" if self.lasts > 1 else "")

    def fault(self) -> Fault:
        """Return what the embedded Azure is told, where it strikes requests."""
        if self.name in KILLS:
            return Fault("kill-before" if self.name == "kill-before" else "kill-after")
        method, url = ON[self.on]
        return Fault(**{"method": method, "url": url, **{**WIRE, **WRITES}[self.name]})


def drawn(dice: random.Random, length: int, *, paired: bool) -> tuple[Mishap, ...]:
    """Return a mix of mishaps for a run of about *length* requests; *paired*: its servers may fail over."""
    return tuple(_one(dice, length, paired=paired) for _ in range(dice.choice((1, 1, 2, 3, 5))))


def _one(dice: random.Random, length: int, *, paired: bool) -> Mishap:
    kind = dice.choices(("wire", "write", "operation", "owner", "kill"), (40, 20, 15, 15, 10))[0]
    at, lasts = dice.randint(1, length), dice.choice((1, 1, 1, 2, 3, 8))
    if kind == "wire":
        name, on = dice.choice(list(WIRE)), dice.choice(list(ON))
        return Mishap(name, at, min(lasts, 2)) if name == "404 after create" else Mishap(name, at, lasts, on)
    if kind == "write":
        return Mishap(dice.choice(list(WRITES)), at, dice.choice((1, 1, 2)), "writes")
    if kind == "operation":
        return Mishap(dice.choice(OPERATIONS), at)
    if kind == "owner":
        return Mishap(dice.choice(OWNER if paired else OWNER[:-1]), at)
    return Mishap(dice.choice(KILLS), at)
