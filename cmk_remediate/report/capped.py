"""A document that ends in time: the pieces that fit, and one line on what was left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

LIMIT = 60_000
"""The longest Markdown document, in bytes: a comment on GitHub takes 65,536 characters."""
_ROOM_FOR_POINTER = 1_000
_NAMED = 8


@dataclass(frozen=True)
class Block:
    """One piece of a document, shown whole or not at all.

    Attributes:
        text: what is shown.
        part: what it is a piece of, as the line on what was left out names it: the title of a section, or what is counted.
        things: how many of what is counted begin in it; 0 in a piece that is not the first of its thing.
        counted: whether *part* is counted; else it is a section, left out or not.
    """

    text: str
    part: str
    things: int = 0
    counted: bool = False


def section(part: str, texts: Iterable[str]) -> Iterator[Block]:
    """Yield *texts* as pieces of the section *part*."""
    for text in texts:
        yield Block(text, part)


def counted(part: str, pieces: Iterable[tuple[str, int]]) -> Iterator[Block]:
    """Yield *pieces*, texts with how many of what is counted begin in each, as pieces of *part*, such as ``targets``."""
    for text, things in pieces:
        yield Block(text, part, things, counted=True)


def capped(blocks: Iterable[Block], pointer: str, limit: int = LIMIT) -> str:
    """Return the *blocks* that fit into *limit* bytes, in their order; behind them what did not fit, and *pointer* to it."""
    kept: list[Block] = []
    left: list[Block] = []
    used = 0
    for block in blocks:
        size = len(block.text.encode()) + 2
        if left or used + size > limit - _ROOM_FOR_POINTER:
            left.append(block)
        else:
            kept.append(block)
            used += size
    texts = [block.text for block in kept]
    if left:
        texts.append(f"**Cut here. Left out: {_left_out(kept, left)}.** {pointer}")
    return "\n\n".join(texts) + "\n"


def _left_out(kept: Sequence[Block], left: Sequence[Block]) -> str:
    parts = dict.fromkeys(block.part for block in left)
    named = [_said(part, kept, left) for part in list(parts)[:_NAMED]]
    more = len(parts) - len(named)
    return ", ".join([*named, *([f"{more} more sections"] if more else [])])


def _said(part: str, kept: Sequence[Block], left: Sequence[Block]) -> str:
    mine = [block for block in left if block.part == part]
    if not mine[0].counted:
        return f"the rest of {part}" if any(block.part == part for block in kept) else part
    missing = sum(block.things for block in mine)
    total = missing + sum(block.things for block in kept if block.part == part)
    cut = "" if mine[0].things else " and the end of another"
    return f"{missing} of {total} {part}{cut}" if missing else f"the end of the last of {total} {part}"
