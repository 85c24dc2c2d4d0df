"""`make faults`: every crash point of every plan, then seeded runs. `python -m tests.faults [RUNS] [--crashes N]`.

With `--record FILE` what came of them is kept as they go; the same command goes on with a campaign that was cut short.
"""

from __future__ import annotations

import argparse
import gc
import logging
import multiprocessing
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults import crashes, crashing, recording
from tests.faults.scenario import SETTINGS
from tests.faults.story import Sum, told_story
from tests.faults.telling import COMMAND, MODULE, figures

if TYPE_CHECKING:
    from collections.abc import Iterable
    from multiprocessing.pool import Pool

CHUNK = 20
"""Seeds a process takes on at once."""
FRESH = 50
"""Chunks after which a process is replaced: killed runs keep their event loops."""
GARBAGE = 200_000
"""New objects after which garbage is looked for: what a story leaves is small beside the modules."""


def hushed() -> None:
    """Begin a process of the pool: what killed runs still have to say when it ends, or an SDK of a spoiled answer, is no news."""
    logging.disable(logging.CRITICAL)
    sys.unraisablehook = lambda _: None
    gc.freeze()
    gc.set_threshold(GARBAGE)


def seeded(job: tuple[str, range, str]) -> tuple[int, Sum, float]:
    """Tell the stories of some seeds, in this process's own part of a folder.

    Returns the first seed, what came of them all, and the seconds of processor time they took.
    """
    folder, seeds, only = job
    began = time.process_time()
    # One run store a process: what is rehearsed in it serves all its stories.
    runs = Path(folder).resolve() / str(os.getpid()) / "runs"
    found = Sum()
    for seed in seeds:
        found.add(told_story(seed, runs, only))
    return seeds[0], found, time.process_time() - began


def main(arguments: list[str] | None = None) -> int:
    """Run it all and return how it went."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("runs", nargs="?", type=int, default=10_000, help="seeded runs")
    parser.add_argument("--from", dest="first", type=int, default=0, help="the first seed")
    parser.add_argument("--crashes", type=int, default=0, help="moments a sample takes; 0: all. -1: no crashes")
    parser.add_argument("--only", default="", choices=["", *SETTINGS], help="tell all of them in this setting")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="at once")
    parser.add_argument("--record", type=Path, help="keep what came of it in this file, and go on with what it holds")
    parser.add_argument("--figures", type=Path, help="write the figures of all that --record holds to this file")
    given = parser.parse_args(arguments)
    with multiprocessing.get_context("spawn").Pool(given.processes, hushed, maxtasksperchild=FRESH) as pool:
        broken = 0 if given.crashes < 0 else _crash(pool, given.crashes, given.record)
        seeds = range(given.first, given.first + given.runs)
        broken += _seed(pool, seeds, given.only, given.processes, given.record)
    if given.record and given.figures:
        recording.write_figures(given.figures, recording.begin(given.record, given.only))
    return int(bool(broken))


def _crash(pool: Pool, most: int, record: Path | None) -> int:
    """Crash every plan; print the crash points of each and return how many went wrong."""
    began = time.perf_counter()
    kept = recording.begin(record) if record is not None else recording.Kept()
    with tempfile.TemporaryDirectory() as folder:
        left = [(folder, job) for job in crashing.jobs(most) if job.name not in kept.jobs]
        for job, tally, processor in pool.imap_unordered(crashing.carried_out, left):
            _say(f"{job.name}: {fault[:300]}" for fault in tally.faults[:20])
            kept.crash(tally)
            if record is not None:
                recording.add_job(record, job.name, tally, processor)
    named = crashes.named_in_docs()
    for tally in kept.tallies.values():
        unnamed = [f"docs/safety.md does not name {kind}" for kind in sorted(tally.again.keys() - named)]
        tally.faults += unnamed
        _say([str(tally), *unnamed])
    _say([f"crash points: {time.perf_counter() - began:.0f} s"])
    return sum(len(tally.faults) for tally in kept.tallies.values())


def _seed(pool: Pool, seeds: range, only: str, processes: int, record: Path | None) -> int:
    """Tell all stories; print each that breaks a promise, and the figures, and return how many broke one."""
    began = time.perf_counter()
    kept = recording.begin(record, only) if record is not None else None
    found, told = (kept.found, kept.done) if kept is not None else (Sum(), set())
    before = found.seeds
    with tempfile.TemporaryDirectory() as folder:
        shares = [seeds[start : start + CHUNK] for start in range(0, len(seeds), CHUNK)]
        jobs = [(folder, share, only) for share in shares if not told.issuperset(share)]
        for first, part, processor in pool.imap_unordered(seeded, jobs):
            named = f"{MODULE} '{only}'" if only else COMMAND
            _say(f"{named} {seed}    # {fault[:300]}" for seed, fault in part.broken)
            found.merge(part)
            if record is not None:
                recording.add(record, first, part, processor)
    seconds = time.perf_counter() - began
    _say(
        [
            *figures(found),
            f"  {seconds:.0f} s, {(found.seeds - before) / seconds:.1f} seeds a second, {processes} processes",
        ]
    )
    return len(found.broken)


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, flush=True)
