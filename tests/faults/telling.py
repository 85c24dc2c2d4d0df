"""A story on one screen: each request, what struck it, and how each process ended."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.simulator.embedded import Exchange
    from tests.faults.scenario import Story

COMMAND = "python -m tests.faults.replay"


def lines(story: Story) -> Iterator[str]:
    """Go through the lines that tell *story*: writes, polls and what was struck one by one, plain reads in a row as one."""
    yield str(story.scenario)
    for (process, plain), group in groupby(story.log, key=lambda one: (one[0], _plain(*one))):
        found = list(group)
        if plain:
            yield f"  {process:<10} {found[0][1].at[11:19]}  {len(found)} reads"
            continue
        for _, one, struck in found:
            where = one.url.split("?", maxsplit=1)[0].rsplit("/providers/", maxsplit=1)[-1]
            note = f"   <- {struck}" if struck else ""
            yield f"  {process:<10} {one.at[11:19]}  {one.method:<6} {where[-70:]:<70} {one.status} {one.code}{note}"
    yield from (f"  {end}" for end in story.ends)
    yield from (f"BROKEN: {fault}" for fault in story.faults)
    yield story.outcome


def _plain(_process: str, one: Exchange, struck: str) -> bool:
    return one.reads and not struck and not one.poll
