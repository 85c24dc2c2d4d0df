"""apply, resume, rollback: the commands that change something."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import cmk_remediate
from cmk_remediate.cli import consent, output, world
from cmk_remediate.cli.options import Format, Globals
from cmk_remediate.cli.progress import Display, progress
from cmk_remediate.cli.reviewing import shown
from cmk_remediate.cli.signals import interruptible
from cmk_remediate.cli.streams import aside
from cmk_remediate.engine.schedule import Stop
from cmk_remediate.errors import InputError, RunStoreBusy
from cmk_remediate.model.result import RunResult
from cmk_remediate.model.review import Review
from cmk_remediate.report import renderer
from cmk_remediate.report.json_ import pretty

_NOT_TO_READ_HERE = (Format.json, Format.html)


@dataclass(frozen=True)
class Consent:
    """What the operator agrees to.

    Attributes:
        accept: texts given with ``--accept``.
        accept_file: a file with more of them.
        yes: skips the question, and nothing else.
        approver: who accepted, for the journal.
        strict: one drifted target stops all before the first write.
    """

    accept: tuple[str, ...]
    accept_file: Path | None
    yes: bool
    approver: str
    strict: bool


def apply(options: Globals, path: Path, agreed: Consent, stop_after: timedelta | None = None) -> int:
    """Do exactly what a saved review says."""
    names = consent.accepted(agreed.accept, agreed.accept_file)
    review = cmk_remediate.load_review(path)
    if not agreed.yes and sys.stdin.isatty():
        output.emit(_to_confirm(options, review), options.colour, sys.stderr)
    consent.confirm(review, yes=agreed.yes)
    with world.connection(options, cloud=review.cloud) as connection, _watched(options) as (observer, stop):
        try:
            result = cmk_remediate.apply(
                review,
                connection=connection,
                accept=names,
                approver=agreed.approver,
                runs=options.runs,
                strict=agreed.strict,
                stop_after=stop_after,
                stop=stop,
                progress=observer,
            )
        except RunStoreBusy as busy:
            return _at_work(busy, review.digest)
    return _ended(options, result)


def resume(options: Globals, text: str, *, strict: bool, stop_after: timedelta | None = None) -> int:
    """Go on with an unfinished run."""
    store = world.store(options)
    with world.of_run(options, text) as (connection, run), _watched(options) as (observer, stop):
        try:
            result = cmk_remediate.resume(
                run,
                connection=connection,
                runs=store,
                strict=strict,
                stop_after=stop_after,
                stop=stop,
                progress=observer,
            )
        except RunStoreBusy as busy:
            return _at_work(busy, run)
    return _ended(options, result)


def rollback(
    options: Globals, text: str, saved: Path | None, agreed: Consent, stop_after: timedelta | None = None
) -> int:
    """Show what undoes a run and, unless it is only to be saved, do it."""
    names = consent.accepted(agreed.accept, agreed.accept_file)
    if saved is not None:
        output.writable(saved, options.simulate, options.estate, agreed.accept_file)
    store = world.store(options)
    with world.of_run(options, text) as (connection, run):
        began = connection.clock.now()
        with progress(options) as observer:
            review = cmk_remediate.review_rollback(
                run, connection=connection, runs=store, stop_after=stop_after, progress=observer
            )
        if saved is not None:
            output.save(pretty(review.to_json()), saved)
            output.emit(shown(options, review, saved), options.palette)
            return 0
        # stdout carries one document; where that is no text, it is the result's
        beside = sys.stderr if options.format in _NOT_TO_READ_HERE else None
        output.emit(_to_confirm(options, review), options.colour, beside)
        consent.confirm(review, yes=agreed.yes)
        with _watched(options) as (observer, stop):
            result = cmk_remediate.rollback(
                run,
                connection=connection,
                accept=names,
                approver=agreed.approver,
                runs=store,
                strict=agreed.strict,
                stop_after=_left(stop_after, connection.clock.now() - began),
                stop=stop,
                progress=observer,
                review=review,
            )
    return _ended(options, result)


@contextmanager
def _watched(options: Globals) -> Iterator[tuple[Display, Stop]]:
    """Give what shows a run and what ends it early; a terminal that is gone at its end changes nothing in how it ended."""
    shows = progress(options)
    observer = shows.__enter__()
    try:
        with interruptible(observer) as stop:
            yield observer, stop
    finally:
        with suppress(OSError):
            shows.__exit__(None, None, None)


def _left(stop_after: timedelta | None, gone: timedelta) -> timedelta | None:
    """Return what is left of a command's time once *gone* of it has passed."""
    return None if stop_after is None else max(stop_after - gone, timedelta())


def _to_confirm(options: Globals, review: Review) -> str:
    """Return *review* for whoever is asked to confirm it: never as what a terminal does not show."""
    return renderer("text").review(review) if options.format in _NOT_TO_READ_HERE else shown(options, review)


def _at_work(busy: RunStoreBusy, run: str) -> int:
    """Say in one line that another process is carrying out *run*; anybody else's being at work is an error."""
    if busy.holder != run:
        raise busy
    output.emit(f"Run {run[:8]} is being carried out by another process.\n")
    return 0


def _ended(options: Globals, result: RunResult) -> int:
    """Print *result* and return its exit code: what was done was done, whether it can be told here or not."""
    try:
        output.emit(renderer((options.format or Format.text).value).run(result), options.palette)
    except InputError as error:
        aside(f"{result.text}\nThis is all that could be written of the result; stdout: {error.cause}\n")
    return result.exit_code
