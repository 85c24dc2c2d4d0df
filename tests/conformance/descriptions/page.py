"""What docs/simulator.md says of the embedded Azure and Azure's API descriptions: from `measured.json` and `deviations.yaml`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.descriptions import summary, table
from tests.docs import tables

if TYPE_CHECKING:
    from collections.abc import Iterator


def page() -> str:
    """Return figures a service, operations that were not checked, and deviations."""
    operations, known = summary.kept(), table.load()
    figures = summary.figures(operations, known.counts())
    total = ("all", *(sum(one) for one in zip(*(row[1:] for row in figures), strict=True)))
    head = ("service", "checked", "bodies only", "not checked", "deviations")
    parts = [
        tables.table(head, (tuple(str(one) for one in row) for row in (*figures, total))),
        "Only the bodies were checked of:\n",
        _listed(operations, "bodies"),
        "Not checked:\n",
        _listed(operations, "none"),
        "Deviations, each with the reason why it stays:\n",
        tables.table(("operation", "where", "what", "why", "since"), _deviations(known)),
    ]
    return "\n".join(parts)


def _listed(operations: summary.Operations, extent: str) -> str:
    return "".join(f"- {service}: `{one}`\n" for service, by in sorted(operations.items()) for one in by[extent])


def _deviations(known: table.Table) -> Iterator[tuple[str, ...]]:
    for one in sorted(known.rows, key=lambda row: row.key):
        yield f"`{one.operation}`", f"`{one.field}`", one.kind, tables.cell(one.reason), one.date.isoformat()
