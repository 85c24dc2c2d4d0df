"""The laws that can be seen from Azure's side, judged after every request and once more when all is quiet.

The monitor knows nothing of the product: only the requests, the state, and who sends them. It judges the operator's writes; what
others do, or what happens by itself, only moves what it compares with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator.monitor.values import Violation
from cmk_remediate.simulator.monitor.watcher import Monitor, watch

if TYPE_CHECKING:
    from cmk_remediate.simulator.embedded import EmbeddedAzure

__all__ = ["Monitor", "Violation", "check", "watch"]

DAY = 86400.0


def check(azure: EmbeddedAzure, monitor: Monitor, *, after: float = DAY) -> tuple[Violation, ...]:
    """Let *after* seconds pass, judge everything as it then truly is, and return all violations so far."""
    azure.advance(after)
    monitor.judge_all()
    return tuple(monitor.violations)
