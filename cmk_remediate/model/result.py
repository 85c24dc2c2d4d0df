"""What a verb returns, and what it says while it works."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from cmk_remediate.model.review import Note

TargetEnd = Literal["done", "in progress", "manual", "blocked", "failed", "skipped"]
Verdict = Literal["right", "stays", "wrong", "unfinished", "in progress", "blocked", "manual"]
EventKind = Literal["began", "read", "waiting", "sending", "sent", "settled", "target", "note"]


@dataclass(frozen=True)
class TargetResult:
    """How one target ended.

    Attributes:
        id: the target's resource id.
        end: one of six words.
        code: why, where it is not ``done``, or where a rollback leaves it on its key; empty otherwise.
        text: one sentence.
        changed: whether this run sent a write for it.
    """

    id: str
    end: TargetEnd
    code: str
    text: str
    changed: bool = False


@dataclass(frozen=True)
class RunResult:
    """How a run ended.

    Attributes:
        run: the review's digest.
        targets: each target of the review, in its order.
        writes: how many writes this invocation sent.
        exit_code: as docs/command-line.md lists them.
        alarms: what must be the first lines of the output: a machine left stopped, a mixed geo pair.
        text: one sentence on the whole.
    """

    run: str
    targets: tuple[TargetResult, ...]
    writes: int
    exit_code: int
    alarms: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class TargetCheck:
    """What a verification says of one target.

    Attributes:
        id: the target's resource id.
        verdict: ``right``, ``stays``, ``wrong``, ``unfinished``, ``in progress``, ``blocked`` or ``manual``; the last two never
            change the exit code. What is blocked on a customer's key that is not as it should be is ``wrong``. What a rollback
            leaves on the customer's key, as its review says, ``stays``.
        code: why it is not right, or stays; may be empty where it is right.
        text: one sentence naming the property and its value.
        service: the service whose plan names it.
    """

    id: str
    verdict: Verdict
    code: str
    text: str
    service: str = ""


@dataclass(frozen=True)
class Verification:
    """What `verify` found; ``exit_code`` is 0 when all is right, or stays as a rollback's review said, and 2 when not.

    Attributes:
        subject: the name of a plan, or a run's digest.
        targets: each target.
        notes: what a reader should know.
        exit_code: 0 or 2.
        unfinished: of a run that is not finished, that it is not, and what goes on with it; empty of any other.
    """

    subject: str
    targets: tuple[TargetCheck, ...]
    notes: tuple[Note, ...]
    exit_code: int
    unfinished: str = ""


@dataclass(frozen=True)
class RunSummary:
    """One run in a run store; ``state`` is ``unfinished``, ``finished``, ``rolled back`` or ``damaged``."""

    run: str
    state: str
    started: str
    undoes: str
    targets: tuple[str, ...]
    writes: int


@dataclass(frozen=True)
class Pace:
    """How a run comes along.

    Attributes:
        usual: how many seconds the event's step usually takes, as its review estimates; 0 where it does not.
        requests: how many were sent to Azure so far by this process, retries and polls too.
        throttled: how many of them were answered with 429.
        until: when no step is started any more; None where nothing ends the run.
        until_of: what ends then: ``window`` (the plan's change window) or ``time`` (``stop_after``); empty without *until*.
    """

    usual: int
    requests: int
    throttled: int
    until: datetime | None
    until_of: str


@dataclass(frozen=True)
class Event:
    """One thing that happened, for whoever shows progress.

    Attributes:
        at: our clock.
        kind: what sort of thing; ``began`` names every target the run is about, ``target`` says how one has ended.
        target: resource ids of the targets concerned.
        step: the step's node id; empty for a target's or the run's own event.
        text: one sentence; of a step or target that has ended its end, and after a colon why.
        pace: how the run comes along; None for what is said before it begins.
    """

    at: datetime
    kind: EventKind
    target: tuple[str, ...]
    step: str
    text: str
    pace: Pace | None = None


Progress: TypeAlias = Callable[[Event], None]


def silent(event: Event) -> None:
    """Show nothing: the default observer."""
