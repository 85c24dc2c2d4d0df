"""So many outages at once. Fails: more targets are down together than the plan permits, or none is ever let go on."""

from __future__ import annotations

import asyncio

from cmk_remediate.engine.slots import Slots


async def _let_all_run() -> None:
    for _ in range(5):
        await asyncio.sleep(0)  # noqa: TID251 - no time passes


async def _taken(slots: Slots, *keys: str) -> list[str]:
    """Return which of *keys* got their slot, in order, once all that can has happened."""
    got: list[str] = []

    async def take(key: str) -> None:
        await slots.take(key)
        got.append(key)

    waiting = [asyncio.ensure_future(take(key)) for key in keys]  # noqa: TID251 - the test is about waiting
    await _let_all_run()
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    return got


def test_no_more_than_so_many_at_once() -> None:
    async def run() -> None:
        slots = Slots(2)
        assert await _taken(slots, "a", "b", "c") == ["a", "b"]
        assert await _taken(slots, "a", "c") == ["a"], "what has its slot keeps it"
        slots.free("a")
        assert await _taken(slots, "c", "d") == ["c"]

    asyncio.run(run())


def test_what_an_earlier_process_began_counts() -> None:
    async def run() -> None:
        slots = Slots(1, ["left", "open"])
        slots.inherit(["bracket"])
        assert await _taken(slots, "new", "left") == ["left"]
        for key in ("left", "open"):
            slots.free(key)
        assert await _taken(slots, "new") == []
        slots.free("bracket")
        assert await _taken(slots, "new") == ["new"]

    asyncio.run(run())
