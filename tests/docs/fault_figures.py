"""The figures of the last fault run and of the last mutants, for docs/safety.md, from what those runs have written down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.docs.tables import table

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
FAULTS = ROOT / "tests" / "faults" / "last_run.json"
MUTANTS = ROOT / "tests" / "mutation" / "last_run.json"
RARE = 10
"""Codes that so few runs ended with are counted together."""


def faults() -> str:
    """Return the figures of the last seeded runs of `make faults`."""
    found = json.loads(FAULTS.read_text("utf-8"))["seeds"]
    stops = {word: count for word, count in found["disturbed"].items() if word != "done"}
    rows = [
        ("seeds", f"{found['seeds']:,} ({found['first']:,} to {found['last']:,})"),
        ("in which something struck", f"{found['struck']:,}"),
        ("processes killed", f"{found['kills']:,}"),
        ("requests", f"{found['requests']:,}"),
        ("promises broken", f"{len(found['broken'])}"),
        ("ended as they should while struck", f"{found['disturbed'].get('done', 0):,}"),
        ("stopped with a reason", f"{sum(stops.values()):,}: {_by_code(stops)}"),
        ("causes gone, resumed: reached the end state", _reached(found["after"].get("resume", {}))),
        ("causes gone, rolled back: reached the before-image", _reached(found["after"].get("rollback", {}))),
        ("estates and plans", _counts(found["scenes"])),
        ("what struck, and in how many seeds", _counts(found["mishaps"])),
    ]
    return f"{_made(found)}\n\n{table(('figure', 'value'), iter(rows))}"


def deaths() -> str:
    """Return how often a process died in the last run of `make faults`, by plan, and what came of it."""
    found = json.loads(FAULTS.read_text("utf-8"))["deaths"]
    places = {
        "before": ("before a request of apply",),
        "after": ("after a request of apply",),
        "pending": ("in an operation",),
        "again": ("in a resume", "in a rollback"),
        "others": (
            "taken over by another",
            "a day later",
            "where operations are slow",
            "where operations are slow and shown at once",
        ),
    }
    told = {point for points in places.values() for point in points}
    assert all(told >= set(one["points"]) for one in found["plans"].values()), "a point is told nowhere"
    rows = [
        (
            f"`{name}`" if name.startswith("plans/") and " " not in name else name,
            *(f"{sum(one['points'].get(point, 0) for point in points):,}" for points in places.values()),
            f"{one['heirs']:,}",
            f"{len(one['broken']):,}",
        )
        for name, one in found["plans"].items()
    ]
    total = ("all", *(f"{sum(int(row[at].replace(',', '')) for row in rows):,}" for at in range(1, len(places) + 3)))
    names = ("plan", "before a request", "after it", "in its operation", "a second time", "others", "heirs", "broken")
    return f"{_made(found)}\n\n{table(names, iter([*rows, total]))}"


def _made(found: Mapping[str, Any]) -> str:
    seconds = found["processor_seconds"]
    return f"Begun {found['began']}, on Python {found['python']}; {seconds / 60:.0f} minutes of one processor."


def mutants() -> str:
    """Return the scores of the last mutants tried; how many of those noticed are noticed since."""
    found = json.loads(MUTANTS.read_text("utf-8"))
    columns = ("made", "tried", "killed", "killed_since", "explained", "survived")
    rows = [
        (f"`{part}/`", *(str(one.get(name, 0)) for name in columns), f"{one['score']:.1f} %")
        for part, one in found.items()
    ]
    names = ("changed", "on", "tried", "noticed", "of these since", "explained", "not noticed", "score")
    return table(names, iter(rows))


def _reached(ends: Mapping[str, int]) -> str:
    rest = {word: count for word, count in ends.items() if word != "done"}
    said = f"{ends.get('done', 0):,} of {sum(ends.values()):,}"
    return f"{said}; stopped with a reason: {_by_code(rest)}" if rest else said


def _by_code(ends: Mapping[str, int]) -> str:
    ordered = sorted(ends.items(), key=lambda one: (-one[1], one[0]))
    often = [f"{code} {count:,}" for code, count in ordered if count >= RARE]
    rare = sum(count for _, count in ordered if count < RARE)
    return ", ".join([*often, *([f"others {rare:,}"] if rare else [])])


def _counts(found: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(found.items(), key=lambda one: (-one[1], one[0])))
