"""One test run held against the descriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.descriptions import summary, table
from tests.conformance.descriptions.library import Library
from tests.conformance.descriptions.recorder import Recorder
from tests.conformance.descriptions.summary import Summary

if TYPE_CHECKING:
    from pathlib import Path


class Watch:
    """One run's recorder, and what came of it."""

    def __init__(self, root: Path) -> None:
        """Hold the run against the descriptions below *root*."""
        self.library = Library(root)
        self.recorder = Recorder(self.library)
        self.summary = Summary()
        self.complaints: list[str] = []

    def judge(self) -> None:
        """Judge what this process saw."""
        self.summary.add(self.recorder.samples.values(), self.library)

    def complain(self, *, whole: bool, keep: bool) -> None:
        """Find out what is wrong with the run; *keep* its operations, those of a part of the tests beside the kept ones."""
        known = table.load()
        for one in known.unlisted(self.summary.deviations):
            where = f"{one.service}: {one.operation}: {one.field}: {one.kind}: {one.said}"
            self.complaints.append(f"not in deviations.yaml: {where} (first in {self.summary.deviations[one]})")
        found = self.summary.operations()
        if keep:
            summary.keep(found if whole else summary.joined(summary.kept(), found))
        if not whole:
            return
        for row in known.stale(self.summary.deviations):
            self.complaints.append(f"in deviations.yaml, and no longer so: {', '.join(row.key)}")
        if changed := _changed(found, summary.kept()):
            self.complaints += changed
            self.complaints.append("run: python -m pytest --measure-descriptions; python -m tests.docs.generate")

    def figures(self) -> list[tuple[str, int, int, int, int]]:
        """Return the figures of this run, a service a row."""
        counts: dict[str, int] = {}
        for one in self.summary.deviations:
            counts[one.service] = counts.get(one.service, 0) + 1
        return summary.figures(self.summary.operations(), counts)


def _changed(found: summary.Operations, before: summary.Operations) -> list[str]:
    """Return what differs between two runs, an operation a line."""

    def flat(operations: summary.Operations) -> set[str]:
        return {
            f"{extent}: {service}: {one}" for service, by in operations.items() for extent in by for one in by[extent]
        }

    now, then = flat(found), flat(before)
    return [f"not in measured.json: {one}" for one in sorted(now - then)] + [
        f"in measured.json, and no longer so: {one}" for one in sorted(then - now)
    ]
