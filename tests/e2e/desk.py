"""An operator's desk: the command line in this process, on an Azure that the law monitor watches; and estates gone wrong."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmk_remediate.cli import main
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import merge_patch
from cmk_remediate.simulator.declare import RemoveResource, SetResource
from cmk_remediate.simulator.monitor import watch
from tests.e2e.estates import DATA, Scene, one_server, plan, server
from tests.e2e.stage import writes

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from cmk_remediate.codes.code import Code
    from tests.e2e.stage import Stage


@dataclass(frozen=True)
class Outcome:
    """What one command left behind.

    Attributes:
        code: its exit code.
        out: its product.
        err: its progress and its error.
        writes: how many requests it sent that could change anything.
    """

    code: int
    out: str
    err: str
    writes: int


class Desk:
    """Runs commands on a stage's Azure; `--simulate` leads there instead of to a file of its own."""

    def __init__(self, stage: Stage, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.stage = stage
        self.folder = folder
        self.plan = self.write("plan.yaml", stage.scene.plan)
        self.review = folder / "review.json"
        self._capture = capture

    def __call__(self, *arguments: object, runs: Path | None = None, quiet: bool = True) -> Outcome:
        """Run one command with the stage's run store; unless *quiet*, its progress is told."""
        mark = self.stage.seen()
        self._capture.readouterr()
        store = ["--runs", str(runs or self.stage.folder)]
        hushed = ["--quiet"] if quiet else []
        code = main(["--simulate", "az.json", *hushed, *store, *(str(one) for one in arguments)])
        shown = self._capture.readouterr()
        return Outcome(code, shown.out, shown.err, len(writes(self.stage.since(mark))))

    def write(self, name: str, content: Any) -> Path:
        """Write a file: text as it is, anything else as JSON, which is YAML too."""
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=1), encoding="utf-8")
        return path

    def dry_run(self, *arguments: object) -> Outcome:
        """Make the review of the plan."""
        return self("dry-run", self.plan, "-o", self.review, *arguments)

    def reviewed(self) -> str:
        """Make the review; it must be possible. Return its digest."""
        outcome = self.dry_run()
        assert outcome.code == 0, outcome.out + outcome.err
        return str(json.loads(self.review.read_bytes())["digest"])

    def accepting(self) -> list[str]:
        """Return the options that accept all the review asks for."""
        return [part for text in self._asked() for part in ("--accept", text)]

    def _asked(self) -> list[str]:
        found: list[str] = json.loads(self.review.read_bytes())["acknowledgements_required"]
        return found

    def apply(self, *arguments: object) -> Outcome:
        """Apply the review with all it asks for accepted."""
        return self("apply", self.review, "--yes", *self.accepting(), *arguments)


def refused(outcome: Outcome, code: int, error: Code, *parts: str) -> None:
    """Assert that *outcome* is one clear error, with *parts* (resource, cause) in it, and that nothing was written."""
    told = f"exit {outcome.code}, {outcome.writes} writes\n{outcome.out}\n{outcome.err}"
    assert outcome.code == code, told
    assert outcome.writes == 0, told
    assert re.findall(r"^error\[(\w+)\]", outcome.err, re.MULTILINE) == [str(error)], told
    assert re.search(r"^next: \S", outcome.err, re.MULTILINE), told
    for part in parts:
        assert part in outcome.err, f"{part!r} is not in\n{told}"


def blocked(outcome: Outcome, code: int, error: Code, *parts: str) -> None:
    """Assert that the product of *outcome* names *error* for the one target, with *parts* in it, and that nothing was written."""
    told = f"exit {outcome.code}, {outcome.writes} writes\n{outcome.out}\n{outcome.err}"
    assert outcome.code == code, told
    assert outcome.writes == 0, told
    assert "error[" not in outcome.err, told
    assert str(error) in outcome.out, told
    assert re.search(rf"next(: | \[{error}\]: )\S", outcome.out), told
    flat = " ".join(outcome.out.split())
    for part in parts:
        assert part in flat, f"{part!r} is not in\n{told}"


def having(scene: Scene, resource: str, patch: dict[str, Any]) -> Scene:
    """Return *scene* with *patch* (RFC 7396) laid over one of its resources."""
    estate = copy.deepcopy(scene.estate)
    parts = estate["resources"]
    at = next(number for number, one in enumerate(parts) if one["id"] == resource)
    parts[at] = merge_patch(parts[at], patch)
    return Scene(estate, scene.plan, scene.servers, scene.keys)


def without(scene: Scene, *resources: str) -> Scene:
    """Return *scene* without some of its resources."""
    estate = copy.deepcopy(scene.estate)
    estate["resources"] = [one for one in estate["resources"] if one["id"] not in resources]
    return Scene(estate, scene.plan, scene.servers, scene.keys)


def adding(scene: Scene, member: str, *items: dict[str, Any]) -> Scene:
    """Return *scene* with more *items* in a list of its estate (policies, locks, role_assignments)."""
    estate = copy.deepcopy(scene.estate)
    estate[member] = [*estate.get(member, []), *items]
    return Scene(estate, scene.plan, scene.servers, scene.keys)


def planning(scene: Scene, **more: Any) -> Scene:
    """Return *scene* with other values in its plan."""
    return Scene(scene.estate, {**scene.plan, **more}, scene.servers, scene.keys)


def several(count: int) -> Scene:
    """Return *count* servers that share a key, an identity and a grant which are there."""
    scene = one_server()
    ids = tuple(f"{DATA}/providers/Microsoft.Sql/servers/sql-{number}" for number in range(count))
    parts = [part for one in ids for part in server(one, "db")]
    estate = {**scene.estate, "resources": [*scene.estate["resources"], *parts]}
    return Scene(estate, plan(*ids), ids)


def owner_sets(stage: Stage, resource: str, patch: dict[str, Any]) -> None:
    """Let somebody else change *resource* by *patch* (RFC 7396), long enough ago for everybody to see it.

    Not longer: a run that stands still meanwhile must not lose its leases.
    """
    body = stage.azure.world.get(resource)
    assert body is not None
    stage.azure.world.apply([SetResource(ResourceId(resource), merge_patch(body, patch))])
    stage.azure.advance(15)


def owner_deletes(stage: Stage, *resources: str) -> None:
    """Let somebody else delete *resources*; what comes of it is theirs: laws are judged from then on."""
    stage.azure.world.apply([RemoveResource(ResourceId(one)) for one in resources])
    stage.azure.advance(60)
    stage.monitor = watch(stage.azure, stage.caller)


def owner_revokes(stage: Stage, key: str) -> None:
    """Let somebody else take away every role assignment at *key*, long enough ago for everybody to see it."""
    found = stage.azure.world.by_type("Microsoft.Authorization/roleAssignments")
    owner_deletes(stage, *(str(one) for one, _ in found if str(one).lower().startswith(f"{key.lower()}/")))
    stage.azure.advance(3600)
