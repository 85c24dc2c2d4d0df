"""The placeholder of a plan file that was written by us: it stands where only the operator knows what belongs there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.planfile.problems import Location, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

PLACEHOLDER = "CHANGE-ME"
_STANDS = re.compile(r"(?<![\w-])(?i:change-me)(?![\w-])|(?<![A-Za-z0-9])CHANGE-ME(?![A-Za-z0-9])")
"""In lower case, as in a vault's name, only as a whole name: ``change-me-not`` may be somebody's."""


def unfilled(value: Any, where: Location = ()) -> Iterator[Problem]:
    """Yield each place in *value*, plain and of bounded depth, where the placeholder still stands."""
    if isinstance(value, str):
        if _STANDS.search(value):
            text = f"{PLACEHOLDER} still stands here: write what belongs in its place"
            yield Problem(codes.input_.PLAN_INVALID, where, text)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from unfilled(item, (*where, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from unfilled(item, (*where, index))
