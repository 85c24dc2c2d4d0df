"""Makes the lines of a story fit: what struck keeps its line and its surroundings, the rest is told by kind, or counted.

All uneventful stretches get the same room. One that needs more keeps the lines nearest to what struck; what is between them
is told by kind (so many PUTs of role assignments, answered alike) where that fits, else in one line that counts it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING

from tests.faults.rows import Part, Row, kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass
class _Stretch:
    """Lines in a row of one process that are all eventful, or none.

    Attributes:
        part: the process.
        rows: them.
        eventful: whether something struck.
        after: whether something struck just before.
        before: whether something struck just after.
    """

    part: Part
    rows: list[Row]
    eventful: bool
    after: bool = False
    before: bool = False
    _kinds: dict[int, list[Row]] = field(default_factory=dict)

    def lines(self, most: int) -> list[Row]:
        """Return it in at most so many lines, which are one at least."""
        if self.eventful or len(self.rows) <= most:
            return self.rows
        for near in range(most - 2, -1, -1):
            if near not in self._kinds:
                self._kinds[near] = _by_kind(self._middle(near))
            if near + len(self._kinds[near]) <= most:
                return self._around(near, self._kinds[near])
        return self._around(most - 1, [_counted(self._middle(most - 1))])

    def _around(self, near: int, told: list[Row]) -> list[Row]:
        """Return the *near* nearest lines around what is *told* of the others."""
        first, last = self._near(near)
        return [*self.rows[:first], *told, *self.rows[len(self.rows) - last :]]

    def _middle(self, near: int) -> list[Row]:
        first, last = self._near(near)
        return self.rows[first : len(self.rows) - last]

    def _near(self, many: int) -> tuple[int, int]:
        """Return how many of the first and of the last *many* nearest lines are: without anything near, all of the last."""
        first = 0 if not self.after else many // 2 if self.before else many
        return first, many - first


def fold(parts: list[Part], room: int) -> None:
    """Fold uneventful stretches until all parts take no more than *room* lines, if that can be."""
    stretches = [one for part in parts for one in _stretches(part)]
    room -= len(parts)

    def height(given: list[int]) -> int:
        return sum(len(one.lines(lines)) for one, lines in zip(stretches, given, strict=True))

    widest = max(1, min(room, max((len(one.rows) for one in stretches), default=1)))
    most = next((one for one in range(widest, 1, -1) if height([one] * len(stretches)) <= room), 1)
    given = [most] * len(stretches)
    for number, one in enumerate(stretches):  # what is left over goes to the first that can use it
        left = room - height(given) + len(one.lines(most))
        given[number] = next((more for more in range(widest, most, -1) if len(one.lines(more)) <= left), most)
    for part in parts:
        part.rows = [
            row for one, lines in zip(stretches, given, strict=True) if one.part is part for row in one.lines(lines)
        ]


def _stretches(part: Part) -> Iterator[_Stretch]:
    found = [
        _Stretch(part, list(rows), eventful) for eventful, rows in groupby(part.rows, key=lambda row: row.eventful)
    ]
    for number, one in enumerate(found):
        one.after, one.before = number > 0, number + 1 < len(found)
        yield one


def _by_kind(rows: Sequence[Row]) -> list[Row]:
    """Return a line for all plain reads and polls, and one for all requests of a kind that were answered alike."""
    made: dict[tuple[object, ...], Row] = {}
    for row in rows:
        one = row.what
        key = () if one is None else (one.method, kind(one), one.status, one.code)
        known = made.get(key)
        if known is None:
            made[key] = row
        elif one is None:
            made[key] = _counted([known, row])
        else:
            named = kind(one) if known.kind or known.what is None or known.what.url != one.url else ""
            made[key] = replace(known, last=row.last, times=known.times + row.times, kind=named)
    return list(made.values())


def _counted(rows: Sequence[Row]) -> Row:
    writes = sum(row.writes + (row.times if row.what is not None else 0) for row in rows)
    reads, polls = sum(row.reads for row in rows), sum(row.polls for row in rows)
    return Row(rows[0].first, max(row.last for row in rows), reads=reads, polls=polls, writes=writes)
