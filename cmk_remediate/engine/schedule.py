"""The only module that makes tasks.

Python 3.10 has no TaskGroup and no `asyncio.timeout`; what is needed of them is here, and small.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from cmk_remediate import codes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence

    from cmk_remediate.clock import Clock
    from cmk_remediate.codes.code import Code
    from cmk_remediate.model.graph import Graph, Node

T = TypeVar("T")
R = TypeVar("R")

IN_FLIGHT = 64
"""How many items `each` works on at once; the connection bounds requests by itself."""


class Stop:
    """A wish to end: seen between steps and in waits, never within a write."""

    def __init__(self) -> None:
        """Nobody wishes to end yet."""
        self.reason = ""
        self.code = codes.engine.STOPPED
        self._asked = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def asked(self) -> bool:
        """Whether somebody asked."""
        return bool(self.reason)

    def ask(self, reason: str, code: Code = codes.engine.STOPPED) -> None:
        """Ask to end, for *reason*; from any thread or a signal handler."""
        if not self.reason:
            self.reason, self.code = reason, code
        if self._loop is None:
            self._asked.set()
        else:
            self._loop.call_soon_threadsafe(self._asked.set)

    async def wait(self) -> None:
        """Return once somebody has asked."""
        self._loop = asyncio.get_running_loop()
        await self._asked.wait()


async def pause(clock: Clock, seconds: float, stop: Stop) -> bool:
    """Let *seconds* pass; return early, and False, once *stop* is asked for."""
    if stop.asked:
        return False
    sleeping = asyncio.create_task(_sleep(clock, seconds))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({sleeping, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (sleeping, stopping):
            task.cancel()
    return not stop.asked


async def _sleep(clock: Clock, seconds: float) -> None:
    await clock.sleep(seconds)


async def alongside(background: Coroutine[Any, Any, None], work: Coroutine[Any, Any, T]) -> T:
    """Return what *work* returns; *background* runs meanwhile and is cancelled with its end."""
    task = asyncio.create_task(background)
    try:
        return await work
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def unless(over: Coroutine[Any, Any, None], reading: Coroutine[Any, Any, T]) -> T | None:
    """Return what *reading* returns; None when *over* ends first. Then it is cancelled, so it may only read."""
    tasks: list[asyncio.Task[Any]] = [asyncio.create_task(reading), asyncio.create_task(over)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        found: T | None = tasks[0].result() if tasks[0].done() else None
        return found
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def unless_begun(
    over: Coroutine[Any, Any, None], work: Coroutine[Any, Any, T], begun: Callable[[], bool]
) -> T | None:
    """Return what *work* returns; None when *over* ends before *begun* says that it has done something: then it is cancelled."""
    tasks: list[asyncio.Task[Any]] = [asyncio.create_task(work), asyncio.create_task(over)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        found: T | None = await tasks[0] if tasks[0].done() or begun() else None
        return found
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Await *work*; if we are cancelled meanwhile, let it finish first. A write, once begun, is never cancelled."""
    task = asyncio.create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:  # noqa: PERF203 - each cancellation is waited out
            cancelled = error
    if cancelled is not None:
        if not task.cancelled():
            task.exception()  # looked at, for nobody else will
        raise cancelled
    return task.result()


async def each(items: Sequence[T], work: Callable[[T], Awaitable[R]]) -> list[R]:
    """Return what *work* returns for each of *items*, in their order, at most `IN_FLIGHT` at once.

    The first error ends it: what is running is cancelled, the error is raised.
    """
    results: dict[int, R] = {}
    queue = iter(enumerate(items))

    async def worker() -> None:
        for index, item in queue:
            results[index] = await work(item)

    tasks = [asyncio.create_task(worker()) for _ in range(min(IN_FLIGHT, len(items)))]
    await _all(tasks)
    return [results[index] for index in range(len(items))]


async def _all(tasks: Iterable[asyncio.Task[Any]]) -> None:
    pending = list(tasks)
    try:
        await asyncio.gather(*pending)
    finally:
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)


async def walk(graph: Graph, work: Callable[[Node, Mapping[str, R]], Coroutine[Any, Any, R]]) -> dict[str, R]:
    """Run *work* on each node once all it waits for has ended, and return its results by node id.

    *work* is handed the results so far. A task exists only while its node is ready; nodes become ready in the graph's order.
    """
    waits = {node.id: len(node.before_it) for node in graph.nodes}
    followers = _followers(graph)
    ended: dict[str, R] = {}
    running: dict[str, asyncio.Task[R]] = {}
    finished: asyncio.Queue[str] = asyncio.Queue()

    def start(node: Node) -> None:
        running[node.id] = asyncio.create_task(work(node, ended))
        running[node.id].add_done_callback(lambda _: finished.put_nowait(node.id))

    try:
        for node in graph.nodes:
            if not waits[node.id]:
                start(node)
        while running:
            key = await finished.get()
            ended[key] = running.pop(key).result()
            for follower in followers[key]:
                waits[follower.id] -= 1
                if not waits[follower.id]:
                    start(follower)
    finally:
        for task in running.values():
            task.cancel()
        await asyncio.gather(*running.values(), return_exceptions=True)
    return ended


def _followers(graph: Graph) -> dict[str, list[Node]]:
    followers: dict[str, list[Node]] = {node.id: [] for node in graph.nodes}
    for node in graph.nodes:
        for earlier in node.before_it:
            followers[earlier].append(node)
    return followers
