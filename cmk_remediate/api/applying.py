"""Carrying out a review: apply, and resume after whatever ended it."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from cmk_remediate import codes
from cmk_remediate.api.other_runs import check_others
from cmk_remediate.api.own_ground import refuse_own_ground
from cmk_remediate.api.planning import check_surroundings
from cmk_remediate.api.registry import registry
from cmk_remediate.api.rolled_back import refuse_marked
from cmk_remediate.api.signing_in import sign_in_for
from cmk_remediate.api.staying import with_what_stays
from cmk_remediate.api.store import check_digest, open_store, review_of, runs_of
from cmk_remediate.api.watching import Watched, listening, noting
from cmk_remediate.clock import Clock, format_utc, span
from cmk_remediate.connection import Session
from cmk_remediate.engine import acceptance, run_store, window
from cmk_remediate.engine.budget import in_time
from cmk_remediate.engine.claims import run_name
from cmk_remediate.engine.drift import CHANGES
from cmk_remediate.engine.journal import Journal
from cmk_remediate.engine.journal_fit import check_fits
from cmk_remediate.engine.lease import outwait, take
from cmk_remediate.engine.leased import leased_names
from cmk_remediate.engine.outcome import taken_over
from cmk_remediate.engine.precheck import PreCheck, open_brackets, precheck
from cmk_remediate.engine.reviewing import graph_of
from cmk_remediate.engine.run import Rules, Run
from cmk_remediate.engine.run_store import RunStore
from cmk_remediate.engine.schedule import Stop, alongside
from cmk_remediate.engine.tenure import Tenure
from cmk_remediate.errors import AzureError, LeaseLost, RefusedError, ReviewError, RunStoreError, StoppedError
from cmk_remediate.model.records import RolledBack, RunStarted
from cmk_remediate.model.result import Progress, RunResult, silent
from cmk_remediate.planfile.schema import Canary, Limits, Window, seconds

if TYPE_CHECKING:
    from pathlib import Path

    from cmk_remediate.engine.journal_state import JournalState
    from cmk_remediate.model.graph import Graph
    from cmk_remediate.model.outcomes import Azure
    from cmk_remediate.model.protocols import Connection
    from cmk_remediate.model.review import Review

T = TypeVar("T")
P = TypeVar("P", bound=BaseModel)


@dataclass(frozen=True)
class How:
    """How a run is to go about its work.

    Attributes:
        accept: the texts accepted, exactly those the review requires.
        approver: who accepted; may be empty.
        strict: one drifted target stops all before the first write.
        deadline: when the run's time is up; None for never.
        stop: the wish to end.
        progress: told what happens; what it raises ends what it is told, not the run.
    """

    accept: Sequence[str] = ()
    approver: str = ""
    strict: bool = False
    deadline: datetime | None = None
    stop: Stop | None = None
    progress: Progress = silent


async def apply(
    review: Review,
    *,
    connection: Connection,
    accept: Sequence[str] = (),
    approver: str = "",
    runs: str | Path | None = None,
    strict: bool = False,
    stop_after: timedelta | None = None,
    stop: Stop | None = None,
    progress: Progress = silent,
) -> RunResult:
    """Do exactly what *review* says; go on with its own unfinished run if there is one.

    Args:
        review: the result of a dry run.
        connection: where Azure is.
        accept: the texts of ``acknowledgements_required``, neither fewer nor more.
        approver: who accepted them, for the journal.
        runs: the run store; must be the review's, if given.
        strict: one drifted target stops all before the first write.
        stop_after: the run's time, from now on: no step is started whose worst case does not fit, open brackets are closed
            first, and what is waited for or read then is left to the next start, which the same call is.
        stop: the wish to end.
        progress: told what happens; what it raises ends what it is told, not the run.

    Raises:
        ReviewError: the review was altered, has expired, is of another tenant or cloud, was rolled back; or, with *strict*,
            something has drifted.
        RefusedError: an acceptance, a permission, the window or a cap refuses, or the time was up; nothing was changed.
        RunStoreError: another run is at work on something this one writes; or the run store is damaged or cannot be written.
        StoppedError: CMK513 when *stop_after* has passed before the first step of a run that was begun could be looked at.
    """
    store = open_store(runs_of(review, runs), connection)
    deadline = ends_at(connection.clock, stop_after)
    return await carry_out(review, connection, store, How(accept, approver, strict, deadline, stop, progress))


async def resume(
    run: str,
    *,
    connection: Connection,
    runs: str | Path = "cmk-runs",
    strict: bool = False,
    stop_after: timedelta | None = None,
    stop: Stop | None = None,
    progress: Progress = silent,
) -> RunResult:
    """Go on with the unfinished run *run* (a digest or the unique beginning of one) from where its journal ends.

    Raises:
        InputError: CMK115 when the run store holds no such run.
        ReviewError, RefusedError, RunStoreError: as `apply`.
    """
    store = open_store(runs, connection)
    review = await review_of(store, await run_store.find_run(store, run))
    deadline = ends_at(connection.clock, stop_after)
    return await carry_out(review, connection, store, How((), "", strict, deadline, stop, progress))


def ends_at(clock: Clock, stop_after: timedelta | None) -> datetime | None:
    """Return when a run that may take *stop_after* from now on has to end; None for never."""
    return None if stop_after is None else clock.now() + stop_after


async def carry_out(review: Review, connection: Connection, store: RunStore, how: How) -> RunResult:
    """Carry out *review* in *store*, from its first step or from where its journal ends."""
    listener = listening(how.progress)
    how = replace(how, progress=listener)
    check_digest(review)
    if (review.cloud, review.tenant.lower()) != (connection.cloud, (await _tenant(connection)).lower()):
        cause = f"it is of tenant {review.tenant} in {review.cloud}, the connection is of another"
        raise ReviewError(codes.input_.REVIEW_FOREIGN, cause, resource=review.short_digest)
    before = await run_store.state_of(store, review.digest)
    check_fits(review, before)
    refuse_marked(review.digest, before)
    if before.started is None:
        _gates(review, connection.clock.now(), how)
    graph = graph_of(review, registry())
    names = leased_names(review, graph) | {run_name(run) for run in _written_to(review)}

    stop, note = how.stop or Stop(), noting(how.progress, connection.clock)
    limit = time_limit(graph, before, how.deadline)
    await _in_time(connection.clock, limit, before, outwait(store, review.digest, names, connection.clock, note))
    lease = await take(store, review.digest, names, connection.clock, notice=note)
    lease.on_loss(lambda why: stop.ask(why, codes.engine.LEASE_LOST))
    tenure = Tenure(store, _written_to(review), lease, connection.clock, note)
    try:
        session = await sign_in_for(review, connection, read_only=False)
        # Read again: whoever had the lease until now may have gone on with this run.
        before = await run_store.state_of(store, review.digest)
        check_fits(review, before)
        refuse_marked(review.digest, before)
        held = Held(store, tenure, names)
        work = _leased(review, graph, session, connection.clock, held, replace(how, stop=stop), before)
        return listener.noted(await alongside(tenure.keep(), work))
    finally:
        await tenure.release()


@dataclass(frozen=True)
class Held:
    """What a run works under.

    Attributes:
        store: where its journal is.
        tenure: its right to write.
        names: what it has the lease of.
    """

    store: RunStore
    tenure: Tenure
    names: frozenset[str]


def _written_to(review: Review) -> tuple[str, ...]:
    """Return the runs whose journals a run of *review* writes to: its own, and that of the run it undoes."""
    return (review.digest, review.undoes) if review.undoes else (review.digest,)


async def _tenant(connection: Connection) -> str:
    return await Session(connection, read_only=True).tenant()


def _gates(review: Review, now: datetime, how: How) -> None:
    """Refuse to start what is not to be started; none of these ever stops what was begun.

    Nor do expiry, window and caps stand in the way of undoing our own writes.
    """
    acceptance.check(review.acknowledgements_required, how.accept)
    if review.undoes is not None:
        return
    window.check_expiry(review.expires, now)
    window.check_open(_window(review), now)
    changing = {step.id for step in review.steps if step.action in CHANGES}
    moving = [target for target in review.targets if target.blocked is None and changing & set(target.steps)]
    if len(moving) > (most := _limits(review).max_targets):
        raise RefusedError(
            codes.engine.TOO_MANY_TARGETS, f"the review changes {len(moving)} targets, limits.max_targets is {most}"
        )


async def _leased(
    review: Review, graph: Graph, session: Session, clock: Clock, held: Held, how: How, before: JournalState
) -> RunResult:
    watched = Watched(how.progress, review, session.traffic, deadline=how.deadline, window=_window(review))
    how = replace(how, progress=watched)
    passed = await check_others(review, held.store, held.names, before, open_brackets(graph, before))
    if passed:
        noting(how.progress, clock)(f"damaged journals were passed over: {', '.join(run[:8] for run in passed)}")
    limit = time_limit(graph, before, how.deadline)
    checked = await _in_time(clock, limit, before, _checked(review, graph, session, before, how))
    watched.begin(clock.now(), checked.refused)
    try:
        journal = await _journal(review, session, clock, held, how, before)
    except LeaseLost as lost:
        return taken_over(review, graph, await run_store.state_of(held.store, review.digest), lost)
    if journal.torn:
        text = "the journal's last line had been cut short by a crash and was left out; what it was about is read anew"
        noting(how.progress, clock)(text)
    try:
        run = Run(
            review=review,
            graph=graph,
            azure=session,
            clock=clock,
            journal=journal,
            rules=_rules(review, clock, how),
            stop=how.stop or Stop(),
            progress=how.progress,
            precheck=checked,
            lease=held.tenure,
        )
        held.tenure.looks_after(journal, run.standing_still)
        result = await run.carry_out()
    finally:
        journal.close()
    if result.exit_code == 0:
        with suppress(RunStoreError):  # the rollback's own journal says it, too
            await _mark_rolled_back(held, review, clock)
    return with_what_stays(result, review, registry())


def time_limit(graph: Graph, journal: JournalState, deadline: datetime | None) -> datetime | None:
    """Return when what comes before the first step must end; None where a bracket was left open: it is closed, however late."""
    return None if open_brackets(graph, journal) else deadline


async def _in_time(clock: Clock, limit: datetime | None, before: JournalState, looking: Coroutine[Any, Any, T]) -> T:
    """Do what `in_time` does before the first step; where the run has changed nothing so far, its time being up is a refusal.

    Raises:
        RefusedError, StoppedError: CMK513.
    """
    try:
        return await in_time(clock, limit, looking)
    except StoppedError as up:
        if any(step.sent for step in before.steps.values()):
            raise
        raise RefusedError(up.code, f"{up.cause}, and nothing was changed") from None


async def _checked(review: Review, graph: Graph, session: Azure, before: JournalState, how: How) -> PreCheck:
    """Compare all with the review, and ask once more what surrounds it, before the first write."""
    checked, projected, reader = await precheck(review, graph, session, before)
    if before.started is None:
        _refuse_without_rights(review, checked)
    drifted = [one for one in checked.refused.items() if one[1].code != codes.engine.RESOURCE_GONE]
    if drifted and how.strict:
        target, refusal = drifted[0]
        raise ReviewError(codes.engine.DRIFT, refusal.text, resource=target)
    if before.started is None:
        await refuse_own_ground(review.runs, projected, reader, await session.caller())
    left = graph.without(checked.refused)
    opened = open_brackets(graph, before)
    try:
        around = await check_surroundings(left, projected, reader, await session.caller(), review.tenant, writing=True)
    except (AzureError, RefusedError):
        if opened:
            # Whatever stands around it: what an earlier process has stopped is started first.
            return checked
        raise
    standing = {target for opener in opened for target in graph.by_id[opener].targets}
    return checked.and_blocked({target: why for target, why in around.blocked.items() if target not in standing})


def _refuse_without_rights(review: Review, checked: PreCheck) -> None:
    """Refuse a run none of whose targets the caller may read: one of many is a refused target, all of them a right that lacks.

    Raises:
        RefusedError: CMK204.
    """
    moving = [target.id for target in review.targets if target.blocked is None]
    refused = [checked.refused[one] for one in moving if one in checked.refused]
    lacking = [one for one in refused if one.code == codes.access.PERMISSION_MISSING]
    if moving and len(lacking) == len(moving):
        raise RefusedError(codes.access.PERMISSION_MISSING, lacking[0].text, resource=moving[0])


async def _journal(review: Review, session: Azure, clock: Clock, held: Held, how: How, before: JournalState) -> Journal:
    """Return the run's journal, if it is still what *before* was read from.

    Raises:
        LeaseLost: CMK530 when somebody else goes on with it.
    """
    if before.started is not None:
        return await Journal.open(held.store, review.digest, held.tenure, known=before.records)
    started = RunStarted(
        run=review.digest,
        at=format_utc(clock.now()),
        caller=await session.caller(),
        approver=how.approver,
        accepted=tuple(how.accept),
        undoes=review.undoes,
    )
    return await Journal.create(held.store, review, started, held.tenure)


async def _mark_rolled_back(held: Held, review: Review, clock: Clock) -> None:
    """Write into the journal of the run that *review* undoes, if any, that it was undone."""
    if review.undoes is None or (await run_store.state_of(held.store, review.undoes)).rolled_back_by:
        return
    undone = await Journal.open(held.store, review.undoes, held.tenure)
    try:
        await undone.append(RolledBack(at=format_utc(clock.now()), by=review.digest))
    finally:
        undone.close()


def _rules(review: Review, clock: Clock, how: How) -> Rules:
    limits, open_window, canary = _limits(review), _window(review), _part(Canary, review, "canary")

    def fits(worst: int) -> str:
        if review.undoes is None and not window.fits(open_window, clock.now(), worst):
            return f"the window closes at {open_window.closes if open_window else ''}, and this takes {span(worst)} at worst"
        return ""

    undoing = review.undoes is not None
    return Rules(
        max_failures=len(review.targets) + 1 if undoing else limits.max_failures,
        max_disrupted=limits.max_disrupted,
        canary=canary.targets if canary and not undoing else 0,
        soak=seconds(canary.soak) if canary else 0,
        fits=fits,
        expired=lambda: "" if undoing else window.expired(review.expires, clock.now()),
        deadline=how.deadline,
    )


def _limits(review: Review) -> Limits:
    return _part(Limits, review, "limits") or Limits()


def _window(review: Review) -> Window | None:
    return _part(Window, review, "window")


def _part(cls: type[P], review: Review, name: str) -> P | None:
    content = review.plan.content.get(name)
    return cls.model_validate(content) if content else None
