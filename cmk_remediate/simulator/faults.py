"""Faults for tests: a process killed, a connection lost, an answer spoiled, at a request of one's choice."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "kill-before",
    "kill-after",
    "reset-before",
    "reset-after",
    "status",
    "status-after",
    "slow",
    "malformed",
    "empty",
]
"""``kill-*``: the process dies, before the request leaves or after its effect; ``reset-*``: the connection is lost there."""


class Killed(BaseException):
    """The process died; nothing of it runs any more."""


@dataclass
class Fault:
    """One fault.

    Attributes:
        kind: what happens.
        number: at which request of this connection's life, counted from 1; None for any.
        method: a regular expression the whole method matches.
        url: a regular expression found in the URL.
        nth: which of the requests that match, counted from 1; 0 for every one.
        status: the status of ``status``, whose effect does not happen, and of ``status-after``, whose effect does.
        code: its error code.
        headers: its further headers.
        seconds: how long ``slow`` takes longer.
        seen: how many requests matched so far.
    """

    kind: Kind
    number: int | None = None
    method: str = ".*"
    url: str = ""
    nth: int = 1
    status: int = 503
    code: str = "ServerTimeout"
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    seen: int = 0

    def hits(self, number: int, method: str, url: str) -> bool:
        """Say whether the fault strikes this request; counts it if it matches."""
        if self.number is not None and self.number != number:
            return False
        if not re.fullmatch(self.method, method) or not re.search(self.url, url, re.IGNORECASE):
            return False
        self.seen += 1
        return self.nth in (0, self.seen)


class Faults:
    """The faults still to come.

    Attributes:
        planned: in the order they were added.
        dead: whether the process has been killed: every request then hangs or raises `Killed`.
    """

    def __init__(self) -> None:
        """Plan nothing."""
        self.planned: list[Fault] = []
        self.dead = False

    def add(self, fault: Fault) -> Fault:
        """Plan *fault*."""
        self.planned.append(fault)
        return fault

    def clear(self) -> None:
        """Forget all faults, and let a killed process live."""
        self.planned.clear()
        self.dead = False

    def strike(self, number: int, method: str, url: str) -> Fault | None:
        """Return the fault that strikes this request, if one does."""
        found: Fault | None = None
        for fault in self.planned:
            if fault.hits(number, method, url) and found is None:
                found = fault
        return found
