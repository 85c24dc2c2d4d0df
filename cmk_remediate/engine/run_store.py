"""The run store as a folder of runs: what lists and finds them. It only reads."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.engine.journal_file import JOURNAL, REVIEW, read, unwritable
from cmk_remediate.engine.journal_state import JournalState
from cmk_remediate.errors import InputError, RunStoreError
from cmk_remediate.model.result import RunSummary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DIGEST = re.compile(r"[0-9a-f]{64}")
_PREFIX = re.compile(r"[0-9a-f]{4,64}")


def journal_path(runs: Path, run: str) -> Path:
    """Return where the journal of *run* stands in the run store *runs*."""
    return runs / run / JOURNAL


def review_path(runs: Path, run: str) -> Path:
    """Return where the review that *run* applies stands in the run store *runs*."""
    return runs / run / REVIEW


def state_of(runs: Path, run: str) -> JournalState:
    """Return what the journal of *run* adds up to; of a run that was never begun, that nothing was sent.

    Raises:
        RunStoreError: CMK511 when the journal is damaged, CMK512 when it cannot be read.
    """
    records, _ = read(journal_path(runs, run))
    return JournalState.of(records)


def summaries(runs: Path) -> tuple[RunSummary, ...]:
    """Return each run that was begun in the run store *runs*, oldest first; a damaged one is listed as such.

    A store that does not exist holds none.

    Raises:
        RunStoreError: CMK512 when it cannot be read.
    """
    found = []
    for run in _runs(runs):
        targets = _targets(review_path(runs, run))
        try:
            state = state_of(runs, run)
        except RunStoreError as error:
            if error.code != codes.engine.JOURNAL_DAMAGED:
                raise
            found.append(RunSummary(run, "damaged", "", "", targets, 0))
            continue
        if state.started is not None:
            undoes = state.started.undoes or ""
            found.append(RunSummary(run, state.word, state.started.at, undoes, targets, state.writes))
    return tuple(sorted(found, key=lambda summary: (summary.started, summary.run)))


def unfinished(runs: Path) -> tuple[tuple[str, JournalState], ...]:
    """Return each run of *runs* that was begun and is neither finished nor rolled back, with its state.

    Raises:
        RunStoreError: CMK511 when a journal is damaged, for nobody knows what it left open; CMK512 when unreadable.
    """
    states = ((run, state_of(runs, run)) for run in _runs(runs))
    return tuple((run, state) for run, state in states if state.started is not None and not state.over)


def find_run(runs: Path, text: str) -> str:
    """Return the digest of the run in *runs* that *text* names: its digest, or 4 or more digits that begin only it.

    Raises:
        InputError: CMK115 when there is none, or more than one.
        RunStoreError: CMK512 when the run store cannot be read.
    """
    wanted = text.strip().lower()
    fitting = [run for run in _runs(runs) if run.startswith(wanted)] if _PREFIX.fullmatch(wanted) else []
    if len(fitting) == 1:
        return fitting[0]
    cause = f"several runs begin so: {', '.join(fitting)}" if fitting else f"{runs} holds no such run"
    raise InputError(codes.input_.RUN_UNKNOWN, cause, resource=text)


def _runs(runs: Path) -> Iterator[str]:
    try:
        names = sorted(path.name for path in runs.iterdir() if _DIGEST.fullmatch(path.name))
    except FileNotFoundError:
        return
    except OSError as error:
        raise unwritable(runs, error) from error
    for name in names:
        if journal_path(runs, name).exists():
            yield name


def _targets(path: Path) -> tuple[str, ...]:
    """Return the targets a stored review names; none if it cannot be read: a listing must not fail for it."""
    try:
        return tuple(str(target["id"]) for target in json.loads(path.read_bytes())["targets"])
    except (OSError, ValueError, LookupError, TypeError):
        return ()
