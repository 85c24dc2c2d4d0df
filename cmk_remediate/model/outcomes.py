"""What Azure answers, as values; exceptions play no part in judging an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from cmk_remediate.codes.code import Code
from cmk_remediate.model.ids import ResourceId

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cmk_remediate.model.decisions import Estimate, Read, Request


@dataclass(frozen=True)
class Answer:
    """The answer to a read.

    Attributes:
        body: the JSON; None when the resource does not exist; for a list, all its items.
        at: Azure's clock when it answered.
    """

    body: Any
    at: datetime


@dataclass(frozen=True)
class Operation:
    """Our own record of a long-running operation; never an SDK's token.

    Attributes:
        method: of the request that started it.
        resource: what it changes.
        api_version: of the request.
        status_url: the Azure-AsyncOperation header; may be empty.
        location_url: the Location header; may be empty.
        started: Azure's Date when it began.
        client_request_id: sent with every attempt of this request.
        correlation_id: Azure's, for its activity log.
        caller: object id of who started it.
        retry_after: seconds Azure asked to wait before the first poll; 0 when it did not say.
    """

    method: str
    resource: ResourceId
    api_version: str
    status_url: str
    location_url: str
    started: datetime
    client_request_id: str
    correlation_id: str
    caller: str
    retry_after: int = 0


@dataclass(frozen=True)
class Accepted:
    """The write was taken and, as far as Azure says, is finished."""

    body: Any
    at: datetime
    correlation_id: str = ""


@dataclass(frozen=True)
class Started:
    """The write was taken and goes on as an operation."""

    operation: Operation
    at: datetime


@dataclass(frozen=True)
class NotYet:
    """Refused for a reason that time cures.

    Attributes:
        reason: ``access``: looks like a grant that has not arrived; ``busy``: something else is being done to the resource;
            ``replication``: what the request names is too young to be known everywhere; ``throttled``; ``signed out``: the
            credential gave no token.
        code: Azure's own error code; empty where it was not asked.
        text: Azure's message; why it was not asked.
        retry_after: seconds; 0 when Azure did not say.
        network_possible: the same text can come from a vault firewall.
        correlation_id: Azure's id of the request; empty where it gave none.
        sent: whether the write has left; what did not leave says nothing of what was sent before it.
    """

    reason: Literal["access", "busy", "replication", "throttled", "signed out"]
    code: str
    text: str
    retry_after: int = 0
    network_possible: bool = False
    correlation_id: str = ""
    sent: bool = True

    @property
    def said(self) -> str:
        """Code and text, in words."""
        return f"{self.code}: {self.text}" if self.code else self.text


@dataclass(frozen=True)
class Refused:
    """Refused for a reason that time does not cure."""

    code: Code
    azure_code: str
    text: str
    hint: str = ""
    correlation_id: str = ""


@dataclass(frozen=True)
class Unclear:
    """Nobody can say from the answer whether the write took effect: read first.

    Attributes:
        text: what was answered, or that nothing was.
        correlation_id: Azure's id of the request; empty where it gave none.
        at_work_since: when Azure began the operation that nobody can follow; None where it is not known to have begun one.
    """

    text: str
    correlation_id: str = ""
    at_work_since: datetime | None = None


@dataclass(frozen=True)
class Lost:
    """The operation's status can no longer be read; the resource is the truth."""

    text: str


@dataclass(frozen=True)
class StillRunning:
    """The operation was not waited for any longer: it goes on by itself."""

    at: datetime
    correlation_id: str = ""


SendOutcome: TypeAlias = Accepted | Started | NotYet | Refused | Unclear
WaitOutcome: TypeAlias = Accepted | NotYet | Refused | Unclear | Lost | StillRunning


class Reader(Protocol):
    """Azure for those who may only look."""

    async def read(self, read: Read) -> Answer:
        """Return the answer to *read*.

        Raises:
            AzureError: when it is refused, or no clear answer came after the retries reads are given.
        """

    def now(self) -> datetime:
        """Return Azure's clock as last seen in a Date header, carried on by ours."""


class Azure(Reader, Protocol):
    """Azure as the engine knows it."""

    async def send(
        self,
        request: Request,
        *,
        client_request_id: str,
        permit: Callable[[float], Awaitable[None]] | None = None,
    ) -> SendOutcome:
        """Send *request* once, without retries, and return what came of it.

        *permit* is asked at the last moment, with the seconds the request may take; what it raises is raised, and nothing was sent.
        """

    async def wait(self, operation: Operation, estimate: Estimate, *, leave_after: int = 0) -> WaitOutcome:
        """Poll *operation* until it ends, first after its usual duration, within the read budget.

        With *leave_after* seconds given, it is `StillRunning` if it has not ended that long after it began.
        """

    def api_version(self, request: Request) -> str:
        """Return the api-version *request* is sent with; empty while its address is unknown."""

    async def caller(self) -> str:
        """Return the object id of who we are; empty when the token does not say."""
