"""What a step says of what it found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from cmk_remediate.codes.code import Code
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject
from cmk_remediate.model.values import Unknown

Role = Literal["owned", "carried", "relied_on"]
AcceptanceClass = Literal["one-way", "outage", "data-loss", "bystander", "unconfirmed"]
Action = Literal["create", "update", "delete", "start", "stop"]


@dataclass(frozen=True)
class Read:
    """One read: of a resource, of a list below it, or a named question about it.

    Attributes:
        resource: what is read, or the parent (or scope) of what is listed.
        verb: a row of the connection's catalog: ``get``, or ``list:<type>`` such as ``list:keys``, or the name of one of
            the read-only POSTs.
        query: further arguments of that row, such as ``(("filter", "..."),)``.
        body: what a read-only POST asks with, as canonical JSON text; empty for all others.
    """

    resource: ResourceId
    verb: str = "get"
    query: tuple[tuple[str, str], ...] = ()
    body: str = ""


def unreachable() -> dict[str, bool]:
    """Return what a read at a vault's own endpoint answers when it cannot be reached, or is closed to the caller."""
    return {"unreachable": True}


def not_searched(why: str) -> dict[str, str]:
    """Return what a search over many resources answers when it failed, was refused, or was not answered whole."""
    return {"notSearched": why}


def tried(code: str = "", text: str = "", *, later: bool = False, network: bool = False) -> dict[str, Any]:
    """Return what a service answers that was asked to try a key: that it can use it, or with *code* and *text* why it cannot.

    *later*: what refuses it may pass by itself; *network*: the vault's firewall may be why.
    """
    return {"usable": not (code or text), "code": code, "text": text, "later": later, "network": network}


@dataclass(frozen=True)
class Found:
    """What a step judges by.

    Attributes:
        body: its resource as Azure (or the projection) shows it; None when it does not exist.
        reads: the answers to `Step.also_reads`; a list answers with the list of bodies, a missing resource with None.
        now: Azure's clock.
        written: when a write of this run on a resource was accepted, or may have been, by lower-case id; Azure's clock.
    """

    body: Mapping[str, Any] | None
    reads: Mapping[Read, Any] = field(default_factory=dict)
    now: datetime = datetime.min  # noqa: DTZ901 - before anything
    written: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class Acceptance:
    """Something that must be accepted by name before it happens.

    Attributes:
        kind: the word before the colon, such as ``purge-protection``.
        resource: what the name after the colon is made from: the shortest end of its id that is unique in the review.
        category: why it must be accepted.
        suffix: what follows the name, such as the days of ``retention:<vault>:<days>``.
    """

    kind: str
    resource: ResourceId
    category: AcceptanceClass
    suffix: str = ""


@dataclass(frozen=True)
class Reversibility:
    """How a change can be undone.

    Attributes:
        kind: ``reversible``; ``kept``: rollback leaves it, though Azure could undo it; ``one-way``: Azure cannot undo it.
        why: one sentence.
        code: the code that explains it at length; None for what is plainly reversible.
    """

    kind: Literal["reversible", "kept", "one-way"]
    why: str
    code: Code | None = None


REVERSIBLE = Reversibility("reversible", "rollback restores the value found before")
AGAIN = Reversibility("reversible", "not by rollback: make a new dry run of the plan")
"""Of what a rollback itself changes: undoing an undo would be a change that nobody reviewed."""


@dataclass(frozen=True)
class Line:
    """One property in a review.

    Attributes:
        path: the property, dotted, as Azure spells it.
        before: the value found; None where there is none.
        after: the value afterwards; `UNKNOWN` where only Azure can make it.
        role: ``owned``: we set it; ``carried``: the body must carry it along unchanged; ``relied_on``: the decision rests on it.
        reversibility: for owned lines.
        acceptance: what must be accepted by name for this line, if anything.
    """

    path: str
    before: Any
    after: Any
    role: Role = "owned"
    reversibility: Reversibility | None = None
    acceptance: Acceptance | None = None


@dataclass(frozen=True)
class Request:
    """The one request that is missing.

    Attributes:
        method: ``PUT``, ``PATCH``, ``POST`` or ``DELETE``.
        resource: the address; `UNKNOWN` as long as it is computed from a promise.
        body: the JSON that is sent, byte for byte; may hold `UNKNOWN` in a dry run, never when sent.
        verb: the catalog row; by default ``put``, ``patch``, ``delete`` after the method.
    """

    method: Literal["PUT", "PATCH", "POST", "DELETE"]
    resource: ResourceId | Unknown
    body: JsonObject | None
    verb: str = ""

    @property
    def row(self) -> str:
        """The catalog row that carries this request."""
        return self.verb or self.method.lower()


@dataclass(frozen=True)
class Effect:
    """What a later step will find: a merge patch (RFC 7396) over the body of one resource; None deletes the resource."""

    resource: ResourceId | Unknown
    patch: JsonObject | None


@dataclass(frozen=True)
class Estimate:
    """How long a change takes, in whole seconds."""

    usual: int
    worst: int


@dataclass(frozen=True)
class Caution:
    """How a write is tried that has no harmless probe, cannot be taken back, or goes on long after the run.

    Attributes:
        tries: how often it may be sent while its access may still be arriving; 0: as often as the wait allows.
        pause: seconds between these tries.
        shows: seconds between two looks that both must show nothing before a write that Azure may have taken is sent again.
        final: once Azure has taken it, it is never sent again: an operation that fails afterwards is the step's end.
        background: seconds after which its operation, if it still runs, is left to go on by itself; 0: waited for.
        once: once Azure has carried it out, it is not sent again where no read shows it: each time disrupts.
        echo: seconds for which a read may go on not showing an accepted write; it is looked for all along.
    """

    tries: int = 0
    pause: int = 0
    shows: int = 0
    final: bool = False
    background: int = 0
    once: bool = False
    echo: int = 0


PLAIN = Caution()
"""A write like most: repeated after a read shows that it had no effect, its operation waited for."""


@dataclass(frozen=True)
class Change:
    """The resource is not as it should be, and this request makes it so."""

    request: Request
    lines: tuple[Line, ...]
    effects: tuple[Effect, ...]
    estimate: Estimate
    action: Action
    why: str
    downtime: str = ""
    """What stops working meanwhile, in words; empty when nothing does."""
    caution: Caution = PLAIN
    """How it is tried."""


@dataclass(frozen=True)
class Done:
    """The resource is as it should be."""

    why: str
    lines: tuple[Line, ...] = ()
    """What the judgement rests on, if a reviewer should see it: relied_on lines."""


@dataclass(frozen=True)
class Pending:
    """Nothing to send; ask again.

    Attributes:
        why: what is waited for.
        retry_after: seconds until it is worth asking again.
        background: the run need not wait for it: the target ends ``in progress``.
    """

    why: str
    retry_after: int
    background: bool = False


@dataclass(frozen=True)
class Manual:
    """Somebody must do this by hand; ``downtime``: what stops meanwhile, in words; empty when nothing does."""

    instructions: str
    code: Code | None = None
    downtime: str = ""


@dataclass(frozen=True)
class Blocked:
    """It must not, or cannot, be done.

    Attributes:
        code: why, for `explain`.
        why: one sentence that names the property that forbids it.
        next: what to do about it; the code's own advice when empty.
        resource: what forbids it, if not the step's own resource.
    """

    code: Code
    why: str
    next: str = ""
    resource: str = ""


Decision: TypeAlias = Change | Done | Pending | Manual | Blocked


@dataclass(frozen=True)
class Keep:
    """Undo leaves it as it is, on purpose."""

    why: str
    code: Code | None = None


@dataclass(frozen=True)
class OneWay:
    """Azure cannot undo it."""

    why: str
    code: Code | None = None
