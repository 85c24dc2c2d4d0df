"""A table for a page: its rows become cards where the page is narrow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Table:
    """Rows of text under a caption.

    Attributes:
        caption: what the table shows.
        head: the name of each column; the first one's cells name their rows.
        rows: the cells.
        tone: for a column, which of its words is drawn in which tone (``good``, ``waiting`` or ``bad``).
    """

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    tone: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
