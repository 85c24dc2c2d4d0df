"""Mutants that no test can kill, and why."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_CREATE = "of the five actions none comes before create in the alphabet"
_CHOICE = "a figure of our choice, one step further on"

EXPLAINED: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        (
            "cmk_remediate/engine/context.py",
            (
                "-        goes_on = left.operation is not None and left.operation.leave_after > 0\n"
                "+        goes_on = left.operation is not None and left.operation.leave_after >= 0"
            ),
        ): "a journal's state names an operation only while nobody has seen its end, and then it is picked up in any case",
        (
            "cmk_remediate/engine/journal_file.py",
            "-        self._size = 0\n+        self._size = 1",
        ): "opening the file sets it, and nothing is written before",
        (
            "cmk_remediate/engine/preflight/guards.py",
            (
                '-            elif level == "cannotdelete" and site.change.action == "create" and site.reversible:\n'
                '+            elif level == "cannotdelete" and site.change.action <= "create" and site.reversible:'
            ),
        ): _CREATE,
        (
            "cmk_remediate/engine/preflight/surroundings.py",
            (
                '-        if resource is None or site.change.action != "create" or resource.parent or resource.scope:\n'
                '+        if resource is None or site.change.action > "create" or resource.parent or resource.scope:'
            ),
        ): _CREATE,
        (
            "cmk_remediate/engine/attempts.py",
            (
                "-            self._looks_left = (SHOWS_WITHIN[0], float(change.caution.shows))\n"
                "+            self._looks_left = (SHOWS_WITHIN[ 1], float(change.caution.shows))"
            ),
        ): _CHOICE,
        (
            "cmk_remediate/engine/attempts.py",
            (
                "-BUSY_INTERVAL = wait_exponential(multiplier=5, min=5, max=60)\n"
                "+BUSY_INTERVAL = wait_exponential(multiplier=5, min=5, max= 59)"
            ),
        ): _CHOICE,
    }
)
"""By module and changed lines: why the changed code does the same."""
