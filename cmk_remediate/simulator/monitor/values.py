"""What the monitor finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Violation:
    """A broken law.

    Attributes:
        law: its number.
        resource: the id of what suffers.
        sentence: what happened to it.
        request: the number of the request after which it showed; 0 for none in particular.
    """

    law: int
    resource: str
    sentence: str
    request: int = 0

    def __str__(self) -> str:
        """Return the violation as one line."""
        return f"law {self.law}: {self.resource}: {self.sentence} (request {self.request})"
