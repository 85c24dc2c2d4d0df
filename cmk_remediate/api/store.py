"""Reviews and run stores as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from cmk_remediate import codes
from cmk_remediate.engine import run_store
from cmk_remediate.engine.journal_file import write_atomically
from cmk_remediate.errors import InputError, ReviewError
from cmk_remediate.model.review import FORMAT_VERSION, Review

if TYPE_CHECKING:
    from cmk_remediate.model.result import RunSummary

DEFAULT_RUNS = "cmk-runs"


def load_review(path: str | Path) -> Review:
    """Return the review saved at *path*.

    Raises:
        InputError: CMK116 when it cannot be read.
        ReviewError: CMK110 when it was altered, CMK112 when its format is not one this version reads.
    """
    try:
        document = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise InputError(codes.input_.REVIEW_UNREADABLE, error.strerror or str(error), resource=str(path)) from error
    except ValueError as error:
        raise ReviewError(
            codes.input_.REVIEW_ALTERED, f"it is not JSON any more: {error}", resource=str(path)
        ) from error
    return parse_review(document, str(path))


def parse_review(document: Any, name: str) -> Review:
    """Return the review in *document*, checked against its own digest.

    Raises:
        ReviewError: CMK110, CMK112 or CMK116.
    """
    if not isinstance(document, dict) or "format_version" not in document:
        raise ReviewError(codes.input_.REVIEW_UNREADABLE, "it is not a review", resource=name)
    version = str(document["format_version"])
    if version.split(".", maxsplit=1)[0] != FORMAT_VERSION.split(".")[0]:
        cause = f"its format is {version}, this version reads {FORMAT_VERSION}"
        raise ReviewError(codes.input_.REVIEW_FOREIGN, cause, resource=name)
    try:
        made = dict(document["made"])
        made["with_"] = made.pop("with")
        review = Review.model_validate_json(json.dumps({**document, "made": made}))
    except (ValidationError, KeyError, TypeError, ValueError) as error:
        first = error.errors()[0]["loc"] if isinstance(error, ValidationError) else error
        raise ReviewError(
            codes.input_.REVIEW_ALTERED, f"it is not of the review's schema: {first}", resource=name
        ) from error
    check_digest(review, name)
    return review


def check_digest(review: Review, name: str = "") -> None:
    """Refuse a review whose digest is not that of its contents.

    Raises:
        ReviewError: CMK110.
    """
    try:
        computed = review.computed_digest()
    except ValueError as error:
        raise ReviewError(codes.input_.REVIEW_ALTERED, str(error), resource=name) from error
    if computed != review.digest:
        cause = f"its contents have digest {computed[:8]}, it says {review.digest[:8]}"
        raise ReviewError(codes.input_.REVIEW_ALTERED, cause, resource=name)


def save_review(review: Review, path: str | Path) -> None:
    """Write *review* to *path*, whole or not at all.

    Raises:
        InputError: CMK118 when it cannot be written.
    """
    text = json.dumps(review.to_json(), indent=2, ensure_ascii=False) + "\n"
    try:
        write_atomically(Path(path), text.encode())
    except OSError as error:
        raise InputError(codes.input_.OUTPUT_UNWRITABLE, error.strerror or str(error), resource=str(path)) from error


def choose_runs(given: str | Path | None, planned: Path | None) -> Path:
    """Return the run store of a new review, absolute: the one given, else the plan's, else ``./cmk-runs``.

    Raises:
        InputError: CMK108 when two are named and differ.
    """
    chosen = Path(given).resolve() if given is not None else None
    if chosen is not None and planned is not None and chosen != planned:
        raise InputError(codes.input_.RUNS_CONTRADICT, f"{chosen} was given, the plan says {planned}")
    return chosen or planned or Path(DEFAULT_RUNS).resolve()


def runs_of(review: Review, given: str | Path | None) -> Path:
    """Return the run store *review* belongs in.

    Raises:
        ReviewError: CMK114 when another one was given.
    """
    if given is not None and Path(given).resolve() != Path(review.runs):
        raise ReviewError(codes.input_.RUNS_DIFFER_FROM_REVIEW, f"the review says {review.runs}, {given} was given")
    return Path(review.runs)


def runs(folder: str | Path = DEFAULT_RUNS) -> tuple[RunSummary, ...]:
    """Return each run in the run store *folder*, oldest first."""
    return run_store.summaries(Path(folder))


def find_run(folder: str | Path, text: str) -> str:
    """Return the digest of the run that *text*, a digest or the unique beginning of one, names.

    Raises:
        InputError: CMK115 when there is none, or several.
    """
    return run_store.find_run(Path(folder), text)


def review_of(folder: Path, run: str) -> Review:
    """Return the review that *run* applies, out of the run store.

    Raises:
        ReviewError: as `load_review`; also CMK114 when the journal lies in another folder than the review says.
    """
    review = load_review(run_store.review_path(folder, run))
    if review.digest != run:
        raise ReviewError(
            codes.input_.REVIEW_ALTERED, f"it is the review {review.short_digest}, not of this run", resource=run
        )
    runs_of(review, folder)
    return review
