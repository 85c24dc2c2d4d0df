"""Seeded mixes of everything that goes wrong. Fails: an unlucky night loses a setting, a key, or the way on or back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.faults.scenario import scenario, told_story
from tests.faults.telling import COMMAND, lines

if TYPE_CHECKING:
    from collections.abc import Callable

SEEDS = 100
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_seeded_runs(part: int, tmp_path: Path, figures: Callable[[str], None]) -> None:
    counts: Counter[str] = Counter()
    broken = []
    for seed in range(part, SEEDS, PARTS):
        story = told_story(seed, tmp_path / "runs")
        counts[story.outcome] += 1
        if story.faults:
            broken.append(f"{COMMAND} {seed}    # {story.faults[0]}")
    figures(str(dict(counts)))
    assert not broken, "\n".join(broken)
    assert counts["reached"] > 0.9 * sum(counts.values()), "with the causes gone nearly every resume has to get there"


def test_a_seed_tells_the_same_story_on_one_screen_whatever_the_hash_seed() -> None:
    seed = next(one for one in range(SEEDS) if scenario(one).scene == "two servers, nothing there")

    def replayed(hashing: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": hashing}
        command = [sys.executable, *COMMAND.split()[1:], str(seed)]
        root = Path(__file__).parents[2]
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, check=True, timeout=120)
        return done.stdout.decode()

    one = replayed("1")
    assert one == replayed("2")
    assert len(one.splitlines()) < 120


def test_a_story_shows_what_struck_where(tmp_path: Path) -> None:
    seed = next(one for one in range(SEEDS) if any(mishap.name == "vault closed" for mishap in scenario(one).mishaps))
    shown = list(lines(told_story(seed, tmp_path / "runs")))
    assert shown[0].startswith(f"seed {seed}: ")
    assert [line for line in shown if "<- vault closed" in line]
