"""Journal records: one JSON object a line, each with the digest of the line before."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, TypeAdapter

from cmk_remediate.model.review import Frozen


class RunStarted(Frozen):
    """The first record: whose run, of which review, with what accepted. ``at`` is our clock."""

    type: Literal["run-started"] = "run-started"
    run: str
    at: str
    caller: str
    approver: str
    accepted: tuple[str, ...]
    undoes: str | None


class Intent(Frozen):
    """A write is about to leave; durable before it does.

    ``before`` is the raw body read immediately before; every attempt of one write has the same ``client_request_id``;
    ``leave_after`` is that of the change's caution, for who never sees an answer; what ``closes`` an outage may take the room
    that is kept for a full disk.
    """

    type: Literal["intent"] = "intent"
    step: str
    at: str
    attempt: int
    method: str
    resource_id: str
    api_version: str
    client_request_id: str
    body: Any
    before: Any
    leave_after: int = 0
    closes: bool = False


class OperationBegan(Frozen):
    """Azure took the write and works on it: our own record of the operation.

    ``leave_after`` and ``final`` are those of the change's caution.
    """

    type: Literal["operation"] = "operation"
    step: str
    method: str
    resource_id: str
    api_version: str
    status_url: str
    location_url: str
    started: str
    client_request_id: str
    correlation_id: str
    caller: str
    retry_after: int
    leave_after: int = 0
    final: bool = False


class Outcome(Frozen):
    """What came of the write; ``azure_at`` is Azure's clock, empty when nothing clear came back.

    Where it was not ``sent`` after all its intent counts for nothing.
    """

    type: Literal["outcome"] = "outcome"
    step: str
    at: str
    result: Literal["accepted", "not-yet", "refused", "unclear"]
    azure_at: str
    azure_code: str
    text: str
    correlation_id: str
    sent: bool = True


class Settled(Frozen):
    """How a step ended, and the raw body then."""

    type: Literal["settled"] = "settled"
    step: str
    at: str
    result: Literal["done", "already done", "in progress", "manual", "blocked", "drifted", "failed", "skipped"]
    code: str
    text: str
    after: Any


class Gate(Frozen):
    """A gate that stands during the run was passed: the canary's soak began or ended.

    ``targets`` are those of the canary; empty where an earlier version wrote it.
    """

    type: Literal["gate"] = "gate"
    at: str
    gate: Literal["canary-soak-began", "canary-verified"]
    targets: tuple[str, ...] = ()


class RunEnded(Frozen):
    """The run came to an end by itself; ``finished`` when nothing is left to do in it."""

    type: Literal["run-ended"] = "run-ended"
    at: str
    finished: bool
    exit_code: int


class RolledBack(Frozen):
    """Another run undid this one."""

    type: Literal["rolled-back"] = "rolled-back"
    at: str
    by: str


Record: TypeAlias = Annotated[
    RunStarted | Intent | OperationBegan | Outcome | Settled | Gate | RunEnded | RolledBack, Field(discriminator="type")
]
RECORDS: TypeAdapter[Record] = TypeAdapter(Record)
