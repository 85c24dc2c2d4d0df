"""What was asked of Azure so far, in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmk_remediate.connection.calls import Kind


@dataclass
class Traffic:
    """Attempts by kind; each retry is one.

    Attributes:
        reads: without polls.
        polls: reads of operations' status.
        writes: PUT, PATCH and POST.
        deletes: DELETE.
        throttled: of all these, those answered with 429.
    """

    reads: int = 0
    polls: int = 0
    writes: int = 0
    deletes: int = 0
    throttled: int = 0

    def count(self, kind: Kind, status: int) -> None:
        """Count one attempt; *status* 0 means no answer."""
        if kind == "read":
            self.reads += 1
        elif kind == "poll":
            self.polls += 1
        elif kind == "write":
            self.writes += 1
        else:
            self.deletes += 1
        self.throttled += status == 429  # noqa: PLR2004 - Too Many Requests
