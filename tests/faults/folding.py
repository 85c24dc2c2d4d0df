"""A story on one screen: reads and polls in a row are one line, uneventful stretches are folded until it fits."""

from __future__ import annotations

import re
import textwrap
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from tests.faults.fitting import fold
from tests.faults.rows import INDENT, WIDTH, Part, Row, cut, time

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.faults.story import Shown, Story

HEIGHT = 50
NOT_DONE_SHOWN = 3
BROKEN_SHOWN = 3
_ABOVE = re.compile(r"/subscriptions/\S*/")


def screen(story: Story) -> Iterator[str]:
    """Go through the lines that tell *story* on one screen of `WIDTH` by `HEIGHT`."""
    head = [line for text in str(story.scenario).splitlines() for line in _wrapped(text, 3)]
    foot = [*_ends(story), *_broken(story), *_wrapped(_after(story), 2)]
    parts = told(story)
    fold(parts, HEIGHT - len(head) - len(foot))
    yield from head
    for part in parts:
        yield f"{part.process}:"
        yield from map(str, part.rows)
    yield from foot


def told(story: Story) -> list[Part]:
    """Return what each process asked, before anything is folded."""
    return [Part(process, _rows(list(log))) for process, log in groupby(story.log, key=lambda one: one.process)]


def _rows(log: Sequence[Shown]) -> list[Row]:
    """Return a line for each request but for plain reads and answered polls: what stands between two others is one line."""
    rows: list[Row] = []
    for quiet, group in groupby(log, key=lambda one: not one.struck and (one.plain or (one.poll and one.status < 300))):
        found = list(group)
        if quiet:
            reads = sum(one.plain for one in found)
            rows.append(Row(time(found[0]), time(found[-1]), reads=reads, polls=len(found) - reads))
        else:
            rows += [Row(time(one), time(one), one) for one in found]
    return _again(rows)


def _again(rows: list[Row]) -> list[Row]:
    """Make one line of a request that is sent, and answered alike, again and again with only reads between."""
    found: list[Row] = []
    for row in rows:
        before = found[-2] if len(found) > 1 and found[-1].what is None else found[-1] if found else None
        if row.what is not None and before is not None and before.what is not None and _alike(row.what, before.what):
            if before is not found[-1]:
                found.pop()
            found[-1] = replace(before, last=row.last, times=before.times + 1)
        else:
            found.append(row)
    return found


def _alike(one: Shown, other: Shown) -> bool:
    names = ("method", "url", "status", "code", "struck")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def _ends(story: Story) -> Iterator[str]:
    for end in story.ends:
        first, *targets = end.splitlines()
        yield cut(first, WIDTH, end=True)
        bad = [_ABOVE.sub("", line) for line in targets if ": done " not in line]
        news = [line for line in bad if ": blocked " not in line]  # what is blocked the review has said
        yield from (cut(f"{INDENT}{line}", WIDTH, end=True) for line in news[:NOT_DONE_SHOWN])
        if len(news) > NOT_DONE_SHOWN:
            yield f"{INDENT}and {len(news) - NOT_DONE_SHOWN} more"


def _broken(story: Story) -> Iterator[str]:
    for fault in story.faults[:BROKEN_SHOWN]:
        yield from _wrapped(f"BROKEN: {_ABOVE.sub('', fault)}", 3)
    if len(story.faults) > BROKEN_SHOWN:
        yield f"BROKEN: and {len(story.faults) - BROKEN_SHOWN} more"


def _after(story: Story) -> str:
    after = ", ".join(f"{name}: {said}" for name, said in story.after.items()) or "nothing to do"
    return f"after the causes are gone: {after}; while disturbed: {story.disturbed}"


def _wrapped(text: str, most: int) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=INDENT, max_lines=most, placeholder=" ...")
