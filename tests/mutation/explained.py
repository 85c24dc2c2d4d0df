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
        (
            "cmk_remediate/engine/access.py",
            (
                "-PROBE_INTERVAL = wait_exponential(multiplier=15, min=15, max=120)\n"
                "+PROBE_INTERVAL = wait_exponential(multiplier=15, min= 14, max=120)"
            ),
        ): _CHOICE,
        (
            "cmk_remediate/engine/canary.py",
            (
                "-        if left > 0 and not await pause(context.clock, left, context.stop):\n"
                "+        if left > 1 and not await pause(context.clock, left, context.stop):"
            ),
        ): "the last second of a soak of minutes or hours",
        (
            "cmk_remediate/engine/lease.py",
            (
                "-        while not self.lost and self.remaining() <= seconds + SPARE:\n"
                "+        while not self.lost and self.remaining() < seconds + SPARE:"
            ),
        ): "they differ at one instant of a clock that goes on while it is read",
        (
            "cmk_remediate/engine/preflight/policy.py",
            ("-            place = item.site.places[0]\n+            place = item.site.places[ -1]"),
        ): "whichever place of a step is named, all of them are what was not checked",
        (
            "cmk_remediate/engine/outcome.py",
            (
                '-    return all(target.end == "skipped" and target.code == codes.engine.STOPPED for target in bad)\n'
                '+    return all(target.end >= "skipped" and target.code == codes.engine.STOPPED for target in bad)'
            ),
        ): "of the ends of a target none comes after skipped in the alphabet",
        (
            "cmk_remediate/engine/preflight/surroundings.py",
            (
                '-            why = f"registrationState of {read.query[0][1]} is {state}"\n'
                '+            why = f"registrationState of {read.query[ -1][1]} is {state}"'
            ),
        ): "the question has one parameter",
        (
            "cmk_remediate/engine/reviewing.py",
            (
                '-        if line.role == "owned" and line.reversibility is not None and line.reversibility.kind == "reversible"\n'
                '+        if line.role >= "owned" and line.reversibility is not None and line.reversibility.kind == "reversible"'
            ),
        ): "a line that is only relied on has no reversibility",
        (
            "cmk_remediate/engine/lease.py",
            (
                "-            await self._clock.sleep(max(RENEW - self._age(), 1.0))\n"
                "+            await self._clock.sleep(max(RENEW - self._age(), 2.0))"
            ),
        ): _CHOICE,
        (
            "cmk_remediate/engine/lease.py",
            "-            if self._age() >= RENEW:\n+            if self._age() > RENEW:",
        ): "renewed a second later, of the forty there are",
        (
            "cmk_remediate/engine/canary.py",
            (
                "-        if left > 0 and not await pause(context.clock, left, context.stop):\n"
                "+        if left > -1 and not await pause(context.clock, left, context.stop):"
            ),
        ): "no time is waited either way",
    }
)
"""By module and changed lines: why the changed code does the same."""
