"""Values as words: ASCII, one line, nothing that a terminal or Markdown would obey."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

from cmk_remediate.model.values import UNKNOWN, is_unknown_json, to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = 100
"""How wide text reports are."""
ACTIONS = {
    "create": "create",
    "update": "update",
    "delete": "delete",
    "start": "start",
    "stop": "stop",
    "wait": "wait",
    "keep": "keep",
    "none": "no change",
    "manual": "by hand",
}
"""What each action of a review is called."""
_LONGEST_VALUE = 300


def plain(text: str) -> str:
    """Return *text* in printable ASCII on one line; all else is escaped as Python would."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(one if " " <= one <= "~" else one.encode("unicode_escape").decode("ascii") for one in text)


def value(found: Any, longest: int = _LONGEST_VALUE) -> str:
    """Return the JSON value *found* as one line: text as it is, ``(none)``, ``(known after apply)``, else JSON."""
    if found is None:
        return "(none)"
    if is_unknown_json(found):
        return repr(UNKNOWN)
    if isinstance(found, str):
        # Quoted where it could be taken for one of the words above, or for nothing.
        return (
            middle(plain(found), longest) if found and found == found.strip() and found[0] != "(" else json.dumps(found)
        )
    return middle(json.dumps(to_json(found), sort_keys=True).replace('{"unknown": true}', repr(UNKNOWN)), longest)


def middle(text: str, longest: int) -> str:
    """Return *text* with its middle left out where it is longer than *longest*."""
    if len(text) <= longest:
        return text
    half = (longest - 3) // 2
    return f"{text[: longest - 3 - half]}...{text[len(text) - half :]}"


def count(number: int, one: str, many: str = "") -> str:
    """Return ``1 target`` or ``2 targets``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def wrap(text: str, indent: int = 0, hang: int | None = None) -> list[str]:
    """Return *text* as lines of at most `COLUMNS`, indented by *indent* and, from the second on, by *hang*."""
    hanging = indent + 2 if hang is None else hang
    return textwrap.wrap(
        plain(text),
        COLUMNS,
        initial_indent=" " * indent,
        subsequent_indent=" " * hanging,
        break_long_words=True,
        break_on_hyphens=False,
    ) or [""]


def table(rows: Sequence[tuple[str, ...]], widest: tuple[int, ...], indent: int = 2) -> list[str]:
    """Return *rows* with their columns aligned; a cell wider than its column's *widest* loses its middle.

    The last column takes what is left of the line and goes on below itself.
    """
    if not rows:
        return []
    cells = [tuple(middle(plain(cell), wide) for cell, wide in zip(row, widest, strict=False)) for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(widest))]
    lines: list[str] = []
    for row, cut in zip(rows, cells, strict=True):
        head = " " * indent + "".join(f"{cell:<{width}}  " for cell, width in zip(cut, widths, strict=True))
        if len(row) == len(widest):
            lines.append(head.rstrip())
            continue
        tail = wrap(row[-1], len(head), len(head))
        lines.append((head + tail[0][len(head) :]).rstrip())
        lines.extend(tail[1:])
    return lines
