"""An event loop on virtual time: waiting takes none, and the same program always runs the same way.

The loop's selector is wrapped: when nothing is ready and no thread job runs, the time it was to wait for is added to the loop's
clock instead. While a job runs in an executor (an fsync, a file lock) the clock stands still.
"""

from __future__ import annotations

import asyncio
import selectors
from concurrent import futures
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, TypeVar

from cmk_remediate.clock import SystemClock
from cmk_remediate.simulator.faults import Killed

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")

STEP = 0.001
"""The least the clock moves by: rounding must not make the loop spin."""
_DEADLOCK = 10.0
_POLL = 0.02
_graveyard: list[object] = []


class DeadlockError(RuntimeError):
    """Nothing is scheduled, no job runs, and the program still waits."""


class _Selector(selectors.BaseSelector):
    """Waits on no clock but its own."""

    def __init__(self) -> None:
        self._real = selectors.DefaultSelector()
        self.time = 0.0
        self.jobs = 0
        self.dead = False

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.dead:
            raise Killed("the process was killed")
        ready = self._real.select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if self.jobs:
            return self._real.select(_POLL)
        if timeout is None:
            ready = self._real.select(_DEADLOCK)
            if not ready:
                raise DeadlockError("the event loop waits for something that nothing will bring about")
            return ready
        self.time += max(timeout, STEP)
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Any:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


class VirtualLoop(asyncio.SelectorEventLoop):
    """A selector loop whose clock jumps."""

    def __init__(self, *, threads: bool = True) -> None:
        """Start at zero; without *threads* their jobs run on the loop, each whole: the order is then the same every time."""
        self._virtual = _Selector()
        self._threads = threads
        super().__init__(self._virtual)
        self._executor = futures.ThreadPoolExecutor(thread_name_prefix="virtual")
        self._jobs: set[futures.Future[Any]] = set()
        self.set_default_executor(self._executor)

    def time(self) -> float:
        """Return virtual seconds since the loop was made."""
        return self._virtual.time

    def run_in_executor(  # type: ignore[override] # typeshed's type variable tuples need Python 3.11
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Run *func* in a thread; the clock stands still until it is done."""
        if not self._threads:
            return self._soon(func, *args)
        job = (executor or self._executor).submit(func, *args)
        self._jobs.add(job)
        self._virtual.jobs += 1
        future = asyncio.wrap_future(job, loop=self)
        future.add_done_callback(lambda _: self._job_done(job))
        return future

    def _soon(self, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        """Run *func* on the loop, after what is ready now."""
        future: asyncio.Future[Any] = self.create_future()

        def job() -> None:
            try:
                result = func(*args)
            except Exception as error:  # noqa: BLE001 - handed on, as a thread would
                if not future.cancelled():
                    future.set_exception(error)
            else:
                if not future.cancelled():
                    future.set_result(result)

        self.call_soon(job)
        return future

    def _job_done(self, job: futures.Future[Any]) -> None:
        self._jobs.discard(job)
        self._virtual.jobs -= 1

    def bury(self) -> None:
        """Close the loop of a killed process: what a thread of it was just doing is done, what it had not begun is not."""
        self.set_exception_handler(lambda _loop, _context: None)
        futures.wait([job for job in self._jobs if not job.cancel()])
        self.close()

    def kill(self) -> None:
        """End the process this loop stands for: nothing of it runs any more, and `run` raises `Killed`."""
        self._virtual.dead = True


class VirtualClock:
    """Azure's clock as one connection's program sees it; goes on from loop to loop.

    On a `VirtualLoop` it is virtual; on any other loop seconds are real seconds.

    Attributes:
        skew: seconds by which the program's own clock is ahead of Azure's.
    """

    def __init__(self, stamp: float, skew: float = 0.0) -> None:
        """Start at *stamp*, in seconds since 1970."""
        self._base = stamp
        self._origin = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self.skew = skew

    def stamp(self) -> float:
        """Return Azure's time in seconds since 1970."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return self._base
        if loop is not self._loop:
            self.bind(loop)
        moment = loop.time()
        self._base += moment - self._origin
        self._origin = moment
        return self._base

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Go with *loop* from now on."""
        self._loop, self._origin = loop, loop.time()

    def catch_up(self, stamp: float) -> None:
        """Move on to *stamp* if that is later: another process let time pass."""
        self._base = max(self.stamp(), stamp)

    def fold(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take in what has passed on *loop* before it closes."""
        if loop is self._loop:
            self._base += loop.time() - self._origin
            self._loop = None

    def now(self) -> datetime:
        """Return the time of day as the program's own clock shows it."""
        return datetime.fromtimestamp(self.stamp() + self.skew, timezone.utc)

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return self.stamp()

    async def sleep(self, seconds: float) -> None:
        """Let *seconds* pass."""
        self.stamp()
        await SystemClock().sleep(seconds)


def run(main: Callable[[], Coroutine[Any, Any, T]], clock: VirtualClock | None = None, *, threads: bool = True) -> T:
    """Run *main* on a new `VirtualLoop` and return what it returns.

    Raises:
        Killed: a fault killed the process; its tasks are left as they stood, none of their code runs again.
    """
    loop = VirtualLoop(threads=threads)
    if clock is not None:
        clock.bind(loop)
    killed = False
    try:
        return loop.run_until_complete(main())
    except Killed:
        killed = True
        raise
    finally:
        if clock is not None:
            clock.fold(loop)
        if killed:
            _graveyard.append((loop, asyncio.all_tasks(loop)))
            loop.bury()
        else:
            _wind_down(loop)


def _wind_down(loop: asyncio.AbstractEventLoop) -> None:
    left = sorted(asyncio.all_tasks(loop), key=lambda task: task.get_name())
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
