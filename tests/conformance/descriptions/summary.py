"""What the exchanges of a test run showed: operations by how far they were checked, and deviations."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.conformance.descriptions.judge import Deviation, Extent, judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.conformance.descriptions.judge import Sample
    from tests.conformance.descriptions.library import Library

FILE = Path(__file__).with_name("measured.json")
"""What the last whole run showed that was kept."""

_FAILED = 400
_EXTENTS: Mapping[Extent, int] = {"none": 0, "bodies": 1, "whole": 2}

Operations = dict[str, dict[str, list[str]]]
"""By service, by how far they were checked, the operations."""


@dataclass
class Summary:
    """See above.

    Attributes:
        extents: how far each operation was checked, by (service, operation).
        deviations: each with the test in which it was first seen.
    """

    extents: dict[tuple[str, str], Extent] = field(default_factory=dict)
    deviations: dict[Deviation, str] = field(default_factory=dict)

    def add(self, samples: Iterable[Sample], library: Library) -> None:
        """Judge *samples*."""
        for sample in samples:
            verdict = judge(sample, library)
            if verdict.extent != "whole" and not sample.ours and sample.status >= _FAILED:
                continue  # a test asked for what does not exist, and was refused
            self._count(verdict.service, verdict.operation, verdict.extent)
            for one in verdict.deviations:
                if all(one[:4] != known[:4] for known in self.deviations):
                    self.deviations[one] = sample.test

    def join(self, told: Any) -> None:
        """Add what another process found, as `to_json` told it."""
        for service, operation, extent in told["extents"]:
            self._count(service, operation, extent)
        for *one, test in told["deviations"]:
            self.deviations.setdefault(Deviation(*one), test)

    def _count(self, service: str, operation: str, extent: Extent) -> None:
        spelled = next((one for one, _ in self.extents if one.lower() == service.lower()), service)
        known = self.extents.get((spelled, operation), "none")
        self.extents[spelled, operation] = max(known, extent, key=_EXTENTS.__getitem__)

    def to_json(self) -> Any:
        """Return all of it as plain JSON."""
        return {
            "extents": [[*key, extent] for key, extent in self.extents.items()],
            "deviations": [[*one, test] for one, test in self.deviations.items()],
        }

    def operations(self) -> Operations:
        """Return the operations, sorted."""
        made: Operations = {}
        for service, operation in sorted(self.extents):
            by_extent = made.setdefault(service, {"whole": [], "bodies": [], "none": []})
            by_extent[self.extents[service, operation]].append(operation)
        return made


def joined(first: Operations, second: Operations) -> Operations:
    """Return both, each operation as far as it was checked in either."""
    both = Summary()
    for operations in (first, second):
        for service, by_extent in operations.items():
            for extent, names in by_extent.items():
                both.join({"extents": [[service, name, extent] for name in names], "deviations": []})
    return both.operations()


def kept() -> Operations:
    """Return what is kept of the last whole run."""
    made: Operations = json.loads(FILE.read_text(encoding="utf-8"))
    return made


def keep(operations: Operations) -> None:
    """Keep *operations*."""
    FILE.write_text(json.dumps(operations, indent=2) + "\n", encoding="utf-8")


def figures(operations: Operations, counts: Mapping[str, int]) -> list[tuple[str, int, int, int, int]]:
    """Return the figures a service: its name, operations checked, only their bodies, not checked, deviations."""
    return [
        (service, len(one["whole"]), len(one["bodies"]), len(one["none"]), counts.get(service, 0))
        for service, one in sorted(operations.items())
    ]
