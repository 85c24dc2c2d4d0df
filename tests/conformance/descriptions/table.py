"""The deviations we know of, each with its reason: `deviations.yaml`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.conformance.descriptions.judge import Deviation

FILE = Path(__file__).with_name("deviations.yaml")


@dataclass(frozen=True)
class Listed:
    """A deviation that is known.

    Attributes:
        service: the resource provider.
        operation: method and path.
        field: as in `judge.Deviation`.
        kind: as there.
        reason: why it stays.
        date: when that was found.
    """

    service: str
    operation: str
    field: str
    kind: str
    reason: str
    date: dt.date

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What it is found by."""
        return self.service, self.operation, self.field, self.kind


@dataclass(frozen=True)
class Table:
    """The table.

    Attributes:
        rows: one a deviation.
        most: how many deviations a service may have whose work is closed; the number may only shrink.
    """

    rows: tuple[Listed, ...]
    most: dict[str, int]

    def unlisted(self, found: Iterable[Deviation]) -> list[Deviation]:
        """Return those of *found* that are not in the table."""
        known = {one.key for one in self.rows}
        return [one for one in found if one[:4] not in known]

    def stale(self, found: Iterable[Deviation]) -> list[Listed]:
        """Return the rows that nothing in *found* bears out."""
        seen = {one[:4] for one in found}
        return [one for one in self.rows if one.key not in seen]

    def counts(self) -> dict[str, int]:
        """Return the number of deviations by service."""
        counted: dict[str, int] = {}
        for one in self.rows:
            counted[one.service] = counted.get(one.service, 0) + 1
        return counted

    def raised(self) -> list[str]:
        """Return what is wrong with the numbers of closed services."""
        counts = self.counts()
        return [
            f"{service}: {counts.get(service, 0)} deviations where `most` says {most}"
            for service, most in self.most.items()
            if counts.get(service, 0) != most
        ]


def load(file: Path = FILE) -> Table:
    """Read the table."""
    content: dict[str, Any] = YAML(typ="safe").load(file.read_text(encoding="utf-8"))
    rows = [
        Listed(service, operation, field, row["kind"], " ".join(row["reason"].split()), row["date"])
        for service, entries in content["deviations"].items()
        for row in entries
        for operation in row["operations"]
        for field in row["fields"]
    ]
    if len({one.key for one in rows}) != len(rows):
        raise ValueError(f"{file.name} lists a deviation twice")
    return Table(tuple(rows), dict(content["most"] or {}))
