"""A story on one screen: reads and polls in a row are one line, uneventful stretches are folded until it fits."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING

from tests.faults.story import Shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.faults.story import Story

WIDTH = 80
HEIGHT = 50
NOT_DONE_SHOWN = 3
BROKEN_SHOWN = 3
_INDENT = "  "
_LEAST = 12
"""Signs of a path that are always shown."""
_ABOVE = re.compile(r"/subscriptions/\S*/")


@dataclass(frozen=True)
class Row:
    """One line of requests.

    Attributes:
        first: when the first of them was answered.
        last: when the last was.
        what: the request, where the line is of one alone, or of one that was sent again and again.
        reads: plain reads.
        polls: answered polls.
        writes: others, folded away.
        times: how often *what* was sent.
    """

    first: str
    last: str
    what: Shown | None = None
    reads: int = 0
    polls: int = 0
    writes: int = 0
    times: int = 1

    @property
    def eventful(self) -> bool:
        """Whether it must be seen."""
        return self.what is not None and (bool(self.what.struck) or self.what.status == 0)

    def __str__(self) -> str:
        """Return it as a line."""
        times = self.first if self.first == self.last else f"{self.first}-{self.last}"
        if self.what is None:
            counts = ((self.writes, "write"), (self.reads, "read"), (self.polls, "poll"))
            said = ", ".join(f"{count} {name}{'s' * (count > 1)}" for count, name in counts if count)
            return f"{_INDENT}{times:<18}{said}"
        one = self.what
        answer = f"{one.status} {'' if one.struck else one.code}".strip() if one.status else "did not arrive"
        answer += f" {self.times} times" if self.times > 1 else ""
        answer += f" <- {one.struck}" if one.struck else ""
        where = one.url.split("?", maxsplit=1)[0].rsplit("/providers/", maxsplit=1)[-1]
        begun = f"{_INDENT}{times:<18}{one.method} "
        if len(begun) + _LEAST + len(answer) >= WIDTH:
            begun = f"{_INDENT}{times} {one.method} "
        room = max(_LEAST, WIDTH - len(begun) - len(answer) - 1)
        return _cut(f"{begun}{_cut(where, room)} {answer}", WIDTH, end=True)


@dataclass
class Part:
    """What one process asked."""

    process: str
    rows: list[Row] = field(default_factory=list)


def screen(story: Story) -> Iterator[str]:
    """Go through the lines that tell *story* on one screen of `WIDTH` by `HEIGHT`."""
    head = [line for text in str(story.scenario).splitlines() for line in _wrapped(text, 3)]
    foot = [*_ends(story), *_broken(story), *_wrapped(_after(story), 2)]
    parts = [Part(process, _rows(list(log))) for process, log in groupby(story.log, key=lambda one: one.process)]
    _fold(parts, HEIGHT - len(head) - len(foot))
    yield from head
    for part in parts:
        yield f"{part.process}:"
        yield from map(str, part.rows)
    yield from foot


def _rows(log: Sequence[Shown]) -> list[Row]:
    """Return a line for each request but for plain reads and answered polls: what stands between two others is one line."""
    rows: list[Row] = []
    for quiet, group in groupby(log, key=lambda one: not one.struck and (one.plain or (one.poll and one.status < 300))):
        found = list(group)
        if quiet:
            reads = sum(one.plain for one in found)
            rows.append(Row(_time(found[0]), _time(found[-1]), reads=reads, polls=len(found) - reads))
        else:
            rows += [Row(_time(one), _time(one), one) for one in found]
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


def _fold(parts: list[Part], room: int) -> None:
    """Fold the longest uneventful stretch, and again, until all parts take no more than *room* lines."""
    while sum(len(part.rows) + 1 for part in parts) > room:
        stretches = [
            (stop - start, -number, start, stop) for number, part in enumerate(parts) for start, stop in _quiet(part)
        ]
        length, number, start, stop = max(stretches, default=(0, 0, 0, 0))
        if length < 2:
            return
        # Not more than needed: what a run began with is worth less than what it came to.
        stop = min(stop, start + max(2, sum(len(part.rows) + 1 for part in parts) - room + 1))
        rows = parts[-number].rows
        rows[start:stop] = [_one(rows[start:stop])]


def _quiet(part: Part) -> Iterator[tuple[int, int]]:
    """Go through the stretches of *part* without an event: where each starts and stops."""
    at = 0
    for eventful, group in groupby(part.rows, key=lambda row: row.eventful):
        length = len(list(group))
        if not eventful:
            yield at, at + length
        at += length


def _one(rows: Sequence[Row]) -> Row:
    writes = sum(row.writes + (row.times if row.what is not None else 0) for row in rows)
    reads, polls = sum(row.reads for row in rows), sum(row.polls for row in rows)
    return Row(rows[0].first, rows[-1].last, reads=reads, polls=polls, writes=writes)


def _ends(story: Story) -> Iterator[str]:
    for end in story.ends:
        first, *targets = end.splitlines()
        yield _cut(first, WIDTH, end=True)
        bad = [_ABOVE.sub("", line) for line in targets if ": done " not in line]
        yield from (_cut(f"{_INDENT}{line}", WIDTH, end=True) for line in bad[:NOT_DONE_SHOWN])
        if len(bad) > NOT_DONE_SHOWN:
            yield f"{_INDENT}and {len(bad) - NOT_DONE_SHOWN} more"


def _broken(story: Story) -> Iterator[str]:
    for fault in story.faults[:BROKEN_SHOWN]:
        yield from _wrapped(f"BROKEN: {_ABOVE.sub('', fault)}", 3)
    if len(story.faults) > BROKEN_SHOWN:
        yield f"BROKEN: and {len(story.faults) - BROKEN_SHOWN} more"


def _after(story: Story) -> str:
    after = ", ".join(f"{name}: {said}" for name, said in story.after.items()) or "nothing to do"
    return f"disturbed: {story.disturbed}; after the causes are gone: {after}"


def _wrapped(text: str, most: int) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=_INDENT, max_lines=most, placeholder=" ...")


def _cut(text: str, most: int, *, end: bool = False) -> str:
    """Return *text* in at most so many signs: its end, or its beginning where the *end* goes."""
    if len(text) <= most:
        return text
    return f"{text[: most - 3]}..." if end else f"...{text[3 - most :]}"


def _time(one: Shown) -> str:
    return one.at[11:19]
