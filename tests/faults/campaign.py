"""`make faults`: every crash point of every plan, then seeded runs. `python -m tests.faults [RUNS] [--crashes N]`."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.faults import crashes
from tests.faults.heirs import Play
from tests.faults.plans import Case, shipped, smallest
from tests.faults.scenario import told_story
from tests.faults.telling import COMMAND

CHUNK = 50
"""Seeds a process takes on at once."""
FRESH = 4
"""Chunks after which a process is replaced: killed runs keep their event loops."""


def cases() -> list[Case]:
    """Return every plan that is crashed."""
    return [smallest(), smallest(present=False), *shipped()]


def crashed(job: tuple[int, int, int, int]) -> crashes.Tally:
    """Crash one plan's share: (case, share, of how many, moments a sample takes; 0 for all)."""
    number, share, shares, most = job
    case = cases()[number]
    tally = crashes.Tally(case.name)
    dice = random.Random(number * 97 + share)
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder).resolve() / "runs"
        play = Play(case, runs)
        crashes.of_apply(play, play.moments[share::shares], tally)
        starts = crashes.distinct(play.moments)[share::shares]
        few = most or (0 if number == 0 else 6)
        crashes.of_resume(play, starts, tally, most=few, dice=dice)
        end = [play.recording.end] if play.recording.end is not None and not share else []
        crashes.of_rollback(play, [*end, *starts], tally, most=few, dice=dice)
        crashes.of_others(case, runs, tally, most=most, dice=dice) if share == 0 else None
        crashes.of_slow_operations(case, runs, tally, most=most, dice=dice) if share == shares - 1 else None
    return tally


def seeded(start: int) -> tuple[Counter[str], list[tuple[int, str]]]:
    """Tell the stories of a chunk of seeds from *start*; return the tally and each broken one with its first fault."""
    counts: Counter[str] = Counter()
    broken = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(start, start + CHUNK):
            story = told_story(seed, Path(folder).resolve() / "runs")
            counts[story.outcome or "ended"] += 1
            counts["struck"] += any(struck for _, _, struck in story.log)
            counts["processes"] += len(story.ends)
            counts["requests"] += len(story.log)
            if story.faults:
                broken.append((seed, story.faults[0][:300]))
    return counts, broken


def main() -> int:
    """Run it all and return how it went."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("runs", nargs="?", type=int, default=10_000, help="seeded runs")
    parser.add_argument("--from", dest="first", type=int, default=0, help="the first seed")
    parser.add_argument("--crashes", type=int, default=0, help="moments a sample takes; 0: all. -1: no crashes")
    given = parser.parse_args()
    workers = os.cpu_count() or 1
    bad = 0
    with multiprocessing.get_context("spawn").Pool(workers, maxtasksperchild=FRESH) as pool:
        if given.crashes >= 0:
            names = [case.name for case in cases()]
            jobs = [(number, share, workers, given.crashes) for number in range(len(names)) for share in range(workers)]
            tallies = {name: crashes.Tally(name) for name in names}
            for tally in pool.imap_unordered(crashed, jobs):
                tallies[tally.name].merge(tally)
            for tally in tallies.values():
                print(tally, flush=True)
                bad += len(tally.faults)
                print(*tally.faults[:20], sep="\n", end="\n" if tally.faults else "")
        began = time.perf_counter()
        counts: Counter[str] = Counter()
        for found, broken in pool.imap_unordered(seeded, range(given.first, given.first + given.runs, CHUNK)):
            counts += found
            for seed, fault in broken:
                bad += 1
                print(f"{COMMAND} {seed}    # {fault}", flush=True)
        total = given.runs
        rate = total / (time.perf_counter() - began)
        said = ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))
        print(f"{total} seeded runs, {rate:.1f} a second, {workers} processes: {said}")
    return int(bool(bad))
