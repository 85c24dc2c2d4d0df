"""The shape of a JSON body: equal for bodies that a description cannot tell apart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Hashable

_RUNS = re.compile(r"[0-9]+|[a-z]+|[A-Z]+")
_NAMES = frozenset({"id", "name", "type", "nextLink", "$skiptoken"})
"""Texts that differ from resource to resource; what they look like is part of the shape, not what they say."""


class Shapes:
    """Makes shapes.

    A text counts by its value where its property has a closed list of values in any description, by the kinds of its characters
    where a description gives it a form, and by being a text elsewhere.
    """

    def __init__(self, listed: frozenset[str], formed: frozenset[str]) -> None:
        """Know the properties with *listed* values and those with a given form."""
        self._listed = listed - _NAMES
        self._formed = formed | _NAMES

    def of(self, body: Any, name: str = "") -> Hashable:
        """Return the shape of *body*, the value of a property called *name*."""
        if isinstance(body, dict):
            return tuple([(key, self.of(body[key], key)) for key in sorted(body)])
        if isinstance(body, (list, tuple)):
            return frozenset([self.of(one, name) for one in body])
        if isinstance(body, str):
            if name in self._listed:
                return body if len(body) < 50 else "..."
            return (looks(body),) if name in self._formed else ""
        return body if body is None or isinstance(body, bool) else type(body).__name__


def looks(text: str) -> str:
    """Return what *text* looks like: each run of digits and letters as one of them."""
    return _RUNS.sub(lambda run: run[0][0] if run[0][0] == "0" else ("0" if run[0][0].isdigit() else "a"), text[:60])
