"""The lines in which a story is told on one screen."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.faults.story import Shown

WIDTH = 80
INDENT = "  "
_LEAST = 12
"""Signs of a path that are always shown."""


@dataclass(frozen=True)
class Row:
    """One line of requests.

    Attributes:
        first: when the first of them was answered.
        last: when the last was.
        what: the request, where the line is of one alone, or of one that was sent again and again.
        reads: plain reads.
        polls: answered polls.
        writes: others, folded away.
        times: how often *what*, or its like, was sent.
        kind: the type of its resource, where *what* stands for its like on other resources.
    """

    first: str
    last: str
    what: Shown | None = None
    reads: int = 0
    polls: int = 0
    writes: int = 0
    times: int = 1
    kind: str = ""

    @property
    def eventful(self) -> bool:
        """Whether it must be seen."""
        return self.what is not None and (bool(self.what.struck) or self.what.status == 0)

    def __str__(self) -> str:
        """Return it as a line."""
        times = self.first if self.first == self.last else f"{self.first}-{self.last}"
        if self.what is None:
            counts = ((self.writes, "write"), (self.reads, "read"), (self.polls, "poll"))
            said = ", ".join(f"{count} {name}{'s' * (count > 1)}" for count, name in counts if count)
            return f"{INDENT}{times:<18}{said}"
        one = self.what
        answer = f"{one.status} {'' if one.struck else one.code}".strip() if one.status else "did not arrive"
        answer += f" {self.times} times" if self.times > 1 else ""
        answer += f" <- {one.struck}" if one.struck else ""
        where = self.kind or place(one)
        begun = f"{INDENT}{times:<18}{one.method} "
        if len(begun) + _LEAST + len(answer) >= WIDTH:
            begun = f"{INDENT}{times} {one.method} "
        room = max(_LEAST, WIDTH - len(begun) - len(answer) - 1)
        return cut(f"{begun}{cut(where, room)} {answer}", WIDTH, end=True)


@dataclass
class Part:
    """What one process asked."""

    process: str
    rows: list[Row] = field(default_factory=list)


def place(one: Shown) -> str:
    """Return where a request went, from its provider on."""
    return one.url.split("?", maxsplit=1)[0].rsplit("/providers/", maxsplit=1)[-1]


def kind(one: Shown) -> str:
    """Return where a request went, less the names of resources."""
    where = place(one)
    return where if "://" in where else "/".join([where.split("/")[0], *where.split("/")[1::2]])


def time(one: Shown) -> str:
    """Return when a request was answered."""
    return one.at[11:19]


def cut(text: str, most: int, *, end: bool = False) -> str:
    """Return *text* in at most so many signs: its end, or its beginning where the *end* goes."""
    if len(text) <= most:
        return text
    return f"{text[: most - 3]}..." if end else f"...{text[3 - most :]}"
