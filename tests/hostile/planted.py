"""Secrets planted where a run comes by, and a course of all verbs that gathers every word that is said and written."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args

import cmk_remediate as cmk
from cmk_remediate.cli.running import describe
from cmk_remediate.model.protocols import Connection
from cmk_remediate.report.formats import FORMATS, Subject
from cmk_remediate.simulator.embedded import EmbeddedAzure
from cmk_remediate.simulator.faults import Fault, Killed

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.e2e.estates import Scene

PASSWORD = "Planted-Passw0rd-7f3a"
SAS = "sv=2022-11-02&sig=PlantedSasSignature7f3a"
CLIENT_SECRET = "PlantedClientSecret-7f3a"
CONNECTION_STRING = "AccountKey=PlantedAccountKey7f3aPlantedAccountKey7f3a=="
PLANTED = ("PlantedSasSignature7f3a", CLIENT_SECRET, "PlantedBearer7f3a")
"""Never anywhere."""
IN_BODIES = (PASSWORD, "PlantedAccountKey7f3a")
"""Stand in bodies that Azure shows: in nothing of ours, but in an Azure's own state."""
TOKEN = re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}|Bearer [\w-]{16,}")
"""A JSON web token, or whatever somebody bears."""


def in_environment(patch: pytest.MonkeyPatch) -> None:
    """Plant what lies about on a machine."""
    patch.setenv("AZURE_CLIENT_SECRET", CLIENT_SECRET)
    patch.setenv("AZURE_STORAGE_SAS", SAS)


def in_bodies(scene: Scene) -> Scene:
    """Return a copy of *scene* whose targets' bodies hold what they should not."""
    found = in_tags(scene)
    for one in _targets(found):
        one["properties"] = {**one.get("properties", {}), "administratorLoginPassword": PASSWORD}
    return found


def in_tags(scene: Scene) -> Scene:
    """Return a copy of *scene* whose targets' tags, where anything may stand, hold what they should not."""
    found = copy.deepcopy(scene)
    for one in _targets(found):
        one["tags"] = {**one.get("tags", {}), "note": CONNECTION_STRING, "adminPassword": PASSWORD}
    return found


def _targets(scene: Scene) -> list[dict[str, Any]]:
    """Return the bodies of all targets, and of the servers that have them for a child."""
    plans = scene.plan.get("plans", [scene.plan])
    named = [str(one["resource_id"]).lower() for plan in plans for one in plan["targets"]]
    return [
        one
        for one in scene.estate["resources"]
        if any(target == (own := str(one["id"]).lower()) or target.startswith(f"{own}/") for target in named)
    ]


def artefacts(folder: Path) -> str:
    """Return all that stands in files below *folder*."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "reserve"]
    return "\n".join(path.read_bytes().decode("utf-8", "replace") for path in files)


def leaked(text: str, *, bodies: bool = True) -> list[str]:
    """Return what of the planted, and which tokens, stand in *text*; *bodies*: what stood in bodies counts too."""
    found = [one for one in (*PLANTED, *(IN_BODIES if bodies else ())) if one in text]
    return found + [one[0] for one in TOKEN.finditer(text)]


@dataclass
class Course:
    """Every verb, one after the other, on one Azure.

    Attributes:
        azure: where; a copy of it once the process was killed.
        connect: makes a new process's connection to it.
        said: every report, error, event and object, as text.
    """

    azure: EmbeddedAzure
    connect: Callable[[EmbeddedAzure], Connection]
    said: list[str] = field(default_factory=list)

    def does(self, verb: Any, *arguments: Any, **options: Any) -> Any:
        """Carry a verb out; keep what it returns, or raises, in every form."""
        try:
            found = verb(*arguments, connection=self.connect(self.azure), **options)
        except cmk.CmkError as error:
            self.said += [describe(error), repr(error)]
            return None
        if isinstance(found, get_args(Subject)):
            for name in FORMATS:
                with suppress(cmk.CmkError):  # not everything is shown in each
                    self.said.append(cmk.render(found, name))
        self.said.append(repr(found))
        return found

    def applied(self, plan: Any, runs: Any, faults: list[Fault]) -> Any:
        """Dry-run and apply, *faults* striking; return the review. A killed process leaves a copy of its Azure behind."""
        review = self.does(cmk.dry_run, plan, runs=runs)
        assert review is not None
        self.azure.faults.planned += copy.deepcopy(faults)
        accept = review.acknowledgements_required
        try:
            self.does(
                cmk.apply, review, accept=accept, runs=review.runs, progress=lambda event: self.said.append(repr(event))
            )
        except Killed:
            self.azure = self.azure.clone()
        self.azure.faults.planned.clear()
        return review

    def gone_on(self, run: str, runs: Any) -> Any:
        """Resume, roll back and verify; return the review of the rollback."""
        self.does(cmk.resume, run, runs=runs)
        back = self.does(cmk.review_rollback, run, runs=runs)
        if back is not None:
            self.does(cmk.rollback, run, runs=runs, review=back, accept=back.acknowledgements_required)
        self.does(cmk.verify, run, runs=runs)
        with suppress(cmk.CmkError):
            evidence = cmk.make_evidence(run, connection=self.connect(self.azure), runs=runs)
            self.said.append(evidence.content.decode("utf-8", "replace"))
            cmk.save_evidence(evidence, connection=self.connect(self.azure))
        return back
