"""The outside world as one value, and the shapes the layers know each other by."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from cmk_remediate.clock import Clock

T = TypeVar("T")


class AsyncCredential(Protocol):
    """What the SDKs ask for tokens (`azure.core.credentials_async.AsyncTokenCredential`)."""

    async def get_token(self, *scopes: str, **options: Any) -> Any:
        """Return an `azure.core.credentials.AccessToken`."""

    async def close(self) -> None:
        """Let go of what the credential holds."""


class Runner(Protocol):
    """A kind of event loop: how the plain verbs run a coroutine to its end."""

    def __call__(self, main: Callable[[], Coroutine[Any, Any, T]], /) -> T:
        """Run *main* on a loop of this kind and return what it returns."""


@dataclass(frozen=True)
class Connection:
    """The outside world: what `connect()` and `simulator.open()` both return.

    Attributes:
        transport: an `azure.core.pipeline.transport.AsyncHttpTransport`; shared by all clients, closed once by `close`.
        credential: who we are.
        clock: what the time is.
        cloud: ``AzureCloud``, ``AzureUSGovernment`` or ``AzureChinaCloud``.
        run: the kind of loop the plain verbs use.
        close: lets go of transport and credential.
        simulated: the state file of the embedded Azure, or None for the real one.
    """

    transport: Any
    credential: AsyncCredential
    clock: Clock
    cloud: str
    run: Runner
    close: Callable[[], Coroutine[Any, Any, None]]
    simulated: str | None = None
