"""The dry run: from a plan, or from steps, to a review."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.api.audit import audit_needs
from cmk_remediate.api.key_notes import key_notes
from cmk_remediate.api.own_ground import refuse_own_ground
from cmk_remediate.api.recovery import recovery_notes
from cmk_remediate.api.restriction import restriction_notes
from cmk_remediate.api.store import choose_runs, open_store
from cmk_remediate.clock import format_utc
from cmk_remediate.connection import Session
from cmk_remediate.engine.preflight import Preflight, preflight
from cmk_remediate.engine.project import Projected, project
from cmk_remediate.engine.reads import EachOnce
from cmk_remediate.engine.reviewing import Kept, blocked_targets, reviewed_block, reviewed_steps, steps_of
from cmk_remediate.engine.schedule import each
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
    ReviewedStep,
    ReviewedTarget,
)
from cmk_remediate.planfile.load import PlanDocument, from_values, load
from cmk_remediate.planfile.schema import seconds
from cmk_remediate.services import services
from cmk_remediate.services.service import RecipeContext

if TYPE_CHECKING:
    from cmk_remediate.model.outcomes import Azure, Reader
    from cmk_remediate.model.protocols import Connection
    from cmk_remediate.model.step import Step

_VAULT = re.compile(
    r"^/subscriptions/[^/\s]+/resourceGroups/[^/\s]+/providers/Microsoft\.KeyVault/vaults/[a-z0-9-]+", re.IGNORECASE
)

_SUBSCRIPTION = re.compile(r"/subscriptions/([^/\s\"]+)")

PlanLike = str | Path | Mapping[str, Any] | PlanDocument
"""A plan file's path, a plan's values, or a loaded plan."""


def plan_of(plan: PlanLike) -> PlanDocument:
    """Return the loaded plan.

    Raises:
        InputError: CMK101 to CMK109 when it is not a valid plan.
    """
    if isinstance(plan, PlanDocument):
        return plan
    return from_values(plan) if isinstance(plan, Mapping) else load(plan)


Build = Callable[[Collection[str]], Graph]
"""Makes the graph of all targets but those named."""


@dataclass(frozen=True)
class _Subject:
    """What a review is made of, before Azure's side conditions are known."""

    build: Build
    blocked: Mapping[str, Blocked]
    targets: Sequence[tuple[str, str, str]]
    notes: Mapping[str, Sequence[Note]]
    files: Mapping[str, Sequence[ArtefactFile]]


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
    session = await sign_in(connection, document.plan.cloud, document.plan.tenant, document.content, read_only=True)
    reader = EachOnce(session)
    review_id = str(uuid.uuid4())
    frame = Frame(
        id=review_id,
        by=await session.caller(),
        tenant=document.plan.tenant,
        cloud=document.plan.cloud,
        runs=choose_runs(runs, document.runs),
        plan=PlanSource(name=document.name, sha256=document.sha256, content=document.content),
        expires_after=seconds(document.plan.review_expires),
    )
    subject = await _subject(document, reader, review_id)
    review, checked = await make_review(
        subject.build, subject.blocked, subject.targets, subject.notes, frame, session, reader, files=subject.files
    )
    kept = {one.name for one in review.artefacts}
    return review.with_files(one for many in subject.files.values() for one in many if one.name in kept), checked


async def _subject(document: PlanDocument, reader: Reader, review_id: str) -> _Subject:
    service = services()[document.plan.service]
    facts = await each(document.plan.targets, lambda target: service.detect(reader, target, document.plan))
    candidates = service.candidates(facts, document.plan)

    def build(barred: Collection[str]) -> Graph:
        builder = GraphBuilder()
        for candidate in candidates:
            if candidate.id.text not in barred:
                service.recipe(candidate, document.plan, builder, RecipeContext(review_id))
        return builder.build()

    return _Subject(
        build=build,
        blocked={candidate.id.text: candidate.blocked for candidate in candidates if candidate.blocked is not None},
        targets=[(candidate.id.text, service.name, candidate.state) for candidate in candidates],
        notes={candidate.id.text: candidate.notes for candidate in candidates},
        files={candidate.id.text: candidate.artefacts for candidate in candidates},
    )


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
    target = (first.top_level.text, "steps", "as found")
    review, _ = await make_review(builder.build().without, {}, [target], {}, frame, session, EachOnce(session))
    return review


async def make_review(
    build: Build,
    blocked: Mapping[str, Blocked],
    targets: Sequence[tuple[str, str, str]],
    notes: Mapping[str, Sequence[Note]],
    frame: Frame,
    session: Azure,
    reader: EachOnce,
    kept: Sequence[Kept] = (),
    files: Mapping[str, Sequence[ArtefactFile]] = MappingProxyType({}),
) -> tuple[Review, Preflight]:
    """Return the sealed review of the targets that can be moved, and what surrounds it.

    A step that several targets share knows all of them, so the graph is made anew without a target that turns out to be blocked.

    Args:
        build: makes the graph of all targets but those it is given.
        blocked: targets known to be blocked, and why.
        targets: each target's id, service and state, in order.
        notes: what is to be said beside the steps, by target; of one that turns out to be blocked only what was found.
        frame: what the review says of itself.
        session: asked for api-versions and the time.
        reader: what all reads go through.
        kept: what a rollback leaves as it is.
        files: what is made beside the review, by target; of a blocked one nothing.

    Raises:
        RefusedError: CMK531 when the run would change what it stands on.
    """
    barred = dict(blocked)
    graph, projected = await _unblocked(build, reader, barred)
    checked = await check_surroundings(graph, projected, reader, frame.by, frame.tenant, writing=False)
    if checked.blocked:
        barred.update({target: reason for target, reason in checked.blocked.items() if target not in barred})
        graph, projected = await _unblocked(build, reader, barred)
    unknown = await refuse_own_ground(frame.runs, projected, reader, frame.by)
    late = set(barred) - set(blocked)
    one_way = {key: value for key, value in checked.one_way.items() if key in projected}
    steps, asked = reviewed_steps(projected, session, one_way, kept)
    # The vault of a previous key is named by a step alone; its backups need it.
    named = vaults_of(_naming(frame.plan.content, steps))
    said = [
        note for target, about in notes.items() for note in about if target not in late or not _of_move(note, target)
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
        steps=steps,
        targets=tuple(
            ReviewedTarget(
                id=target,
                service=service,
                state=state,
                blocked=reviewed_block(barred[target]) if target in barred else None,
                steps=steps_of(target, graph, kept),
            )
            for target, service, state in targets
        ),
        notes=(*said, *recovery, *unknown, *checked.notes),
        artefacts=tuple(
            Artefact(name=one.name, sha256=one.sha256)
            for target, many in files.items()
            if target not in barred
            for one in many
        ),
        acknowledgements_required=asked,
    )
    return review.sealed(), replace(checked, needed=(*checked.needed, *audit_needs(named)))


def _of_move(note: Note, target: str) -> bool:
    """Say whether *note* is about what moving *target* would do: its scope is a target or a partner, no database and no vault."""
    try:
        return ResourceId.parse(note.scope).type.lower() == ResourceId.parse(target).type.lower()
    except InputError:
        return False


async def _unblocked(
    build: Build, reader: EachOnce, barred: dict[str, Blocked]
) -> tuple[Graph, Mapping[str, Projected]]:
    """Return the graph and projection of what is left once every blocked target is taken out, adding those to *barred*."""
    while True:
        graph = build(barred)
        projected = await project(graph, reader)
        found = blocked_targets(projected)
        if not found:
            return graph, projected
        barred.update(found)


async def check_surroundings(
    graph: Graph, projected: Mapping[str, Projected], reader: Reader, caller: str, tenant: str, *, writing: bool
) -> Preflight:
    """Return what locks, policies, permissions and the like have to say of what *projected* would change."""
    changes = {key: item.decision for key, item in projected.items() if isinstance(item.decision, Change)}
    bound = Graph(tuple(replace(node, step=projected[node.id].step) for node in graph.nodes))
    return await preflight(reader, bound, changes, caller=caller, tenant=tenant, writing=writing, each=each)


async def sign_in(connection: Connection, cloud: str, tenant: str, content: Any, *, read_only: bool) -> Session:
    """Return a session that may ask the vaults named in *content*.

    What asks in the name of a review uses `sign_in_for`.

    Raises:
        InputError: CMK104 when cloud or tenant are not those of the connection, CMK105 when the credential gives no token.
    """
    check_cloud(cloud, connection)
    session = Session(connection, read_only=read_only, vaults=vaults_of(content))
    await _check_tenant(session, tenant)
    return session


async def sign_in_for(review: Review, connection: Connection, *, read_only: bool) -> Session:
    """Return a session that asks nothing but the subscriptions *review* shows, and the vaults in them.

    What is in a step's parameters alone is not shown: it opens nothing.

    Raises:
        InputError: as `sign_in`.
    """
    check_cloud(review.cloud, connection)
    subscriptions = frozenset(_SUBSCRIPTION.findall(" ".join(_shown(review)).lower()))
    vaults = [vault for vault in vaults_of(named_in(review)) if vault.subscription.lower() in subscriptions]
    session = Session(connection, read_only=read_only, vaults=vaults, subscriptions=subscriptions)
    await _check_tenant(session, review.tenant)
    return session


def _shown(review: Review) -> Iterator[str]:
    """Yield the resource ids that a reader of *review* sees."""
    yield json.dumps(review.plan.content)
    yield from (target.id for target in review.targets)
    yield from (step.resource_id for step in review.steps if step.resource_id)


async def _check_tenant(session: Session, tenant: str) -> None:
    signed_in = await session.tenant()
    if signed_in and signed_in.lower() != tenant.lower():
        raise InputError(codes.input_.TENANT_MISMATCH, f"signed in to tenant {signed_in}, the plan is for {tenant}")


def check_cloud(cloud: str, connection: Connection) -> None:
    """Refuse a plan or review for another cloud than the connection's.

    Raises:
        InputError: CMK104.
    """
    if cloud != connection.cloud:
        cause = f"the plan is for {cloud}, the connection for {connection.cloud}"
        raise InputError(codes.input_.TENANT_MISMATCH, cause)


def named_in(review: Review) -> list[Any]:
    """Return everything in *review* that names the vaults its steps are about."""
    return _naming(review.plan.content, review.steps)


def _naming(content: Any, steps: Sequence[ReviewedStep]) -> list[Any]:
    return [content, [step.resource_id for step in steps], [step.params for step in steps]]


def vaults_of(content: Any) -> tuple[ResourceId, ...]:
    """Return all vaults whose resource ids, or those of their keys, stand anywhere in the JSON-like *content*."""
    found: dict[ResourceId, None] = {}

    def look(value: Any) -> None:
        if isinstance(value, str):
            found.update({ResourceId.parse(text): None for text in _VAULT.findall(value)})
        elif isinstance(value, Mapping):
            for item in value.values():
                look(item)
        elif isinstance(value, (list, tuple)):
            for item in value:
                look(item)

    look(content)
    return tuple(found)


def own_version() -> str:
    """Return this package's version; ``(uninstalled checkout)`` where it has none."""
    try:
        return version("cmk-remediate")
    except PackageNotFoundError:
        return "(uninstalled checkout)"
