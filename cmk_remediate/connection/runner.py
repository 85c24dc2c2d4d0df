"""The kind of event loop the plain verbs run on."""

from __future__ import annotations

import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from cmk_remediate.connection.pacing import IN_FLIGHT

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")


def run(main: Callable[[], Coroutine[Any, Any, T]], /) -> T:
    """Run *main* on a loop of its own and return what it returns.

    Where a loop already runs in this thread (a notebook), the new one runs in a helper thread. Each has as many threads as
    requests may be in flight: the transport sends each request in one.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _run(main)
    context = contextvars.copy_context()
    with ThreadPoolExecutor(1, thread_name_prefix="cmk-remediate") as helper:
        return helper.submit(context.run, _run, main).result()


def _run(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    async def whole() -> T:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="azure"))
        return await main()

    return asyncio.run(whole())
