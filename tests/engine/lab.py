"""Dry runs, applies, crashes and rollbacks over the small Azure, in virtual time, without a disk."""

from __future__ import annotations

import asyncio
import copy
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from cmk_remediate.engine.journal import Journal
from cmk_remediate.engine.journal_lines import line_of
from cmk_remediate.engine.journal_state import JournalState
from cmk_remediate.engine.local_store import LocalStore
from cmk_remediate.engine.precheck import precheck
from cmk_remediate.engine.project import Projected, project
from cmk_remediate.engine.reads import EachOnce
from cmk_remediate.engine.reviewing import Kept, blocked_targets, graph_of, reviewed_block, reviewed_steps, steps_of
from cmk_remediate.engine.rollback import inverse
from cmk_remediate.engine.run import Rules, Run
from cmk_remediate.engine.schedule import Stop
from cmk_remediate.model.records import RECORDS, Record, RunStarted
from cmk_remediate.model.result import Progress, RunResult, silent
from cmk_remediate.model.review import Made, PlanSource, Review, ReviewedTarget
from cmk_remediate.simulator.faults import Killed
from cmk_remediate.simulator.virtual_time import VirtualClock, VirtualLoop, run
from tests.engine.invented import REGISTRY, rid
from tests.engine.small_azure import SmallAzure, State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from cmk_remediate.engine.lease import Permit
    from cmk_remediate.model.graph import Graph
    from cmk_remediate.model.ids import ResourceId

AT = "2026-03-01T22:00:00Z"
BEGIN = 1_772_400_000.0


class MemoryJournal(Journal):
    """A journal whose lines stay in memory; what it gives back went through bytes."""

    def __init__(self, lines: Sequence[bytes], azure: SmallAzure) -> None:
        self.run = "r"
        self.lines = list(lines)
        self._azure = azure

    @property
    def records(self) -> tuple[Record, ...]:
        return records_of(self.lines)

    @property
    def state(self) -> JournalState:
        return JournalState.of(self.records)

    async def append(self, record: Record) -> None:
        if self._azure.dead:
            await asyncio.get_running_loop().create_future()
        self.lines.append(line_of("", record))

    def close(self) -> None:
        """Nothing is open."""


def records_of(lines: Sequence[bytes]) -> tuple[Record, ...]:
    """Return the records that *lines* hold."""
    documents = [json.loads(line) for line in lines]
    return tuple(
        RECORDS.validate_python({key: value for key, value in item.items() if key != "prev"}, strict=False)
        for item in documents
    )


@dataclass
class Applied:
    """What one process did: its result, or None if it was killed; the journal; and the request log."""

    result: RunResult | None
    lines: list[bytes]
    log: list[dict[str, Any]]
    calls: int

    @property
    def writes(self) -> list[dict[str, Any]]:
        """The requests that were no reads."""
        return [row for row in self.log if row["method"] != "GET"]

    @property
    def done(self) -> RunResult:
        """The result of a process that was not killed."""
        assert self.result is not None
        return self.result

    @property
    def ends(self) -> list[str]:
        """How each target ended."""
        return [target.end for target in self.done.targets]


class Lab:
    """One Azure, and runs against it."""

    def __init__(self, **bodies: dict[str, Any]) -> None:
        """Start with the things *bodies*, by name, each with its properties."""
        self.state = State()
        self.clock = VirtualClock(BEGIN)
        self.settings: Callable[[SmallAzure], None] = lambda _: None
        for name, properties in bodies.items():
            self.put(rid("things", name), properties)

    def put(self, resource: ResourceId, properties: Mapping[str, Any]) -> ResourceId:
        """Let Azure have *resource*."""
        self.state.bodies[resource.key] = {"id": resource.text, "properties": dict(properties)}
        return resource

    def value(self, resource: ResourceId, path: str) -> Any:
        """Return a property as Azure has it."""
        body = self.state.bodies.get(resource.key)
        return None if body is None else body["properties"].get(path)

    def image(self) -> dict[str, Any]:
        """Return every body, less what Azure makes."""
        made = ("madeAt",)
        return {
            key: {name: value for name, value in body["properties"].items() if name not in made}
            for key, body in sorted(copy.deepcopy(self.state.bodies).items())
        }

    def copy(self) -> Lab:
        """Return the same Azure once more, at the same moment."""
        other = Lab()
        other.state = copy.deepcopy(self.state)
        other.clock = VirtualClock(self.clock.stamp())
        other.settings = self.settings
        return other

    def pass_time(self, seconds: float) -> None:
        """Let time pass; operations end."""
        self.clock.catch_up(self.clock.stamp() + seconds)
        self.azure().catch_up()

    def azure(self) -> SmallAzure:
        """Return a fresh connection."""
        azure = SmallAzure(self.state, self.clock)
        self.settings(azure)
        return azure

    def project(self, graph: Graph) -> tuple[Mapping[str, Projected], list[dict[str, Any]]]:
        """Return the projection of *graph* and the request log."""
        azure = self.azure()
        projected = run(lambda: project(graph, EachOnce(azure)), self.clock)
        return projected, azure.log

    def dry_run(self, graph: Graph, *, undoes: str | None = None, kept: Sequence[Kept] = ()) -> Review:
        """Return the review of *graph*; it has been JSON in between."""
        projected, _ = self.project(graph)
        steps, accept = reviewed_steps(projected, self.azure(), {}, kept)
        blocked = blocked_targets(projected)
        names = dict.fromkeys(
            [
                *(name for node in graph.nodes for name in node.targets),
                *(name for item in kept for name in item.targets),
            ]
        )
        review = Review(
            format_version="1.0",
            digest="",
            made=Made(id="id", at=AT, by="me", with_="test"),
            expires="2026-03-08T22:00:00Z",
            tenant="t",
            cloud="AzureCloud",
            runs="runs",
            plan=PlanSource(name="plan.yaml", sha256="0" * 64, content={}),
            undoes=undoes,
            steps=steps,
            targets=tuple(
                ReviewedTarget(
                    id=name,
                    service="invented",
                    state="",
                    blocked=reviewed_block(blocked[name]) if name in blocked else None,
                    steps=steps_of(name, graph, kept),
                )
                for name in names
            ),
            notes=(),
            artefacts=(),
            acknowledgements_required=accept,
        ).sealed()
        document = json.loads(json.dumps(review.to_json()))
        document["made"]["with_"] = document["made"].pop("with")
        again = Review.model_validate(document, strict=False)
        assert again == review
        return again

    def apply(
        self,
        review: Review,
        lines: Sequence[bytes] = (),
        *,
        rules: Rules | None = None,
        stop: Stop | None = None,
        kill_at: tuple[int, Literal["before", "after"]] | None = None,
        progress: Progress = silent,
        settings: Callable[[SmallAzure], None] = lambda _: None,
        journal_in: Path | None = None,
        lease: Permit | None = None,
    ) -> Applied:
        """Carry out *review* from where the journal *lines* ends; everything that outlives the process stays in this lab."""
        azure = self.azure()
        settings(azure)
        azure.kill_at = kill_at
        journal = MemoryJournal(lines, azure)
        results: list[RunResult] = []

        async def main() -> None:
            loop = asyncio.get_running_loop()
            assert isinstance(loop, VirtualLoop)
            azure.kill = loop.kill
            graph = graph_of(review, REGISTRY)
            checked, _, _ = await precheck(review, graph, azure, journal.state)
            used: Journal = journal
            began = RunStarted(run=review.digest, at=AT, caller="me", approver="", accepted=(), undoes=review.undoes)
            if journal_in is not None:
                used = await Journal.create(LocalStore(journal_in), review, began)
            elif not journal.lines:
                await journal.append(began)
            carried = Run(
                review=review,
                graph=graph,
                azure=azure,
                clock=self.clock,
                journal=used,
                rules=rules or Rules(),
                stop=stop or Stop(),
                progress=progress,
                precheck=checked,
                lease=lease,
            )
            results.append(await carried.carry_out())
            used.close()

        try:
            run(main, self.clock)
        except Killed:
            assert azure.dead
        return Applied(results[0] if results else None, journal.lines, azure.log, azure.calls)

    def roll_back_review(self, review: Review, lines: Sequence[bytes]) -> Review:
        """Return the review of what undoes the run of *review* that *lines* record."""
        graph = graph_of(review, REGISTRY)
        journal = JournalState.of(records_of(lines))
        projected, _ = self.project(graph)
        bodies = {key: item.found.body for key, item in projected.items() if item.found.body is not None}
        back = inverse(graph, journal, bodies)
        return self.dry_run(back.graph, undoes=review.digest, kept=back.kept)
