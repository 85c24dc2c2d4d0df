"""Azure as a table tells it: for limits and recipes, whose cases say what Azure shows and refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.errors import AzureError
from cmk_remediate.model.ids import ResourceId, is_safe
from cmk_remediate.model.outcomes import Answer
from tests.recipes.runner import NOW

if TYPE_CHECKING:
    from datetime import datetime

    from cmk_remediate.model.decisions import Read


@dataclass(frozen=True)
class TableReader:
    """Answers reads from a table: ``{label: {"resource": id, "verb": ..., "query": ..., "answer": ..., "refused": text}}``.

    What the table leaves out does not exist; a list of it is empty. A read with a body is found whatever the body. One that is
    marked ``{"needless": true}`` must not be asked.
    """

    table: Mapping[str, Any]

    async def read(self, read: Read) -> Answer:
        assert is_safe(read.resource.text), f"{read.resource} leads elsewhere in a URL"
        found = [row for row in self.table.values() if self._fits(row, read)]
        exact = [row for row in found if ("body" in row) == bool(read.body)]
        if not exact:
            return Answer([] if read.verb.startswith("list:") else None, NOW)
        row = exact[0]
        assert not row.get("needless"), f"{read} is asked, and nothing needs it"
        if "without" in row and row["without"] in read.body:
            return Answer(None, NOW)
        if "refused" in row:
            raise AzureError(codes.access.REFUSED_BY_AZURE, row["refused"], resource=read.resource.text)
        return Answer(row.get("answer"), NOW)

    def now(self) -> datetime:
        return NOW

    @staticmethod
    def _fits(row: Mapping[str, Any], read: Read) -> bool:
        same = ResourceId.parse(row["resource"]) == read.resource and row.get("verb", "get") == read.verb
        return same and dict(read.query).items() <= row.get("query", dict(read.query)).items()
