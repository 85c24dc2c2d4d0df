"""A story request by request, and many stories in a few lines."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.faults.story import Shown, Story, Sum

COMMAND = "cmk-remediate replay"
MODULE = "python -m tests.faults.replay"
"""The same with a setting to tell it in."""
BROKEN_SHOWN = 6
WIDTH = 240


def lines(story: Story) -> Iterator[str]:
    """Go through the lines that tell *story*: plain reads in a row are one line, and equal polls; all else has its own."""
    yield from str(story.scenario).splitlines()
    for _, group in groupby(story.log, key=_alike):
        found = list(group)
        first, last = found[0], found[-1]
        times = first.at[11:19] if len(found) == 1 else f"{first.at[11:19]}-{last.at[11:19]}"
        head = f"  {first.process:<13} {times:<17}"
        if first.plain:
            yield f"{head}  {len(found)} read{'s' * (len(found) > 1)}"
            continue
        many = f"  {len(found)} times" if len(found) > 1 else ""
        note = f"   <- {first.struck}" if first.struck else ""
        said = f"{first.status} {first.code}" if first.status else "did not arrive"
        yield f"{head}  {first.method:<6} {_where(first.url)[-66:]:<66} {said}{many}{note}"
    for end in story.ends:
        yield from (f"  {line[:WIDTH]}" for line in end.splitlines())
    yield from (f"BROKEN: {fault[:WIDTH]}" for fault in story.faults[:BROKEN_SHOWN])
    if len(story.faults) > BROKEN_SHOWN:
        yield f"BROKEN: and {len(story.faults) - BROKEN_SHOWN} more"
    after = "".join(f", {name}: {said}" for name, said in story.after.items())
    yield f"{'disturbed':<11}: {story.disturbed}; after the causes are gone{after or ': nothing to do'}"


def _alike(one: Shown) -> tuple[object, ...]:
    """Equal for what is told in one line."""
    if one.plain:
        return one.process, "reads"
    if one.poll:
        return one.process, one.url, one.status, one.code, one.struck
    return one.process, id(one)


def _where(url: str) -> str:
    return url.split("?", maxsplit=1)[0].rsplit("/providers/", maxsplit=1)[-1]


def figures(found: Sum) -> Iterator[str]:
    """Go through the lines that say what came of many stories."""
    stops = {word: count for word, count in found.disturbed.items() if word != "done"}
    yield (
        f"{found.seeds} seeds, {found.struck} of them struck, {found.kills} processes killed, {found.requests} requests; "
        f"{len(found.broken)} broke a promise"
    )
    yield f"  struck: {found.disturbed['done']} ended where they should,"
    yield f"    {sum(stops.values())} stopped and said why: {_by_code(stops)}"
    for name, where in (("resume", "the end state"), ("rollback", "the before-image")):
        ends = {word: count for (kind, word), count in found.after.items() if kind == name}
        reached = ends.pop("done", 0)
        rest = f", {sum(ends.values())} stopped and said why: {_by_code(ends)}" if ends else ""
        yield f"  causes gone, {name}: {reached} reached {where}{rest}"


def _by_code(ends: Mapping[str, int]) -> str:
    return (
        ", ".join(f"{code} {count}" for code, count in sorted(ends.items(), key=lambda one: (-one[1], one[0])))
        or "none"
    )
