"""What is wrong with a plan file: every problem at once, each with its line and field."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cmk_remediate.codes.code import Code
from cmk_remediate.errors import InputError, scrubbed

if TYPE_CHECKING:
    from collections.abc import Sequence


Location = tuple[str | int, ...]
"""Where in the plan: field names and list indices, outermost first."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        code: what sort of thing, for `explain`.
        where: the field; empty for the file as a whole.
        text: one sentence.
        line: in the file, from 1; 0 where there is none.
    """

    code: Code
    where: Location
    text: str
    line: int = 0

    @property
    def field(self) -> str:
        """The field as an operator would write it, such as ``targets[2].resource_id``."""
        parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.where]
        return "".join(parts).removeprefix(".")

    def __str__(self) -> str:
        """Return ``line 12, key.size: text``."""
        place = ", ".join(part for part in (f"line {self.line}" if self.line else "", self.field) if part)
        return f"{place}: {self.text}" if place else self.text


class PlanError(InputError):
    """A plan file is wrong; the code is that of the first problem in the file.

    Attributes:
        problems: all of them, in the order of the file.
    """

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        """Say all *problems* of the plan file called *name*; there is at least one."""
        clean = (replace(one, text=scrubbed(one.text)) for one in problems)
        self.problems = tuple(sorted(clean, key=lambda problem: problem.line))
        first = self.problems[0]
        if len(self.problems) == 1:
            cause = str(first)
        else:
            each = "".join(f"\n  {problem} [{problem.code}]" for problem in self.problems)
            cause = f"{len(self.problems)} problems{each}"
        super().__init__(first.code, cause, resource=name)
