"""A plan that was found valid, and where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmk_remediate import codes, files
from cmk_remediate.model.run_address import is_remote, parse_address
from cmk_remediate.planfile.schema import PlanFile


@dataclass(frozen=True)
class PlanDocument:
    """A valid plan, and where it came from.

    Attributes:
        plan: what the operator declares.
        name: the file's name, as reviews show it.
        sha256: of the file's bytes, in hex.
        path: the file, absolute; None for a plan that was handed over as values.
    """

    plan: PlanFile
    name: str
    sha256: str
    path: Path | None = None

    @property
    def documents(self) -> tuple[PlanDocument]:
        """The plan alone, where an estate file has several."""
        return (self,)

    @property
    def tenant(self) -> str:
        """The Entra tenant's id."""
        return self.plan.tenant

    @property
    def label(self) -> str:
        """What the plan is for, in a word."""
        return self.plan.service

    @property
    def review_expires(self) -> str:
        """How long after the dry run its review can be applied."""
        return self.plan.review_expires

    @property
    def cloud(self) -> str:
        """Which Azure the plan is for."""
        return self.plan.cloud

    @property
    def content(self) -> dict[str, Any]:
        """The plan as JSON, defaults filled in."""
        return self.plan.model_dump(mode="json")

    @property
    def runs(self) -> str | None:
        """The run store the plan names, a folder's absolute path or a URL; None when it names none.

        Raises:
            InputError: CMK130 when it cannot be a folder, or is a URL of no run store.
        """
        if self.plan.runs is None:
            return None
        if is_remote(self.plan.runs):
            return parse_address(self.plan.runs).text
        base = self.path.parent if self.path else Path()
        return files.absolute(base / self.plan.runs, codes.input_.RUNS_ADDRESS_WRONG)
