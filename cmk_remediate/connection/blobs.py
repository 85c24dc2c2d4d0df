"""Blob storage as an `ObjectStore`, through azure-storage-blob: one container, one host, our credential.

The SDK's own retries and redirects are off: what may be sent again is decided here, and nothing leads to another host.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, TypeVar

from cmk_remediate import codes
from cmk_remediate.connection.policies.hosts import plain_https_host
from cmk_remediate.connection.tokens import Tokens, redact
from cmk_remediate.errors import CmkError, InputError, RefusedError, RunStoreError
from cmk_remediate.model.objects import Item, Tail

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from typing_extensions import Self

    from cmk_remediate.model.protocols import Connection
    from cmk_remediate.model.run_address import RunAddress

T = TypeVar("T")

SCOPE = "https://storage.azure.com/.default"
"""What a token for blob storage is asked for, in every cloud (`azure.storage.blob._shared.constants.STORAGE_OAUTH_SCOPE`)."""
ATTEMPTS = 6
"""Attempts of a request that is not answered, or with a failure of the service's own; 1, 2, 4 ... s apart (our choice)."""
PASSING = frozenset({408, 429, 500, 502, 503, 504})

_NOT_FOUND, _CONFLICT, _PRECONDITION, _RANGE = 404, 409, 412, 416
_REFUSED = (401, 403)
_SHOWN = 200


class Blobs:
    """The `model.objects.ObjectStore` in one container; see there."""

    def __init__(self, connection: Connection, where: RunAddress) -> None:
        """Ask through *connection*'s transport with its credential; nothing is asked yet.

        Raises:
            InputError: CMK123 without azure-storage-blob, CMK104 when the address is of another cloud than the connection.
        """
        if where.cloud != connection.cloud:
            cause = f"the run store is in {where.cloud}, the connection is to {connection.cloud}"
            raise InputError(codes.input_.TENANT_MISMATCH, cause, resource=where.text)
        try:
            from azure.storage.blob.aio import ContainerClient
        except ImportError as error:
            cause = "azure-storage-blob is not installed"
            raise InputError(codes.input_.BLOB_EXTRA_MISSING, cause, resource=where.text) from error
        self._where = where
        self._clock = connection.clock
        self._tokens = Tokens(connection.credential, connection.clock, attempts=1)  # `_tried` tries again
        self._container: Any = ContainerClient(
            f"https://{where.host}",
            where.container,
            credential=_Credential(self._tokens),  # type: ignore[arg-type]
            transport=OneHost(connection.transport, where.host),
            retry_total=0,
            permit_redirects=False,
        )

    @property
    def address(self) -> str:
        """Return the store's URL."""
        return self._where.text

    async def items(self, prefix: str) -> tuple[Item, ...]:
        """See `ObjectStore`."""

        async def listed() -> tuple[Item, ...]:
            found = []
            async for blob in self._container.list_blobs(name_starts_with=self._full(prefix)):
                name = str(blob.name)[len(self._full("")) :]
                found.append(Item(name, blob.lease.state in ("leased", "breaking")))
            return tuple(found)

        return await self._tried(listed, "")

    async def read(self, name: str, start: int = 0) -> bytes | None:
        """See `ObjectStore`."""

        async def downloaded() -> bytes | None:
            stream = await self._container.download_blob(self._full(name), offset=start, max_concurrency=1)
            data: bytes = await stream.readall()
            return data

        return await self._tried(downloaded, name, {_NOT_FOUND: None, _RANGE: b""})

    async def write(self, name: str, data: bytes) -> None:
        """See `ObjectStore`."""
        await self._tried(lambda: self._container.upload_blob(self._full(name), data, overwrite=True), name)

    async def begin(self, name: str) -> Tail:
        """See `ObjectStore`."""
        from azure.core import MatchConditions

        blob = self._blob(name)
        made = await self._tried(
            lambda: blob.create_append_blob(match_condition=MatchConditions.IfMissing),
            name,
            {_CONFLICT: None, _PRECONDITION: None},
        )
        if made is not None:
            return Tail()
        found = await self._tried(blob.get_blob_properties, name)
        return Tail(int(found.size), int(found.append_blob_committed_block_count or 0))

    async def append(self, name: str, data: bytes, at: int) -> Tail | None:
        """See `ObjectStore`."""
        blob = self._blob(name)
        found = await self._tried(
            lambda: blob.append_block(data, length=len(data), appendpos_condition=at), name, {_PRECONDITION: None}
        )
        return None if found is None else Tail(at + len(data), int(found["blob_committed_block_count"]))

    async def lease(self, name: str, seconds: int) -> str | None:
        """See `ObjectStore`; tried again it proposes the same id, so a lost answer costs nothing."""
        client = self._lease(name, str(uuid.uuid4()))

        async def acquired() -> str | None:
            await client.acquire(lease_duration=seconds)
            return str(client.id)

        return await self._tried(acquired, name, {_NOT_FOUND: None, _CONFLICT: None, _PRECONDITION: None})

    async def renew(self, name: str, lease: str) -> bool:
        """See `ObjectStore`."""
        client = self._lease(name, lease)

        async def renewed() -> bool:
            await client.renew()
            return True

        gone = {_NOT_FOUND: False, _CONFLICT: False, _PRECONDITION: False}
        return await self._tried(renewed, name, gone, attempts=1)

    async def delete(self, name: str, lease: str = "") -> bool:
        """See `ObjectStore`."""
        options = {"lease": lease} if lease else {}

        async def deleted() -> bool:
            await self._container.delete_blob(self._full(name), **options)
            return True

        return await self._tried(deleted, name, {_NOT_FOUND: True, _CONFLICT: False, _PRECONDITION: False})

    async def break_lease(self, name: str) -> None:
        """See `ObjectStore`."""
        client = self._lease(name, str(uuid.uuid4()))
        await self._tried(lambda: client.break_lease(lease_break_period=0), name, {_NOT_FOUND: None, _CONFLICT: None})

    def _full(self, name: str) -> str:
        return f"{self._where.prefix}/{name}" if self._where.prefix else name

    def _blob(self, name: str) -> Any:
        return self._container.get_blob_client(self._full(name))

    def _lease(self, name: str, lease: str) -> Any:
        from azure.storage.blob.aio import BlobLeaseClient

        return BlobLeaseClient(self._blob(name), lease_id=lease)

    async def _tried(
        self,
        job: Callable[[], Awaitable[T]],
        name: str,
        expected: Mapping[int, T] | None = None,
        *,
        attempts: int = ATTEMPTS,
    ) -> T:
        """Return what *job* returns, or what *expected* says of the status it ends with; try again what may pass."""
        from azure.core.exceptions import AzureError, HttpResponseError

        answers = dict(expected or {})
        for attempt in range(1, attempts + 1):
            try:
                return await job()
            except HttpResponseError as error:
                status = int(error.status_code or 0)
                code = str(getattr(error, "error_code", None) or "")
                if status in answers and code != "ContainerNotFound":
                    return answers[status]
                if attempt == attempts or status not in PASSING:
                    raise self._error(status, code, str(error.reason or error.message), name) from None
            except (AzureError, OSError, TimeoutError) as error:
                if attempt == attempts:
                    raise self._error(0, "", str(error), name) from None
            except CmkError as error:
                # No token. Whoever never had one has not signed in; what led to another host would lead there again.
                passes = self._tokens.gave(SCOPE) and not isinstance(error, RefusedError)
                if attempt == attempts or not passes:
                    raise self._unusable(error.cause, name, error.hint) from None
            await self._clock.sleep(2.0 ** (attempt - 1))
        raise AssertionError(attempts)

    def _error(self, status: int, code: str, text: str, name: str) -> RunStoreError:
        said = redact(text.partition("\n")[0])[:_SHOWN]
        cause = f"blob storage answered {status} {code or said}" if status else f"blob storage did not answer: {said}"
        hint = ""
        if status in _REFUSED:
            who = f"Storage Blob Data Contributor on {self._where.container}"
            hint = f"Give whoever runs this {who}, and a way through the account's firewall."
        elif code in ("ContainerNotFound", "ContainerBeingDeleted"):
            hint = f"Make the container {self._where.container} first."
        return self._unusable(cause, name, hint)

    def _unusable(self, cause: str, name: str, hint: str) -> RunStoreError:
        where = f"{self._where.text}/{name}" if name else self._where.text
        return RunStoreError(codes.engine.JOURNAL_UNWRITABLE, cause, resource=where, hint=hint)


class OneHost:
    """A connection's transport, for one host; the SDK neither opens nor closes it."""

    def __init__(self, transport: Any, host: str) -> None:
        """Send to *host* only."""
        self._transport = transport
        self._host = host

    async def send(self, request: Any, **options: Any) -> Any:
        """Send, unless it leads elsewhere.

        Raises:
            RefusedError: CMK211.
        """
        if plain_https_host(request.url) != self._host:
            shown = request.url.partition("?")[0].rpartition("@")[2][:_SHOWN]
            raise RefusedError(
                codes.access.HOST_REFUSED, f"a request of the run store was addressed to {shown!r}, not to {self._host}"
            )
        return await self._transport.send(request, **options)

    async def open(self) -> None:
        """Do nothing: it is the connection's."""

    async def close(self) -> None:
        """Do nothing: it is the connection's."""

    async def sleep(self, seconds: float) -> None:
        """Let time pass, where the SDK asks for it."""
        await self._transport.sleep(seconds)

    async def __aenter__(self) -> Self:
        """Do nothing."""
        return self

    async def __aexit__(self, *details: object) -> None:
        """Do nothing."""


class _Credential:
    """Gives the SDK tokens for blob storage and for nothing else, whatever a challenge asks for."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    async def get_token(self, *_scopes: str, **_options: Any) -> Any:
        from azure.core.credentials import AccessToken

        token = await self._tokens.get(SCOPE)
        return AccessToken(token, int(self._tokens.expiry(SCOPE)))

    async def close(self) -> None:
        """Do nothing: it is the connection's."""
