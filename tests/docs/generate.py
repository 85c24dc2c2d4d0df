"""Writes the generated parts of README.md and docs/: ``python -m tests.docs.generate``. A test compares them with the checkout."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cmk_remediate.codes import (
    ai_services,
    aks,
    cosmosdb,
    managed_disks,
    redis_enterprise,
    sql,
    sql_databases,
    sql_managed_instance,
    storage,
)
from tests.conformance.descriptions.page import page as descriptions
from tests.docs import excerpts, fault_figures, reference, rehearsal, tables
from tests.docs import laws as law_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).resolve().parents[2]
SETTLE = ROOT / "cmk_remediate" / "engine" / "settle.py"


def settle_loop() -> str:
    """Return the one loop as a fenced block."""
    return "```python\n" + SETTLE.read_text(encoding="utf-8") + "```\n"


WHOLE: Mapping[str, Callable[[], str]] = {"docs/errors.md": tables.errors, "docs/doubts.md": tables.doubts}
"""Pages that are generated whole, and what makes them."""


def by_hand(service: str) -> Mapping[str, Callable[[], str]]:
    """Return what a page says of *service* done by hand, as `make conformance` does it."""
    return {
        "by-hand": partial(excerpts.by_hand, service),
        "by-hand-differences": partial(excerpts.by_hand_differences, service),
    }


PARTS: Mapping[str, Mapping[str, Callable[[], str]]] = {
    "README.md": {name: partial(excerpts.excerpt, name) for name in excerpts.DEMO},
    "docs/aks.md": {
        "pack": excerpts.pack,
        "refusals": partial(tables.codes_table, aks, notes=False),
        "remarks": partial(tables.codes_table, aks, notes=True),
        **by_hand("aks"),
    },
    "docs/assessment.md": {"output": excerpts.assessed},
    "docs/command-line.md": {
        "exit-codes": tables.exit_codes,
        "live": excerpts.live_table,
        "heartbeat": excerpts.heartbeat,
        "reference": reference.command_line,
    },
    "docs/ai-services.md": {
        "refusals": partial(tables.codes_table, ai_services, notes=False),
        "remarks": partial(tables.codes_table, ai_services, notes=True),
        **by_hand("ai-services"),
    },
    "docs/cosmosdb.md": {
        "refusals": partial(tables.codes_table, cosmosdb, notes=False),
        "remarks": partial(tables.codes_table, cosmosdb, notes=True),
        **by_hand("cosmosdb"),
    },
    "docs/evidence.md": {
        "members": excerpts.evidence_members,
        "check": excerpts.evidence,
        "altered": excerpts.evidence_altered,
    },
    "docs/estates.md": {"example": partial(excerpts.plan, excerpts.ESTATE), "order": excerpts.order},
    "docs/how-it-works.md": {"settle": settle_loop},
    "docs/library.md": {"functions": reference.library, "types": reference.types},
    "docs/plan-files.md": {"fields": tables.plan_fields, "example": excerpts.plan},
    "docs/reports.md": {
        "sections": excerpts.sections,
        "sections-of-assessment": excerpts.sections_of_assessment,
        "sums": excerpts.sums,
        "cut": excerpts.cut,
        "junit": excerpts.junit,
    },
    "docs/safety.md": {
        "doors": tables.doors,
        "laws": law_table.laws,
        "mutants": fault_figures.mutants,
        "deaths": fault_figures.deaths,
        "seeded": fault_figures.faults,
    },
    "docs/simulator.md": {
        "rehearsal": rehearsal.rehearsal,
        "simulate": excerpts.simulate,
        "settings": tables.settings,
        "switches": tables.switches,
        "descriptions": descriptions,
    },
    "docs/managed-disks.md": {
        "refusals": partial(tables.codes_table, managed_disks, notes=False),
        "remarks": partial(tables.codes_table, managed_disks, notes=True),
        **by_hand("managed-disks"),
    },
    "docs/redis-enterprise.md": {
        "refusals": partial(tables.codes_table, redis_enterprise, notes=False),
        "remarks": partial(tables.codes_table, redis_enterprise, notes=True),
        **by_hand("redis-enterprise"),
    },
    "docs/storage.md": {
        "refusals": partial(tables.codes_table, storage, notes=False),
        "remarks": partial(tables.codes_table, storage, notes=True),
        **by_hand("storage"),
    },
    "docs/sql-managed-instance.md": {
        "refusals": partial(tables.codes_table, sql_managed_instance, notes=False),
        "remarks": partial(tables.codes_table, sql_managed_instance, notes=True),
        **by_hand("sql-managed-instance"),
    },
    "docs/sql-database.md": {
        "refusals": partial(tables.codes_table, sql_databases, notes=False),
        "remarks": partial(tables.codes_table, sql_databases, notes=True),
        **by_hand("sql-database"),
    },
    "docs/sql.md": {
        "refusals": partial(tables.codes_table, sql, notes=False),
        "remarks": partial(tables.codes_table, sql, notes=True),
        "role-names": excerpts.role_names,
        "role": excerpts.role,
        **by_hand("sql"),
    },
}
"""What is generated inside of pages: by mark, what makes it."""

GENERATED = (*WHOLE, *PARTS)
"""Every page that is wholly or partly generated, by its path in the checkout."""


def page(name: str) -> str:
    """Return the page *name* with all that is generated made anew."""
    if name in WHOLE:
        return WHOLE[name]()
    text = (ROOT / name).read_text(encoding="utf-8")
    for mark, make in PARTS[name].items():
        text = between(text, mark, make())
    return text


def between(text: str, mark: str, made: str) -> str:
    """Return *text* with what stands between the marks ``<!-- mark -->`` and ``<!-- /mark -->`` replaced by *made*.

    What differs in nothing but the digests of the demo's reviews is left as it is.

    Raises:
        ValueError: the marks are not there.
    """
    head, begins, rest = text.partition(f"<!-- {mark} -->\n")
    before, ends, tail = rest.partition(f"<!-- /{mark} -->")
    if not (begins and ends):
        raise ValueError(f"the page has no marks {mark}")
    kept = before if excerpts.but_for_digests(before) == excerpts.but_for_digests(made) else made
    return f"{head}{begins}{kept}{ends}{tail}"


if __name__ == "__main__":
    for name in GENERATED:
        (ROOT / name).write_text(page(name), encoding="utf-8")
        sys.stdout.write(f"wrote {name}\n")
