"""The table of laws in docs/safety.md: what keeps each in the code, what judges it, and the tests that break it."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.docs.tables import table

ROOT = Path(__file__).resolve().parents[2]
MONITOR = "simulator/monitor"
FROM_OUTSIDE = "tests/laws.py"
BROKEN_IN = (
    "tests/engine/test_laws.py",
    "tests/simulator/monitor/test_keys.py",
    "tests/simulator/monitor/test_others.py",
    "tests/simulator/monitor/test_machines.py",
    "tests/engine/test_brackets.py",
    "tests/engine/test_brackets_undone.py",
)
_NAME = re.compile(r"^test_law_(\d+)_(\w+)$")


@dataclass(frozen=True)
class Law:
    """One law.

    Attributes:
        words: the law in short.
        kept_by: module below ``cmk_remediate/`` -> what it does for the law.
        judge: who judges it in tests.
    """

    words: str
    kept_by: Mapping[str, str]
    judge: str


LAWS: Mapping[int, Law] = {
    1: Law(
        "dry runs and verifications only read",
        {
            "connection/policies/guard.py": "a read-only session lets no other request out",
            "engine/project.py": "has a reader, and no way to send",
        },
        FROM_OUTSIDE,
    ),
    2: Law(
        "a finished review sends nothing",
        {"engine/settle.py": "reads and decides before every write; what is done is done"},
        FROM_OUTSIDE,
    ),
    3: Law(
        "no service points at a key that can be lost",
        {
            "steps/preparation.py": "protection stands before every switch in the graph",
            "steps/key_limits.py": "refuses a vault that cannot be protected",
        },
        MONITOR,
    ),
    4: Law(
        "nothing that is needed is removed",
        {
            "connection/rows.py": "there is no request that deletes anything, a grant neither",
            "engine/rollback.py": "what stays holds up all it stands on",
            "steps/grants.py": "a grant stays, for nobody can be certain that no other uses it",
        },
        MONITOR,
    ),
    5: Law(
        "no setting of yours is lost",
        {
            "engine/drift.py": "what a body carries along is compared with the review before it is sent",
            "engine/foreign.py": "what somebody else changed between our read and our write is said",
        },
        MONITOR,
    ),
    6: Law(
        "a crash changes nothing of the end",
        {
            "engine/journal.py": "the intent is durable before a write leaves",
            "engine/attempts.py": "a write is repeated only after reads that do not show it",
            "engine/aftermath.py": "a rollback waits for what an ended process left",
        },
        FROM_OUTSIDE,
    ),
    7: Law(
        "what was not reviewed is not done",
        {
            "engine/drift.py": "exactly the reviewed lines, or nothing",
            "engine/acceptance.py": "doors and outages by name",
            "model/review.py": "a digest over everything reviewed",
        },
        FROM_OUTSIDE,
    ),
    8: Law(
        "a rollback leaves every key and backup usable",
        {"engine/rollback.py": "inverses in the opposite order, none below one that stays"},
        MONITOR,
    ),
    9: Law(
        "one writer a resource",
        {"engine/lease.py": "nobody writes what another run holds"},
        FROM_OUTSIDE,
    ),
    10: Law(
        "what was stopped is started",
        {
            "model/graph.py": "a step that closes runs if what it closes wrote, in this run or the undone one, whatever failed",
            "engine/gates.py": "no gate stands in an open bracket",
        },
        MONITOR,
    ),
    11: Law(
        "bystanders keep what they had",
        {
            "steps/restrict_vault.py": "every other user is a line of the review",
            "steps/equivalents.py": "no switch to roles before each access policy has its role",
        },
        MONITOR,
    ),
}


def breaking() -> dict[int, list[str]]:
    """Return, by law, the tests that break or hold it on purpose, in words."""
    found: dict[int, list[str]] = {number: [] for number in LAWS}
    for name in BROKEN_IN:
        for node in ast.walk(ast.parse((ROOT / name).read_text("utf-8"))):
            match = _NAME.match(node.name) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) else None
            if match is not None:
                found[int(match[1])].append(match[2].replace("_", " "))
    return found


def laws() -> str:
    """Return the table of laws."""
    tests = breaking()
    return table(
        ("law", "kept by", "judged by", "tests"),
        (
            (
                f"{number}: {law.words}",
                "; ".join(f"`{module}`: {text}" for module, text in law.kept_by.items()),
                f"`{law.judge}`" if "/" in law.judge else law.judge,
                "; ".join(tests[number]),
            )
            for number, law in LAWS.items()
        ),
    )
