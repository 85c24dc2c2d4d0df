"""Every plan's deaths, shared out in jobs: of its apply at each moment; in its resume and rollback, and of others, at some."""

from __future__ import annotations

import os
import random
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from tests.faults import crashes
from tests.faults.heirs import Play
from tests.faults.plans import Case, bracketed, own_key, services, shipped, smallest, smallest_of

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")
SHARES = 16
"""Jobs that the deaths of one plan's apply are shared out in."""

Part = Literal["apply", "again", "others"]
"""A death in the apply; one more in what came after it; somebody else, another day or a slow Azure after it."""


@dataclass(frozen=True)
class Extent:
    """How much of the second deaths is tried; the first ones are all.

    Attributes:
        starts: moments of the apply that a second death comes after, and that somebody else goes on from; 0 for all.
        each: moments of each resume and rollback; 0 for all.
    """

    starts: int = 0
    each: int = 0


SMALL = Extent(each=6)
WHOLE = Extent(starts=40, each=1)
"""Of a plan as it is shipped; all of the estate's would take a day."""


@dataclass(frozen=True)
class Job:
    """A part of a plan's deaths.

    Attributes:
        number: of the plan in `cases`.
        share: of its first deaths, from 0.
        most: moments a sample takes at most, for who is in a hurry; 0 for what the plan's extent says.
    """

    number: int
    part: Part
    share: int
    most: int

    @property
    def name(self) -> str:
        """What a record calls it."""
        few = f", samples of {self.most}" if self.most else ""
        return f"{cases()[self.number][0].name}, {self.part} {self.share + 1}{few}"


@lru_cache(maxsize=1)
def cases() -> list[tuple[Case, Extent]]:
    """Return every plan that is crashed, and how far."""
    small = [*map(smallest_of, services()), smallest(present=False), *own_key(), bracketed()]
    every = Extent()
    return [
        *((case, every if case.name == smallest().name else SMALL) for case in small),
        *((case, WHOLE) for case in shipped()),
    ]


def jobs(most: int) -> list[Job]:
    """Return all jobs, those of an estate last; of the others the first deaths of every plan come before any second one."""
    estates = {number for number, (case, _) in enumerate(cases()) if "plans" in case.scene.plan}
    singles = [number for number in range(len(cases())) if number not in estates]
    parts: tuple[Part, ...] = ("again", "others")
    found: list[Job] = []
    for numbers in (singles, sorted(estates)):
        found += [Job(number, "apply", share, most) for number in numbers for share in range(SHARES)]
        found += [Job(number, part, 0, most) for number in numbers for part in parts]
    return found


def carried_out(given: tuple[str, Job]) -> tuple[Job, crashes.Tally, float]:
    """Carry out a job in this process's own part of a folder; return it, what came of it, and seconds of processor time."""
    folder, job = given
    began = time.process_time()
    case, extent = cases()[job.number]
    tally = crashes.Tally(case.name)
    dice = random.Random(job.number)
    play = _play(Path(folder).resolve() / str(os.getpid()), job.number)
    starts = crashes.sample(crashes.distinct(play.moments), job.most or extent.starts, dice)
    if job.part == "apply":
        crashes.of_apply(play, shared(play.moments, job.share), tally)
    elif job.part == "again":
        each = job.most or extent.each
        end = [play.recording.end] if play.recording.end is not None else []
        crashes.of_resume(play, starts, tally, most=each, dice=dice)
        crashes.of_rollback(play, [*end, *starts], tally, most=each, dice=dice)
    else:
        most = job.most or extent.starts
        crashes.of_others(case, play.folder, tally, most=most, dice=dice)
        crashes.of_slow_operations(case, play.folder, tally, most=most, dice=dice)
    return job, tally, time.process_time() - began


@lru_cache(maxsize=1)
def _play(folder: Path, number: int) -> Play:
    """Return the undisturbed run of a plan: a process takes on its jobs one after the other."""
    return Play(cases()[number][0], folder / "runs")


def shared(moments: Sequence[T], share: int) -> Sequence[T]:
    """Return neighbours: of those of one instant the same heirs go on."""
    return moments[len(moments) * share // SHARES : len(moments) * (share + 1) // SHARES]
