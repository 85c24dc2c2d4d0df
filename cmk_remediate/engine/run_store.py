"""The run store: reviews, journals and claims, wherever they are kept; and what lists and finds runs in it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeAlias

from cmk_remediate import codes
from cmk_remediate.engine.journal_lines import JOURNAL, REVIEW, parse
from cmk_remediate.engine.journal_state import JournalState
from cmk_remediate.errors import InputError, RunStoreError
from cmk_remediate.model.result import RunSummary

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from cmk_remediate.engine.claims import Claim
    from cmk_remediate.errors import CmkError
    from cmk_remediate.model.records import Record

_PREFIX = re.compile(r"[0-9a-f]{4,64}")


Again: TypeAlias = "Callable[[CmkError], Awaitable[bool]]"


class Log(Protocol):
    """One run's journal, open for appending; one caller at a time, and never cancelled half-way."""

    async def open(self, review: bytes | None) -> tuple[tuple[Record, ...], bool]:
        """Make it ready to append to; with *review* make what is missing of it.

        Returns the records that are there, and whether the last line had been cut short and was left out.

        Raises:
            RunStoreError: CMK511 when it is damaged, CMK512 when it cannot be written.
        """

    async def append(self, records: Sequence[Record], again: Again) -> Sequence[CmkError | None]:
        """Make *records* durable in their order; return for each why it is not, or None when it is.

        *again* is asked whether to try once more after a failure that may pass; a record is there once, however often it was tried.

        An error is a `RunStoreError`, a `LeaseLost` where somebody else has written to the journal meanwhile.
        """

    async def untouched(self) -> bool:
        """Say whether it ends exactly where we left it.

        Raises:
            RunStoreError: CMK512 when it cannot be read.
        """

    def close(self, *, over: bool) -> None:
        """Let go of it; *over*: the run is, and what was kept in reserve for it can be given back."""


class RunStore(Protocol):
    """Where reviews, journals and claims are kept.

    Every method raises `RunStoreError` CMK512 when the store cannot be read or written.

    Attributes:
        address: as reviews carry it.
        fresh: seconds; a claim renewed within them is not renewed again for a write: all writes of that time share one renewal.
    """

    @property
    def address(self) -> str:
        """Return the store's absolute path or its URL."""

    @property
    def fresh(self) -> float:
        """Return the seconds."""

    async def runs(self) -> tuple[str, ...]:
        """Return the digests of the runs that have a journal, sorted."""

    async def journal(self, run: str) -> tuple[bytes, ...]:
        """Return the journal of *run*, segment by segment, oldest first; nothing if it has none."""

    async def load(self, name: str) -> bytes | None:
        """Return the file *name* (``<run>/review.json``), or None if there is none."""

    async def save(self, name: str, data: bytes) -> str:
        """Make the file *name* hold *data*, whole or not at all, and return its address."""

    def log(self, run: str) -> Log:
        """Return the journal of *run* for appending; nothing is touched yet."""

    async def claims(self) -> tuple[Claim, ...]:
        """Return every claim that stands."""

    async def claim(self, claim: Claim) -> None:
        """Let *claim* stand for all to see, for `lease.LEASE` seconds from the moment of the call."""

    async def renew(self, claim: Claim) -> bool:
        """Let *claim* stand for another `lease.LEASE` seconds; False when it does not stand any more."""

    async def withdraw(self, claim: Claim) -> None:
        """Take back our own *claim*; harmless when it does not stand."""

    async def clear(self, claim: Claim, *, force: bool = False) -> None:
        """Remove the *claim* of an ended process; one that the store knows to be alive, or renewed since, only with *force*."""


def review_name(run: str) -> str:
    """Return the name of the review that *run* applies."""
    return f"{run}/{REVIEW}"


async def state_of(store: RunStore, run: str) -> JournalState:
    """Return what the journal of *run* adds up to; of a run that was never begun, that nothing was sent.

    Raises:
        RunStoreError: CMK511 when the journal is damaged, CMK512 when it cannot be read.
    """
    found = parse(await store.journal(run), run, f"{store.address}/{run}/{JOURNAL}")
    return replace(JournalState.of(found.records), last_line=found.prev)


async def summaries(store: RunStore) -> tuple[RunSummary, ...]:
    """Return each run that was begun in *store*, oldest first; a damaged one is listed as such.

    A store that does not exist holds none.

    Raises:
        RunStoreError: CMK512 when it cannot be read.
    """
    found: list[RunSummary] = []
    undone: set[str] = set()
    damaged: dict[str, RunStoreError] = {}
    for run in await store.runs():
        targets = _targets(await store.load(review_name(run)))
        state = await state_or_damage(store, run, damaged)
        undone.add(state.undid or "")
        if run in damaged:
            found.append(RunSummary(run, "damaged", "", "", targets, 0))
        elif state.started is not None:
            undoes = state.started.undoes or ""
            found.append(RunSummary(run, state.word, state.started.at, undoes, targets, state.writes))
    # A rollback writes into the journal of the run it has undone last of all, and may have died before.
    told = [replace(one, state="rolled back") if one.run in undone - damaged.keys() else one for one in found]
    return tuple(sorted(told, key=lambda summary: (summary.started, summary.run)))


async def begun(
    store: RunStore, damaged: dict[str, RunStoreError] | None = None
) -> tuple[tuple[str, JournalState], ...]:
    """Return each run of *store* that was begun, with its state.

    *damaged*: where given, runs whose journals are damaged are left out, and put here with what is wrong.

    Raises:
        RunStoreError: CMK511 when a journal is damaged, for nobody knows what it left open; CMK512 when unreadable.
    """
    states = [(run, await state_or_damage(store, run, damaged)) for run in await store.runs()]
    return tuple((run, state) for run, state in states if state.started is not None)


async def unfinished(
    store: RunStore, damaged: dict[str, RunStoreError] | None = None
) -> tuple[tuple[str, JournalState], ...]:
    """Return those of the runs `begun` that are neither finished nor rolled back."""
    return tuple((run, state) for run, state in await begun(store, damaged) if not state.over)


async def rollbacks_of(store: RunStore, run: str) -> tuple[str, ...]:
    """Return the runs of *store* that undo *run*, whether they have come to their end or not; a damaged one is no help.

    Raises:
        RunStoreError: CMK512 when it cannot be read.
    """
    every = await begun(store, damaged={})
    return tuple(one for one, state in every if state.started is not None and state.started.undoes == run)


async def state_or_damage(store: RunStore, run: str, damaged: dict[str, RunStoreError] | None) -> JournalState:
    """Return what `state_of` does; of a damaged journal nothing, where *damaged* takes what is wrong with it."""
    try:
        return await state_of(store, run)
    except RunStoreError as error:
        if damaged is None or error.code != codes.engine.JOURNAL_DAMAGED:
            raise
        damaged[run] = error
        return JournalState()


async def rollbacks_begun(store: RunStore, undone: str) -> tuple[str, ...]:
    """Return the rollbacks of the run *undone* that have sent something and are not finished; there is one at most.

    One that has sent nothing holds nobody up: it is reviewed anew, for the run may have gone on since. One whose journal is damaged
    cannot be gone on with; whether another may begin beside it is asked when it does.

    Raises:
        RunStoreError: CMK512 when the store cannot be read.
    """
    return going_back(await begun(store, damaged={}), undone)


def going_back(runs: Iterable[tuple[str, JournalState]], undone: str) -> tuple[str, ...]:
    """Return those of *runs*, begun, that `rollbacks_begun` returns."""
    mine = [(run, state) for run, state in runs if state.started is not None and state.started.undoes == undone]
    return tuple(run for run, state in mine if not state.over and state.resources)


async def find_run(store: RunStore, text: str) -> str:
    """Return the digest of the run in *store* that *text* names: its digest, or 4 or more digits that begin only it.

    Raises:
        InputError: CMK115 when there is none, or more than one.
        RunStoreError: CMK512 when the run store cannot be read.
    """
    return only_run(await store.runs(), text, store.address)


def only_run(runs: Sequence[str], text: str, where: str) -> str:
    """Return the one of *runs* that *text* names.

    Raises:
        InputError: CMK115 when there is none, or more than one.
    """
    wanted = text.strip().lower()
    fitting = [run for run in runs if run.startswith(wanted)] if _PREFIX.fullmatch(wanted) else []
    if len(fitting) == 1:
        return fitting[0]
    cause = f"several runs begin so: {', '.join(fitting)}" if fitting else f"{where} holds no such run"
    raise InputError(codes.input_.RUN_UNKNOWN, cause, resource=text)


def _targets(review: bytes | None) -> tuple[str, ...]:
    """Return the targets a stored review names; none if it cannot be read: a listing must not fail for it."""
    try:
        return tuple(str(target["id"]) for target in json.loads(review or b"")["targets"])
    except (ValueError, LookupError, TypeError):
        return ()
