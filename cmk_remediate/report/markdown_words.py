"""Markdown's words: prose, code spans, tables and lists that no name from Azure can break out of."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, TypeVar

from cmk_remediate.report.ends import next_steps
from cmk_remediate.report.words import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_T = TypeVar("_T")
AT_ONCE = 50
"""The longest table or list in one piece."""
_BAR = re.compile(r"(?<!\\)\|")
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#!|~])")


def prose(text: str) -> str:
    """Return *text* so that Markdown shows it as it is."""
    shown = _SPECIAL.sub(r"\\\1", html.escape(plain(text), quote=False))
    shown = shown.replace("://", ":&#8203;//").replace("@", "&#64;")  # neither links nor mentions
    return f"\\{shown}" if shown[:1] in ("-", "+") else shown


def code(text: str) -> str:
    """Return *text* as a code span, whatever is in it."""
    shown = plain(text)
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", shown)), default=0))
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown or ' '}{pad}{fence}"


def folded(title: str, text: str) -> str:
    """Return *text* folded away under *title*, which stands in HTML, where no escape of Markdown is obeyed."""
    return f"<details><summary><code>{html.escape(plain(title))}</code></summary>\n\n{text}\n\n</details>"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[tuple[str, int]]:
    """Yield short tables with their numbers of rows, so that what is cut is cut between rows."""
    title = f"| {' | '.join(head)} |\n|{' --- |' * len(head)}"
    for part in _parts(rows) or [rows]:
        yield "\n".join([title, *(_row(row) for row in part)]), len(part)


def _row(cells: Sequence[str]) -> str:
    # A bar ends a cell even inside a code span.
    return f"| {' | '.join(_BAR.sub(chr(92) + '|', cell) for cell in cells)} |"


def bullets(items: Iterable[str], empty: str) -> Iterator[tuple[str, int]]:
    """Yield short lists of *items* with their lengths; one that says *empty* where there is nothing."""
    for part in _parts(list(items)):
        yield "\n".join(f"- {item}" for item in part), len(part)
        empty = ""
    if empty:
        yield f"- {empty}", 0


def advice(found: Iterable[str]) -> Iterator[str]:
    """Yield what to do about the codes *found*, each once; nothing where there are none."""
    lines = [f"{prose(one)}: {prose(said)}" for one, said in next_steps(found)]
    if lines:
        yield "\n\n".join(["Next:", *(text for text, _ in bullets(lines, ""))])


def verbatim(items: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Yield *items*, one a line and shown as they are, in short pieces with their lengths."""
    for part in _parts(list(items)):
        yield "\n".join(f"    {plain(item)}" for item in part), len(part)


def _parts(items: Sequence[_T]) -> list[Sequence[_T]]:
    return [items[start : start + AT_ONCE] for start in range(0, len(items), AT_ONCE)]
