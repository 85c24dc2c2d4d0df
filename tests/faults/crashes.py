"""Deaths of every kind, tallied: of an apply, of its resume, of its rollback; and who comes after."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.heirs import Play
from tests.faults.moments import record
from tests.faults.plans import SECOND

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Sequence

    from tests.faults.heirs import Verdict
    from tests.faults.moments import Moment
    from tests.faults.plans import Case

STATUS_GONE = 25 * 3600.0
"""Seconds after which a status URL answers 404: Azure keeps it for a day."""

SLOW = 200.0
"""Seconds an operation takes there: several times what a change of SQL usually does."""


SAFETY = Path(__file__).parents[2] / "docs" / "safety.md"


def named_in_docs() -> set[str]:
    """Return the step kinds that docs/safety.md says may go out again after an effect that nobody could see."""
    table = SAFETY.read_text("utf-8").partition("<!-- again -->")[2].partition("<!-- /again -->")[0]
    return set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))


@dataclass
class Tally:
    """What was tried and what came of it.

    Attributes:
        name: of the plan.
        points: how many crash points, by what was under way.
        heirs: how many processes went on from one.
        again: step kinds whose byte-equal request took effect a second time, and how often.
        faults: what went wrong, in words.
    """

    name: str
    points: Counter[str] = field(default_factory=Counter)
    heirs: int = 0
    again: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def add(self, verdict: Verdict) -> None:
        """Count one heir."""
        self.heirs += 1
        self.again += verdict.again
        self.faults += verdict.faults

    def merge(self, other: Tally) -> None:
        """Count in what another process counted of the same plan."""
        self.heirs += other.heirs
        self.points += other.points
        self.again += other.again
        self.faults += other.faults

    def __str__(self) -> str:
        """Return the crash points in a line."""
        points = ", ".join(f"{count} {what}" for what, count in self.points.items())
        again = ", ".join(f"{kind} {count}" for kind, count in sorted(self.again.items())) or "nothing"
        return f"{self.name}: {points}; {self.heirs} heirs; sent again after an effect nobody could see: {again}"


def of_apply(play: Play, moments: Iterable[Moment], tally: Tally) -> None:
    """Die at each of *moments*; resume once, roll back once.

    After an answer and before the next request, at the same instant, the same is left: the same heirs go on from both.
    """
    known: set[tuple[object, ...]] = set()
    for moment in moments:
        tally.points[f"{moment.kind} a request of apply" if moment.kind != "pending" else "in an operation"] += 1
        if moment.instant not in known:
            known.add(moment.instant)
            tally.add(play.resumed(moment))
            tally.add(play.undone(moment))


def of_resume(play: Play, starts: Iterable[Moment], tally: Tally, *, most: int, dice: random.Random) -> None:
    """Die at each of *starts*, then again at moments of the resume; resume once, roll back once."""
    for start in starts:
        again = record(start.reborn(play.folder), play.resume, start.log)
        for moment in sample(again.moments, most, dice):
            tally.points["in a resume"] += 1
            tally.add(play.resumed(moment))
            tally.add(play.undone(moment))


def of_rollback(play: Play, starts: Iterable[Moment], tally: Tally, *, most: int, dice: random.Random) -> None:
    """Roll back what each of *starts* left, die at moments of that, and roll back again."""
    for start in starts:
        if not start.left.journals:
            continue
        back = record(start.reborn(play.folder), play.rollback, start.log)
        for moment in sample(back.moments, most, dice):
            tally.points["in a rollback"] += 1
            tally.add(play.undone(moment))


def of_others(case: Case, folder: Path, tally: Tally, *, most: int, dice: random.Random) -> None:
    """Go on as somebody else, who may not see the first one's operations; and a day later, when nobody can."""
    play = Play(case.having(status_starter_only=True), folder)
    for moment in sample(distinct(play.moments), most, dice):
        tally.points["taken over by another"] += 1
        tally.add(play.resumed(moment, caller=SECOND))
        tally.add(play.undone(moment, caller=SECOND))
    pending = [one for one in play.moments if one.kind == "pending"]
    for moment in sample(pending, most, dice):
        tally.points["a day later"] += 1
        tally.add(play.resumed(moment, after=STATUS_GONE))
        tally.add(play.undone(moment, after=STATUS_GONE))


def of_slow_operations(case: Case, folder: Path, tally: Tally, *, most: int, dice: random.Random) -> None:
    """Die where every operation takes longer than it usually does: what was sent shows late, and a lost answer stays lost.

    Once with the default readings of what a GET shows meanwhile, once where it shows the new value at once. Who goes on from
    within an operation does so in both names: the second may not read its status.
    """
    slow = case.having(operation_seconds=SLOW, status_starter_only=True)
    for one, words in ((slow, "slow"), (slow.shown_at_once(), "slow and shown at once")):
        play, point = Play(one, folder), f"where operations are {words}"
        for moment in sample(distinct(play.moments), most, dice):
            tally.points[point] += 1
            tally.add(play.resumed(moment))
            tally.add(play.undone(moment))
            if moment.kind == "pending":
                tally.points[point] += 1
                tally.add(play.resumed(moment, caller=SECOND))
                tally.add(play.undone(moment, caller=SECOND))


def distinct(moments: Sequence[Moment]) -> list[Moment]:
    """Return the first of those moments that leave the same behind."""
    found: dict[tuple[object, ...], Moment] = {}
    for moment in moments:
        found.setdefault(moment.key, moment)
    return list(found.values())


def sample(moments: Sequence[Moment], most: int, dice: random.Random) -> list[Moment]:
    """Return at most so many of *moments*, in their order; all where *most* is 0."""
    if not most or len(moments) <= most:
        return list(moments)
    return [moments[index] for index in sorted(dice.sample(range(len(moments)), most))]
