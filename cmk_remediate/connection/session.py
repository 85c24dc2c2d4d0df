"""Azure, as the engine knows it: reads, one write at a time, operations."""

from __future__ import annotations

import json
import uuid
from io import BytesIO
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.connection.azure_clock import AzureClock
from cmk_remediate.connection.calls import OPTION, Answered, Call, Kind, Reply, Throttled, are_objects
from cmk_remediate.connection.catalog import Row, row_for
from cmk_remediate.connection.classify import is_absent, judge_reply, judge_silence
from cmk_remediate.connection.clients import Clients
from cmk_remediate.connection.clouds import cloud_named
from cmk_remediate.connection.durations import Durations
from cmk_remediate.connection.operation import Waiting, outcome_of_write, record_of
from cmk_remediate.connection.pacing import Pacing
from cmk_remediate.connection.searching import whole_search
from cmk_remediate.connection.tokens import Tokens
from cmk_remediate.connection.traffic import Traffic
from cmk_remediate.connection.trying import NOT_ASKED, what_was_tried
from cmk_remediate.errors import AzureError, BugError
from cmk_remediate.model.decisions import Estimate, Read, Request, not_searched, unreachable
from cmk_remediate.model.outcomes import Answer, NotYet, Operation, Refused, SendOutcome, Unclear, WaitOutcome
from cmk_remediate.model.values import Unknown, holds_unknown

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable
    from datetime import datetime, timedelta

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.model.protocols import Connection


class Session:
    """`cmk_remediate.model.outcomes.Azure` over a connection, for one event loop.

    Attributes:
        traffic: what was asked so far.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        read_only: bool,
        vaults: Iterable[ResourceId] = (),
        subscriptions: Collection[str] | None = None,
    ) -> None:
        """Open a session.

        Args:
            connection: the outside world.
            read_only: refuse everything that is not a read, whoever asks.
            vaults: whose data planes may be asked; see `allow`.
            subscriptions: the only ones that may be asked, in lower case; all of them for None.

        Raises:
            InputError: CMK102 when the connection names no cloud we know.
        """
        self._connection = connection
        self._cloud = cloud_named(connection.cloud)
        self._azure_clock = AzureClock(connection.clock)
        self._tokens = Tokens(connection.credential, connection.clock)
        self._pacing = Pacing(connection.clock, self._cloud.arm_host)
        self._vault_hosts: set[str] = set()
        self._read_only = read_only
        self._subscriptions = subscriptions
        self._clients = Clients(connection, self._cloud, self._policies)
        self._durations = Durations()
        self.traffic = Traffic()
        for vault in vaults:
            self.allow(vault)

    def allow(self, vault: ResourceId) -> None:
        """Allow requests to the data plane of *vault*, which the plan names."""
        self._vault_hosts.add(self._cloud.vault_host(vault))

    def reader(self) -> SessionReader:
        """Return this session for those who may only look."""
        return SessionReader(self)

    @property
    def skew(self) -> timedelta:
        """How far Azure's clock is ahead of ours; see `azure_clock.NOTED` and `azure_clock.REFUSED`."""
        return self._azure_clock.skew

    def now(self) -> datetime:
        """Return Azure's clock as last seen in a Date header, carried on by ours."""
        return self._azure_clock.now()

    async def caller(self) -> str:
        """Return the object id of who we are (claim ``oid``); empty when the token does not say.

        Raises:
            NoTokenError: CMK105 when the credential gives no token.
        """
        return str((await self._tokens.claims_of(self._cloud.arm_scope)).get("oid", ""))

    async def tenant(self) -> str:
        """Return the tenant we are signed in to (claim ``tid``); empty when the token does not say.

        Raises:
            NoTokenError: CMK105 when the credential gives no token.
        """
        return str((await self._tokens.claims_of(self._cloud.arm_scope)).get("tid", ""))

    def api_version(self, request: Request) -> str:
        """Return the api-version *request* is sent with; empty while its address is unknown."""
        return "" if isinstance(request.resource, Unknown) else row_for(request.resource, request.row).api_version

    async def read(self, read: Read) -> Answer:
        """Return the answer to *read*; all items, from all pages, of a list.

        A vault's own endpoint that cannot be reached, is closed to the caller, or gives no answer of a vault, answers
        `decisions.unreachable`; a search that fails or is refused, or is not answered whole, answers `decisions.not_searched`:
        whoever asks must be right without it.

        Raises:
            AzureError: refused (its code says why), or no clear answer after the retries that reads are given.
            RefusedError: CMK211, a next page on a foreign host.
            NoTokenError: CMK105 when the credential gives no token.
        """
        row = row_for(read.resource, read.verb)
        if row.kind != "read":
            raise BugError(codes.engine.BUG, f"{row.label} is not a read", resource=read.resource.text)
        if row.searches:
            return await self._search(row, read)
        if row.tries:
            return await self._tried(row, read)
        dispensable = row.plane == "vault" and not row.paged
        try:
            reply = await self._read(row, read)
        except AzureError:
            if dispensable:
                return Answer(unreachable(), self.now())
            raise
        if is_absent(reply):
            return Answer(None, reply.at)
        if not reply.ok or reply.spoiled:
            if dispensable:
                # Closed to the caller, down, or another host answers in its name (a proxy, private DNS).
                return Answer(unreachable(), reply.at)
            raise self._unreadable(row, read, reply)
        if not row.paged:
            return Answer(reply.json, reply.at)
        return Answer(await self._all_pages(row, read, reply), reply.at)

    async def _tried(self, row: Row, read: Read) -> Answer:
        reply = await self._read(row, read)
        if reply.status in NOT_ASKED or reply.malformed:
            raise self._unreadable(row, read, reply)
        return await what_was_tried(reply, row, read.resource, await self.caller(), self.wait)

    async def _search(self, row: Row, read: Read) -> Answer:
        try:
            found = await whole_search(
                read, lambda one: self._read(row, one), lambda reply: self._unreadable(row, read, reply)
            )
        except AzureError as error:
            return Answer(not_searched(error.cause), self.now())
        return Answer(found, self.now())

    async def send(
        self,
        request: Request,
        *,
        client_request_id: str,
        permit: Callable[[float], Awaitable[None]] | None = None,
    ) -> SendOutcome:
        """Send *request* once and return what came of it.

        Args:
            request: what to send.
            client_request_id: goes with every attempt.
            permit: asked when the request has waited its turn and is about to leave, with the seconds it may take; what it
                raises is raised, and nothing was sent.

        Raises:
            BugError: CMK599 when it holds something unknown; CMK212 in a read-only session. Nothing was sent.
            NoTokenError: CMK105 when the credential gives no token. Nothing was sent, or what was is refused (401).
        """
        resource = request.resource
        if isinstance(resource, Unknown) or holds_unknown(request.body):
            raise BugError(codes.engine.BUG, f"a {request.method} that holds something unknown was about to be sent")
        row = row_for(resource, request.row)
        if row.kind == "read" or row.method != request.method:
            raise BugError(codes.engine.BUG, f"{row.label} is no {request.method}", resource=resource.text)
        caller = await self.caller()
        call = self._call(row.kind, row.label, resource, client_request_id)
        call.permit = permit
        if request.body is not None:
            call.body = BytesIO(json_bytes(request.body))
        try:
            error = await self._run(row, resource, {}, call)
        except Throttled as throttled:
            return NotYet("throttled", "TooManyRequests", "Azure asked to wait", throttled.retry_after)
        reply = call.reply
        if reply is None:
            return judge_silence(error or TimeoutError())
        if not reply.ok:
            return judge_reply(reply, resource.namespace)

        def record() -> Operation:
            version = row.api_version
            return record_of(reply, call, method=request.method, resource=resource, api_version=version, caller=caller)

        return outcome_of_write(reply, record)

    async def wait(self, operation: Operation, estimate: Estimate, *, leave_after: int = 0) -> WaitOutcome:
        """Poll *operation* until it ends; see `operation.Waiting`.

        Raises:
            AzureError: the resource had to be asked instead, and cannot be read.
        """

        async def ask(url: str, *, patience: float) -> Reply | None:
            call = self._call("poll", "poll", operation.resource, str(uuid.uuid4()))
            call.patience = patience
            try:
                await self._run_raw("GET", url, call)
            except Throttled:
                return None
            return call.reply

        async def read(resource: ResourceId) -> Any:
            return (await self.read(Read(resource))).body

        waiting = Waiting(self._cloud, self._connection.clock, self._azure_clock, self._durations, ask, read)
        return await waiting.end_of(operation, estimate, leave_after)

    # Below: one request each.

    async def _read(self, row: Row, read: Read) -> Reply:
        query = dict(read.query)
        if surplus := sorted(set(query) - row.queries):
            raise BugError(codes.engine.BUG, f"{row.label} takes no {', '.join(surplus)}", resource=read.resource.text)
        call = self._call("read", row.label, read.resource, str(uuid.uuid4()))
        if row.method == "POST":
            call.body = BytesIO(read.body.encode())
        try:
            error = await self._run(row, read.resource, query, call)
        except Throttled as throttled:
            raise AzureError(codes.access.THROTTLED, str(throttled), resource=read.resource.text) from None
        if call.reply is None:
            text = judge_silence(error or TimeoutError()).text
            raise AzureError(codes.access.UNCLEAR_ANSWER, text, resource=read.resource.text)
        return call.reply

    async def _run(self, row: Row, resource: ResourceId, query: dict[str, str], call: Call) -> BaseException | None:
        """Run *row*; the answer is in the call. Return the error that stands for no answer."""
        if row.path:
            endpoint = self._cloud.arm if row.plane == "arm" else f"https://{self._cloud.vault_host(resource)}"
            return await self._run_raw(row.method, endpoint + row.path_for(resource, query), call)
        arguments = row.arguments_for(resource, query)
        if call.body is not None and row.body_parameter:
            arguments[row.body_parameter] = call.body
            arguments["content_type"] = "application/json"
        group, _, name = row.operation.partition(".")
        operations = getattr(self._clients.typed(row.client, resource.subscription), group)
        if name.startswith("begin_"):
            arguments["polling"] = False
        try:
            found = getattr(operations, name)(**arguments, **{OPTION: call})
            await (anext_page(found) if row.paged else found)
        except Answered:
            return None
        except Exception as error:  # noqa: BLE001 - what it is, `_no_answer` says
            return _no_answer(error)
        return None

    async def _run_raw(self, method: str, url: str, call: Call) -> BaseException | None:
        from azure.core.rest import HttpRequest

        headers = {"Accept": "application/json"}
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        request = HttpRequest(method, url, headers=headers, content=call.body)
        try:
            await self._clients.raw().send_request(request, **{OPTION: call})
        except Answered:
            return None
        except Exception as error:  # noqa: BLE001 - what it is, `_no_answer` says
            return _no_answer(error)
        return None

    async def _all_pages(self, row: Row, read: Read, first: Reply) -> list[Any]:
        items: list[Any] = []
        reply = first
        seen: set[str] = set()
        while True:
            body = reply.json
            page = body.get("value", []) if isinstance(body, dict) else None
            if not are_objects(page):
                raise self._unreadable(row, read, reply)
            items += page
            link = body.get("nextLink")
            if not link:
                return items
            if link in seen:
                raise AzureError(
                    codes.access.UNCLEAR_ANSWER, "the pages of a list go in a circle", resource=read.resource.text
                )
            seen.add(link)
            reply = await self._page(row, read, str(link))

    async def _page(self, row: Row, read: Read, link: str) -> Reply:
        call = self._call("read", row.label, read.resource, str(uuid.uuid4()))
        try:
            error = await self._run_raw("GET", link, call)
        except Throttled as throttled:
            raise AzureError(codes.access.THROTTLED, str(throttled), resource=read.resource.text) from None
        if call.reply is None:
            text = judge_silence(error or TimeoutError()).text
            raise AzureError(codes.access.UNCLEAR_ANSWER, text, resource=read.resource.text)
        if not call.reply.ok:
            raise self._unreadable(row, read, call.reply)
        return call.reply

    @staticmethod
    def _unreadable(row: Row, read: Read, reply: Reply) -> AzureError:
        judged = (
            Unclear("the answer is not the JSON it should be")
            if reply.ok
            else judge_reply(reply, read.resource.namespace)
        )
        where, correlation = read.resource.text, reply.correlation_id
        if isinstance(judged, Refused):
            cause = f"{row.name} was refused: {judged.azure_code}: {judged.text}"
            return AzureError(judged.code, cause, resource=where, hint=judged.hint, correlation_id=correlation)
        if isinstance(judged, NotYet) and judged.reason == "throttled":
            return AzureError(codes.access.THROTTLED, judged.text, resource=where, correlation_id=correlation)
        cause = f"{row.name} was not answered clearly: HTTP {reply.status}: {judged.text}"
        return AzureError(codes.access.UNCLEAR_ANSWER, cause, resource=where, correlation_id=correlation)

    def _call(self, kind: Kind, label: str, resource: ResourceId, client_request_id: str) -> Call:
        return Call(kind, label, resource.subscription.lower(), client_request_id)

    def _policies(self) -> list[Any]:
        from cmk_remediate.connection.policies import policy_list

        return policy_list(
            self._connection,
            self._cloud,
            vault_hosts=self._vault_hosts,
            subscriptions=self._subscriptions,
            read_only=self._read_only,
            azure_clock=self._azure_clock,
            pacing=self._pacing,
            tokens=self._tokens,
            traffic=self.traffic,
        )


class SessionReader:
    """A session for those who may only look: it has no `send`."""

    def __init__(self, session: Session) -> None:
        """Look through *session*."""
        self._session = session

    async def read(self, read: Read) -> Answer:
        """Return the answer to *read*; see `Session.read`."""
        return await self._session.read(read)

    def now(self) -> datetime:
        """Return Azure's clock."""
        return self._session.now()

    async def caller(self) -> str:
        """Return the object id of who we are; empty when the token does not say."""
        return await self._session.caller()


def _no_answer(error: Exception) -> Exception:
    """Return *error* where it stands for no answer; else raise it."""
    from cmk_remediate.connection.policies.retry import is_no_answer

    if not is_no_answer(error):
        raise error
    return error


def json_bytes(body: Any) -> bytes:
    """Return *body* as the JSON that is sent: compact, members sorted, nothing dropped."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain).encode()


def _plain(value: Any) -> Any:
    """Return a read-only mapping as a dictionary."""
    return dict(value)


async def anext_page(pages: Any) -> None:
    """Have the SDK fetch the first page of a list; what follows is asked for without it."""
    async for _ in pages.by_page():
        return
