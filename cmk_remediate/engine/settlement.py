"""How a step ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cmk_remediate.model.decisions import Found
from cmk_remediate.model.step import Step

End = Literal["done", "already done", "in progress", "manual", "blocked", "drifted", "failed", "skipped"]
AT_WORK = "Azure took it and is still at work"
"""What a step ends with that Azure goes on with by itself."""
ASKED = "Azure was asked for it and is still at work"
"""The same where nobody has seen Azure take it, or may see how it goes on."""


@dataclass(frozen=True)
class Settlement:
    """How a step ended, and what was found then.

    Attributes:
        end: one of eight words; only the first three let what stands on it go on.
        code: why, for `explain`; empty where there is nothing to explain.
        text: one sentence.
        step: the step with its promises bound.
        found: what it was last judged by; None when it was never looked at.
        sent: how many writes this invocation sent for it.
        stopped: it was skipped because the run was asked to end; a resume does it.
    """

    end: End
    code: str
    text: str
    step: Step
    found: Found | None = None
    sent: int = 0
    stopped: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether what stands on it may go on."""
        return self.end in ("done", "already done", "in progress")
