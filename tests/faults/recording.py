"""What came of deaths and seeded runs, kept in a file as they go: a campaign cut short goes on, no figure is typed by hand.

The file holds JSON lines: first what the seeds meant (what they choose from), then one for each share of the seeds and for each job
of deaths.
"""

from __future__ import annotations

import json
import platform
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cmk_remediate.clock import SystemClock
from tests.faults.crashes import Tally
from tests.faults.mishaps import KILLS, ON, OPERATIONS, OWNER, WIRE, WRITES
from tests.faults.scenario import READINGS, SETTINGS
from tests.faults.story import Sum

if TYPE_CHECKING:
    from pathlib import Path


class OtherSeedsError(Exception):
    """The seeds of the file meant something else."""


@dataclass
class Kept:
    """What a file of results holds.

    Attributes:
        python: the version that ran it.
        began: the day (ISO 8601) it was begun on.
        done: the seeds that were run.
        found: what came of them.
        processor: seconds of processor time they took.
        jobs: the names of the jobs of deaths that were done.
        tallies: what came of them, by plan.
        processor_of_jobs: seconds of processor time those took.
    """

    python: str = ""
    began: str = ""
    done: set[int] = field(default_factory=set)
    found: Sum = field(default_factory=Sum)
    processor: float = 0.0
    jobs: set[str] = field(default_factory=set)
    tallies: dict[str, Tally] = field(default_factory=dict)
    processor_of_jobs: float = 0.0

    def crash(self, tally: Tally) -> None:
        """Count in what a job found out about a plan."""
        self.tallies.setdefault(tally.name, Tally(tally.name)).merge(tally)

    def to_json(self) -> dict[str, Any]:
        """Return the figures alone: of the deaths, of the seeds, of each that there are."""
        made = {"python": self.python, "began": self.began}
        found: dict[str, Any] = {}
        if self.tallies:
            plans = {name: plain_tally(tally) for name, tally in self.tallies.items()}
            found["deaths"] = {**made, "processor_seconds": round(self.processor_of_jobs), "plans": plans}
        if self.done:
            span = {"first": min(self.done), "last": max(self.done), "processor_seconds": round(self.processor)}
            found["seeds"] = {**made, **span, **plain(self.found)}
        return found


def plain_tally(tally: Tally) -> dict[str, Any]:
    """Return *tally* as JSON."""
    counted = {"points": dict(sorted(tally.points.items())), "again": dict(sorted(tally.again.items()))}
    return {"heirs": tally.heirs, **counted, "broken": tally.faults}


def tallied(name: str, row: dict[str, Any]) -> Tally:
    """Return the tally of the plan *name* that `plain_tally` wrote."""
    return Tally(name, Counter(row["points"]), row["heirs"], Counter(row["again"]), list(row["broken"]))


def plain(found: Sum) -> dict[str, Any]:
    """Return *found* as JSON."""
    after: dict[str, dict[str, int]] = {}
    for (name, word), count in sorted(found.after.items()):
        after.setdefault(name, {})[word] = count
    return {
        "seeds": found.seeds,
        "struck": found.struck,
        "kills": found.kills,
        "requests": found.requests,
        "scenes": dict(sorted(found.scenes.items())),
        "mishaps": dict(sorted(found.mishaps.items())),
        "disturbed": dict(sorted(found.disturbed.items())),
        "after": after,
        "broken": [list(one) for one in sorted(found.broken)],
    }


def summed(row: dict[str, Any]) -> Sum:
    """Return the sum that `plain` wrote."""
    after = {(name, word): count for name, ends in row["after"].items() for word, count in ends.items()}
    counted = {name: Counter(row[name]) for name in ("scenes", "mishaps", "disturbed")}
    numbers = {name: row[name] for name in ("seeds", "struck", "kills", "requests")}
    broken = [(seed, fault) for seed, fault in row["broken"]]
    return Sum(**{**numbers, **counted}, after=Counter(after), broken=broken)


def begin(path: Path, only: str = "") -> Kept:
    """Return what *path* holds; begin it where it is not there; *only*: its seeds are all of that setting.

    Raises:
        OtherSeedsError: its seeds chose from other scenes, mishaps or readings than they do now.
    """
    meant = {
        "scenes": [only] if only else list(SETTINGS),
        "mishaps": [*WIRE, *WRITES, *OPERATIONS, *OWNER, *KILLS],
        "readings": READINGS,
        "on": {kind: list(strikes) for kind, strikes in ON.items()},
    }
    if not path.exists():
        began = f"{SystemClock().now():%Y-%m-%d}"
        head = {"python": platform.python_version(), "began": began, **meant}
        path.write_text(json.dumps(head) + "\n", "utf-8")
    head, *rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.endswith("}")]
    for name, now in meant.items():
        if head.get(name) != now:
            raise OtherSeedsError(f"{path}: its seeds chose from these {name}: {head.get(name)}")
    kept = Kept(head["python"], head["began"])
    for row in rows:
        if "job" in row:
            kept.jobs.add(row["job"])
            kept.crash(tallied(row["plan"], row))
            kept.processor_of_jobs += row["processor_seconds"]
            continue
        kept.done.update(range(row["first"], row["first"] + row["seeds"]))
        kept.found.merge(summed(row))
        kept.processor += row["processor_seconds"]
    return kept


def add_job(path: Path, job: str, tally: Tally, processor: float) -> None:
    """Append what came of the *job* of deaths."""
    row = {"job": job, "plan": tally.name, "processor_seconds": round(processor, 2), **plain_tally(tally)}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def write_figures(path: Path, kept: Kept) -> None:
    """Write what was *kept* to *path*; figures of what it holds nothing of stay."""
    before = json.loads(path.read_text("utf-8")) if path.exists() else {}
    path.write_text(json.dumps({**before, **kept.to_json()}, indent=2) + "\n", "utf-8")


def add(path: Path, first: int, found: Sum, processor: float) -> None:
    """Append what came of the share of seeds that begins with *first*."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"first": first, "processor_seconds": round(processor, 2), **plain(found)}) + "\n")
