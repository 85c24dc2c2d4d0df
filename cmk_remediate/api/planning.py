"""The dry run: from a plan, or from steps, to a review."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.api.audit import audit_needs
from cmk_remediate.api.evidence import proofs
from cmk_remediate.api.key_notes import key_notes
from cmk_remediate.api.own_ground import refuse_own_ground
from cmk_remediate.api.recovery import recovery_notes
from cmk_remediate.api.restriction import restriction_notes
from cmk_remediate.api.shapes import candidates_of, detected
from cmk_remediate.api.signing_in import naming, sign_in, vaults_of
from cmk_remediate.api.store import choose_runs, open_store
from cmk_remediate.api.window_notes import with_window_notes
from cmk_remediate.clock import format_utc
from cmk_remediate.engine.preflight import Preflight, preflight
from cmk_remediate.engine.project import Projected, project
from cmk_remediate.engine.reads import EachOnce
from cmk_remediate.engine.reviewing import Kept, blocked_targets, reviewed_block, reviewed_steps, steps_of
from cmk_remediate.engine.schedule import each
from cmk_remediate.engine.shapes import making_sense_of
from cmk_remediate.errors import InputError
from cmk_remediate.model.artefacts import ArtefactFile
from cmk_remediate.model.decisions import Blocked, Change
from cmk_remediate.model.graph import Graph, GraphBuilder
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import digest
from cmk_remediate.model.review import (
    FORMAT_VERSION,
    Artefact,
    Made,
    Note,
    PlanSource,
    Review,
    ReviewedTarget,
)
from cmk_remediate.planfile.estate import EstateDocument
from cmk_remediate.planfile.load import Loaded, load_plan
from cmk_remediate.planfile.plan import PlanDocument
from cmk_remediate.planfile.schema import seconds
from cmk_remediate.services import services
from cmk_remediate.services.service import Candidate, RecipeContext, Service

if TYPE_CHECKING:
    from cmk_remediate.model.outcomes import Azure, Reader
    from cmk_remediate.model.protocols import Connection
    from cmk_remediate.model.step import Step

PlanLike = str | Path | Mapping[str, Any] | PlanDocument | EstateDocument
"""The path of a plan or estate file, their values, or one that is loaded."""


def plan_of(plan: PlanLike) -> Loaded:
    """Return the loaded plan, or the plans of an estate.

    Raises:
        InputError: CMK101 to CMK109 when it is not a valid plan, CMK123 when plans of an estate contradict each other.
    """
    return plan if isinstance(plan, (PlanDocument, EstateDocument)) else load_plan(plan)


Build = Callable[[Collection[str]], Graph]
"""Makes the graph of all targets but those named."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a review is made of, before Azure's side conditions are known.

    Attributes:
        build: makes the graph of all targets but those it is given.
        targets: each target's id, service and state, in order.
        blocked: targets known to be blocked, and why.
        notes: what is to be said beside the steps, by target; of one that turns out to be blocked only what was found.
        files: what is made beside the review, by target; of a blocked one nothing.
        kept: what a rollback leaves as it is.
    """

    build: Build
    targets: Sequence[tuple[str, str, str]]
    blocked: Mapping[str, Blocked] = field(default_factory=dict)
    notes: Mapping[str, Sequence[Note]] = field(default_factory=dict)
    files: Mapping[str, Sequence[ArtefactFile]] = field(default_factory=dict)
    kept: Sequence[Kept] = ()


@dataclass(frozen=True)
class Frame:
    """What a review says of itself; ``expires_after`` in seconds."""

    id: str
    by: str
    tenant: str
    cloud: str
    runs: str
    plan: PlanSource
    expires_after: int
    undoes: str | None = None
    undoes_at: str | None = None


async def dry_run(plan: PlanLike, *, connection: Connection, runs: str | Path | None = None) -> Review:
    """Return what moving the plan's targets would do; sends nothing but reads.

    Args:
        plan: a plan file's path, a plan's values, or a loaded plan.
        connection: where Azure is.
        runs: the run store, a folder or a URL; else the plan's, else ``./cmk-runs``.

    Raises:
        InputError: the plan is not valid, or tenant, cloud or credential are not those of the plan.
        AzureError: a read was refused that the review cannot do without.
    """
    document = plan_of(plan)
    open_store(choose_runs(runs, document.runs), connection)  # where it cannot be used, no review should say it is
    review, _ = await planned(document, connection=connection, runs=runs)
    return review


async def planned(
    plan: PlanLike, *, connection: Connection, runs: str | Path | None = None
) -> tuple[Review, Preflight]:
    """Return the review of *plan* as `dry_run` does, and what the preflight found beside it."""
    document = plan_of(plan)
    session = await sign_in(connection, document.cloud, document.tenant, document.content, read_only=True)
    reader = EachOnce(session)
    review_id = str(uuid.uuid4())
    frame = Frame(
        id=review_id,
        by=await session.caller(),
        tenant=document.tenant,
        cloud=document.cloud,
        runs=choose_runs(runs, document.runs),
        plan=PlanSource(name=document.name, sha256=document.sha256, content=document.content),
        expires_after=seconds(document.review_expires),
    )
    subject = await _subject(document, reader, review_id)
    review, checked = await make_review(subject, frame, session, reader)
    kept = {one.name for one in review.artefacts}
    return review.with_files(one for many in subject.files.values() for one in many if one.name in kept), checked


@dataclass(frozen=True)
class _Found:
    """A candidate, and the plan that names it."""

    document: PlanDocument
    service: Service
    candidate: Candidate


async def _subject(loaded: Loaded, reader: Reader, review_id: str) -> Subject:
    known = services()
    found: list[_Found] = []
    for one in loaded.documents:
        service = known[one.plan.service]
        facts = await each(one.plan.targets, partial(detected, service, reader, one.plan))
        found.extend(_Found(one, service, candidate) for candidate in candidates_of(service, facts, one.plan))
    _refuse_twice(found)
    named = {item.candidate.id.text: item.document.name for item in found} if len(loaded.documents) > 1 else {}

    def build(barred: Collection[str]) -> Graph:
        builder = GraphBuilder(named)
        for item in found:
            if item.candidate.id.text not in barred:
                with making_sense_of(item.candidate.id.text):
                    item.service.recipe(item.candidate, item.document.plan, builder, RecipeContext(review_id))
        return builder.build()

    candidates = [item.candidate for item in found]
    return Subject(
        build=build,
        blocked={candidate.id.text: candidate.blocked for candidate in candidates if candidate.blocked is not None},
        targets=[(item.candidate.id.text, item.service.name, item.candidate.state) for item in found],
        notes={item.candidate.id.text: _notes(item) for item in found},
        files={candidate.id.text: candidate.artefacts for candidate in candidates},
    )


def _notes(item: _Found) -> tuple[Note, ...]:
    """Return what is to be said of a candidate: what its state rests on comes first."""
    return (*proofs(item.candidate.id, item.service.insight(item.candidate).evidence), *item.candidate.notes)


def _refuse_twice(found: Iterable[_Found]) -> None:
    """Refuse two plans that move one resource, which only Azure shows: partners of a pair, a machine and its disk.

    Raises:
        InputError: CMK123.
    """
    by: dict[ResourceId, str] = {}
    for item in found:
        for member in item.candidate.members:
            other = by.setdefault(member, item.document.name)
            if other != item.document.name:
                cause = f"{other} and {item.document.name} both move it, or what can only be moved together with it"
                raise InputError(codes.input_.PLANS_CONTRADICT, cause, resource=member.text)


async def dry_run_steps(
    steps: Sequence[Step],
    *,
    connection: Connection,
    tenant: str,
    runs: str | Path | None = None,
    review_expires: str = "7d",
) -> Review:
    """Return what carrying out *steps*, in their order, would do; with the same review, journal and rollback as a plan.

    Each step needs the one before it. Their only target is the resource of the first step.

    Raises:
        InputError: the steps contradict each other, or the first one's resource is not known beforehand.
    """
    addresses = [str(step.address()) for step in steps]
    session = await sign_in(connection, connection.cloud, tenant, addresses, read_only=True)
    first = steps[0].address() if steps else None
    if not isinstance(first, ResourceId):
        raise InputError(codes.input_.PLAN_INVALID, "the first step must have an address that is known beforehand")
    builder = GraphBuilder()
    for index, step in enumerate(steps):
        builder.add(step, target=first.top_level.text, needs=steps[index - 1 : index] if index else ())
    content: dict[str, Any] = {"steps": [step.kind for step in steps]}
    frame = Frame(
        id=str(uuid.uuid4()),
        by=await session.caller(),
        tenant=tenant,
        cloud=connection.cloud,
        runs=choose_runs(runs, None),
        plan=PlanSource(name="steps", sha256=digest(content), content=content),
        expires_after=seconds(review_expires),
    )
    subject = Subject(build=builder.build().without, targets=[(first.top_level.text, "steps", "as found")])
    review, _ = await make_review(subject, frame, session, EachOnce(session))
    return review


async def make_review(subject: Subject, frame: Frame, session: Azure, reader: EachOnce) -> tuple[Review, Preflight]:
    """Return the sealed review of the targets that can be moved, and what surrounds it.

    A step that several targets share knows all of them, so the graph is made anew without a target that turns out to be blocked.

    Args:
        subject: what it is made of.
        frame: what the review says of itself.
        session: asked for api-versions and the time.
        reader: what all reads go through.

    Raises:
        RefusedError: CMK531 when the run would change what it stands on.
    """
    barred = dict(subject.blocked)
    graph, projected = await _unblocked(subject.build, reader, barred)
    checked = await check_surroundings(graph, projected, reader, frame.by, frame.tenant, writing=False)
    if checked.blocked:
        barred.update({target: reason for target, reason in checked.blocked.items() if target not in barred})
        graph, projected = await _unblocked(subject.build, reader, barred)
    unknown = await refuse_own_ground(frame.runs, projected, reader, frame.by)
    late = set(barred) - set(subject.blocked)
    one_way = {key: value for key, value in checked.one_way.items() if key in projected}
    undoing = frame.undoes is not None
    steps, asked = reviewed_steps(projected, session, one_way, subject.kept, undoing=undoing)
    # The vault of a previous key is named by a step alone; its backups need it.
    named = vaults_of(naming(frame.plan.content, steps))
    said = [
        note
        for target, about in subject.notes.items()
        for note in about
        if target not in late or not _of_move(note, target)
    ]
    said += key_notes(projected)
    recovery = (*await recovery_notes(reader, named, said), *await restriction_notes(reader, projected))
    now = reader.now()
    review = Review(
        format_version=FORMAT_VERSION,
        digest="",
        made=Made(id=frame.id, at=format_utc(now), by=frame.by, with_=f"cmk_remediate {own_version()}"),
        expires=format_utc(now + timedelta(seconds=frame.expires_after)),
        tenant=frame.tenant,
        cloud=frame.cloud,
        runs=frame.runs,
        plan=frame.plan,
        undoes=frame.undoes,
        undoes_at=frame.undoes_at,
        steps=steps,
        targets=tuple(
            ReviewedTarget(
                id=target,
                service=service,
                state=state,
                blocked=reviewed_block(barred[target]) if target in barred else None,
                steps=steps_of(target, graph, subject.kept),
            )
            for target, service, state in subject.targets
        ),
        notes=(*said, *recovery, *unknown, *checked.notes),
        artefacts=tuple(
            Artefact(name=one.name, sha256=one.sha256)
            for target, many in subject.files.items()
            if target not in barred
            for one in many
        ),
        acknowledgements_required=asked,
    )
    return with_window_notes(review).sealed(), replace(checked, needed=(*checked.needed, *audit_needs(named)))


def _of_move(note: Note, target: str) -> bool:
    """Say whether *note* is about what moving *target* would do: not what was found, nor about its databases or a vault."""
    if codes.CODES[note.code].kind == "state":
        return False
    try:
        return ResourceId.parse(note.scope).type.lower() == ResourceId.parse(target).type.lower()
    except InputError:
        return False


async def _unblocked(
    build: Build, reader: EachOnce, barred: dict[str, Blocked]
) -> tuple[Graph, Mapping[str, Projected]]:
    """Return the graph and projection of what is left once every blocked target is taken out, adding those to *barred*.

    Each round bars a target more, and there are only so many: the ends of a bracket that was left open stay in the graph, blocked
    or not, and what they are of is barred once.
    """
    while True:
        graph = build(barred)
        projected = await project(graph, reader)
        found = {target: why for target, why in blocked_targets(projected).items() if target not in barred}
        if not found:
            return graph, projected
        barred.update(found)


async def check_surroundings(
    graph: Graph, projected: Mapping[str, Projected], reader: Reader, caller: str, tenant: str, *, writing: bool
) -> Preflight:
    """Return what locks, policies, permissions and the like have to say of what *projected* would change."""
    changes = {key: item.decision for key, item in projected.items() if isinstance(item.decision, Change)}
    bound = Graph(tuple(replace(node, step=projected[node.id].step) for node in graph.nodes))
    addresses = (item.step.address() for item in projected.values())
    subscriptions = sorted({address.subscription_id for address in addresses if isinstance(address, ResourceId)})
    with making_sense_of(" ".join(map(str, subscriptions))):
        return await preflight(reader, bound, changes, caller=caller, tenant=tenant, writing=writing, each=each)


def own_version() -> str:
    """Return this package's version; ``(uninstalled checkout)`` where it has none."""
    try:
        return version("cmk-remediate")
    except PackageNotFoundError:
        return "(uninstalled checkout)"
