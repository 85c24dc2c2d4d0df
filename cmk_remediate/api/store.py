"""Reviews and run stores: where they are, and what is in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from cmk_remediate import codes, files
from cmk_remediate.api.well_formed import nonsense
from cmk_remediate.connection.blobs import Blobs
from cmk_remediate.engine import run_store
from cmk_remediate.engine.claims import run_name
from cmk_remediate.engine.local_store import LocalStore
from cmk_remediate.engine.remote_store import RemoteStore
from cmk_remediate.errors import InputError, ReviewError
from cmk_remediate.model.json_types import once
from cmk_remediate.model.review import FORMAT_VERSION, LARGEST, Review
from cmk_remediate.model.run_address import is_remote, parse_address, split_address
from cmk_remediate.planfile.job import KEPT_PLANS, KEPT_REVIEWS
from cmk_remediate.planfile.load import from_bytes
from cmk_remediate.planfile.problems import PlanError, Problem

if TYPE_CHECKING:
    from cmk_remediate.engine.run_store import RunStore
    from cmk_remediate.model.protocols import Connection
    from cmk_remediate.model.result import RunSummary
    from cmk_remediate.planfile.plan import PlanDocument

DEFAULT_RUNS = "cmk-runs"
REVIEWS = "reviews"
"""The folder of a run store that holds reviews, each under its digest."""


async def load_review(path: str | Path, *, connection: Connection | None = None) -> Review:
    """Return the review saved at *path*, a file or the URL of a review in a remote run store.

    Raises:
        InputError: CMK116 when it cannot be read, CMK132 when it is remote and there is no *connection*.
        ReviewError: CMK110 when it was altered, CMK112 when its format is not one this version reads.
    """
    if is_remote(str(path)):
        address, name = split_address(str(path), KEPT_REVIEWS)
        found = await open_store(address, connection).load(f"{REVIEWS}/{name}")
        if found is None:
            raise InputError(codes.input_.REVIEW_UNREADABLE, "there is no such review", resource=str(path))
        return parse_bytes(found, str(path))
    with files.naming(path, codes.input_.REVIEW_UNREADABLE):
        data = files.read(path, LARGEST)
    return parse_bytes(data, files.shown(path))


async def load_kept_plan(url: str, *, connection: Connection) -> PlanDocument:
    """Return the plan kept at *url*, ``STORE/plans/NAME`` of a run store in blob storage.

    Raises:
        PlanError: CMK101 when there is none; else as `cmk_remediate.load_plan`.
        InputError: CMK130 or CMK132 when the run store is none, or none that *connection* reaches.
    """
    address, name = split_address(url, KEPT_PLANS)
    data = await open_store(address, connection).load(f"{KEPT_PLANS}{name}".lstrip("/"))
    if data is None:
        raise PlanError(url, [Problem(codes.input_.PLAN_UNREADABLE, (), "there is no such plan")])
    return from_bytes(data, url)


def parse_bytes(data: bytes, name: str) -> Review:
    """Return the review stored as *data*.

    Raises:
        ReviewError: CMK110, CMK112 or CMK116.
    """
    try:
        document = json.loads(data, object_pairs_hook=once)  # of two values only one would be in the digest
    except (ValueError, RecursionError) as error:
        raise ReviewError(codes.input_.REVIEW_ALTERED, f"it is not JSON any more: {error}", resource=name) from error
    return parse_review(document, name)


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
    except (ValidationError, KeyError, TypeError, ValueError, RecursionError) as error:
        first = error.errors()[0]["loc"] if isinstance(error, ValidationError) else error
        raise ReviewError(
            codes.input_.REVIEW_ALTERED, f"it is not of the review's schema: {first}", resource=name
        ) from error
    check_digest(review, name)
    if wrong := nonsense(review):
        raise ReviewError(codes.input_.REVIEW_UNREADABLE, wrong, resource=name)
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


async def save_review(review: Review, path: str | Path | None = None, *, connection: Connection | None = None) -> str:
    """Write *review* to *path*, or into its own run store under its digest, whole or not at all; return where it is now.

    Into its own run store its artefacts go too, before it.

    Raises:
        InputError: CMK118 when it cannot be written, CMK132 when its run store is remote and there is no *connection*.
    """
    if path is None:
        await save_artefacts(review, connection=connection)
        return await open_store(review.runs, connection).save(f"{REVIEWS}/{review.digest}.json", pretty_bytes(review))
    if is_remote(str(path)):
        address, name = split_address(str(path), KEPT_REVIEWS)
        return await open_store(address, connection).save(f"{REVIEWS}/{name}", pretty_bytes(review))
    return _write(Path(path), pretty_bytes(review))


async def save_artefacts(
    review: Review, folder: str | Path | None = None, *, connection: Connection | None = None
) -> tuple[str, ...]:
    """Write the files made beside *review* below *folder*, or into its own run store; return where they are now.

    Args:
        review: as `dry_run` returned it: a review that was loaded has the names and digests of its files, not the files.
        folder: made if it is not there; else they go below ``reviews/`` of the run store, in a folder called after the digest.
        connection: for a remote run store.

    Raises:
        InputError: CMK118 when one cannot be written, CMK132 when the run store is remote and there is no *connection*, CMK133
            when the review was loaded.
    """
    contents = {one.name: one for one in review.files}
    saved = []
    for named in review.artefacts:
        file = contents.get(named.name)
        if file is None or file.sha256 != named.sha256:
            raise InputError(codes.input_.ARTEFACT_NOT_AT_HAND, "it is named, and not held", resource=named.name)
        if folder is None:
            where = f"{REVIEWS}/{review.digest}/{file.name}"
            saved.append(await open_store(review.runs, connection).save(where, file.content))
        else:
            saved.append(_write(Path(folder, *file.name.split("/")), file.content, make=True))
    return tuple(saved)


def _write(path: Path, data: bytes, *, make: bool = False) -> str:
    with files.naming(path, codes.input_.OUTPUT_UNWRITABLE):
        if make:
            path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, data)
    return str(path)


def pretty_bytes(review: Review) -> bytes:
    """Return *review* as it is saved for people to read."""
    return (json.dumps(review.to_json(), indent=2, ensure_ascii=False) + "\n").encode()


def absolute(address: str | Path) -> str:
    """Return the run store *address* as reviews carry it: a folder's absolute path, or a URL without a trailing slash.

    Raises:
        InputError: CMK130 when it is a URL of another kind, or cannot be a folder.
    """
    if is_remote(str(address)):
        return parse_address(str(address)).text
    return files.absolute(address, codes.input_.RUNS_ADDRESS_WRONG)


def choose_runs(given: str | Path | None, planned: str | None) -> str:
    """Return the run store of a new review, absolute: the one given, else the plan's, else ``./cmk-runs``.

    Raises:
        InputError: CMK108 when two are named and differ.
    """
    chosen = absolute(given) if given is not None else None
    if chosen is not None and planned is not None and chosen != planned:
        raise InputError(codes.input_.RUNS_CONTRADICT, f"{chosen} was given, the plan says {planned}")
    return chosen or planned or absolute(DEFAULT_RUNS)


def runs_of(review: Review, given: str | Path | None) -> str:
    """Return the run store *review* belongs in.

    Raises:
        ReviewError: CMK114 when another one was given; or none, and the review's is on another host: a file that somebody may have
            altered does not say where tokens for storage go.
    """
    if given is None and is_remote(review.runs):
        cause = f"its run store is {review.runs}, and a review alone opens no host"
        raise ReviewError(codes.input_.RUNS_DIFFER_FROM_REVIEW, cause)
    if given is not None and absolute(given) != review.runs:
        raise ReviewError(codes.input_.RUNS_DIFFER_FROM_REVIEW, f"the review says {review.runs}, {given} was given")
    return review.runs


def open_store(address: str | Path, connection: Connection | None) -> RunStore:
    """Return the run store at *address*; nothing is asked of it yet.

    Raises:
        InputError: CMK130 to CMK132 when it is remote and the address, a library or the *connection* is not there.
    """
    if not is_remote(str(address)):
        return LocalStore(Path(absolute(address)))
    where = parse_address(str(address))
    if connection is None or connection.simulated is not None:
        what = "there is no connection" if connection is None else "the embedded Azure has no blob storage"
        raise InputError(codes.input_.STORE_NEEDS_CONNECTION, what, resource=where.text)
    return RemoteStore(Blobs(connection, where))


async def runs(folder: str | Path = DEFAULT_RUNS, *, connection: Connection | None = None) -> tuple[RunSummary, ...]:
    """Return each run in the run store *folder*, oldest first."""
    return await run_store.summaries(open_store(folder, connection))


async def find_run(folder: str | Path, text: str, *, connection: Connection | None = None) -> str:
    """Return the digest of the run that *text*, a digest or the unique beginning of one, names.

    Raises:
        InputError: CMK115 when there is none, or several.
    """
    return await run_store.find_run(open_store(folder, connection), text)


async def unlock(folder: str | Path, text: str, *, connection: Connection | None = None) -> tuple[str, ...]:
    """Take the leases of the run that *text* names away, for the day it is needed, and return what was leased, sorted.

    They run out by themselves within a minute. A process that still carries the run out notices before its next write where the
    run store is a folder, within 5 s where it is in blob storage; it stops, and starts a machine first that it has stopped.

    Raises:
        InputError: CMK115 when no run of the store, and no lease, is named so.
    """
    store = open_store(folder, connection)
    claims = await store.claims()
    run = run_store.only_run(sorted({*await store.runs(), *(claim.run for claim in claims)}), text, store.address)
    names: set[str] = set()
    for claim in claims:
        if claim.run == run:
            names |= claim.names or {run_name(run)}
            await store.clear(claim, force=True)
    return tuple(sorted(names - {run_name(run)}))


async def review_of(store: RunStore, run: str) -> Review:
    """Return the review that *run* applies, out of its run store.

    Raises:
        ReviewError: as `load_review`; also CMK114 when the journal lies in another store than the review says.
    """
    name = run_store.review_name(run)
    data = await store.load(name)
    if data is None:
        raise InputError(codes.input_.REVIEW_UNREADABLE, "it is missing", resource=f"{store.address}/{name}")
    review = parse_bytes(data, f"{store.address}/{name}")
    if review.digest != run:
        raise ReviewError(
            codes.input_.REVIEW_ALTERED, f"it is the review {review.short_digest}, not of this run", resource=run
        )
    runs_of(review, store.address)
    return review


async def cloud_of(folder: str | Path, text: str, *, connection: Connection | None = None) -> str:
    """Return the cloud of the run that *text* names in the run store *folder*.

    Raises:
        InputError, ReviewError: as `find_run` and `load_review`.
    """
    store = open_store(folder, connection)
    return (await review_of(store, await run_store.find_run(store, text))).cloud
