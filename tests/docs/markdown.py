"""What the tests read out of a page: links, anchors, blocks of code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = tuple(sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]))

_FENCE = re.compile(r"^(?P<mark><!-- runs -->\n)?```(?P<language>\w*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block of code; *runs*: it is marked as one that runs as it stands."""

    language: str
    code: str
    runs: bool


def named(path: Path) -> str:
    """Return how *path* is called in the checkout."""
    return path.relative_to(ROOT).as_posix()


def text_of(name: str) -> str:
    """Return the page *name*."""
    return (ROOT / name).read_text(encoding="utf-8")


def by_hand(page: str) -> str:
    """Return *page* without what is generated between marks."""
    return re.sub(r"<!-- ([\w-]+) -->\n.*?<!-- /\1 -->", "", page, flags=re.DOTALL)


def blocks(page: str, language: str) -> list[Block]:
    """Return the blocks of *page* in *language*."""
    found = [Block(one["language"], one["code"], bool(one["mark"])) for one in _FENCE.finditer(page)]
    return [one for one in found if one.language == language]


def prose(page: str) -> str:
    """Return *page* without its blocks of code."""
    return _FENCE.sub("", page)


def links(page: str) -> list[str]:
    """Return where the links of *page* lead."""
    return re.findall(r"\]\(([^)\s]+)\)", prose(page))


def anchors(page: str) -> set[str]:
    """Return the anchors of *page*: those given by hand, and those that GitHub makes of headings."""
    given = set(re.findall(r'<a id="([^"]+)"', page))
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return given | {_slug(one) for one in headings}


def _slug(heading: str) -> str:
    plain = re.sub(r"<[^>]+>", "", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
