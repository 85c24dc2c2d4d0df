"""The journal as chained lines, wherever they are kept; pure.

A line is a record as one JSON object in ASCII whose first member, ``prev``, is the SHA-256 (hex) of the line before without its
newline; on the first line it is the run's digest, so a journal moved to another run's folder is noticed. A journal may be kept
in segments; the chain goes on from one to the next, so that one missing between two is noticed too. Nothing tells that lines, or
segments, are missing at the end. Where two processes must be told
apart a line carries an ``id`` of its own.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from cmk_remediate import codes
from cmk_remediate.clock import is_utc
from cmk_remediate.errors import RunStoreError
from cmk_remediate.model.ids import is_safe
from cmk_remediate.model.json_types import once
from cmk_remediate.model.records import RECORDS, Record, RunStarted

if TYPE_CHECKING:
    from collections.abc import Sequence


DIGEST = re.compile(r"[0-9a-f]{64}")
"""What names a run: the digest of its review."""
JOURNAL = "journal.ndjson"
"""A journal's name within its run's folder."""
REVIEW = "review.json"
"""The name of the review beside it."""


@dataclass(frozen=True)
class Parsed:
    """What a journal's bytes hold.

    Attributes:
        records: the whole lines, oldest first.
        prev: what the next line carries.
        kept: how many bytes of the last segment are whole lines.
        torn: the last segment goes on after them: a line that a crash cut short. Nobody was told that it is durable.
    """

    records: tuple[Record, ...]
    prev: str
    kept: int
    torn: bool


def line_of(prev: str, record: Record, id_: str = "") -> bytes:
    """Return the line, without its newline, that *record* makes after the line with the digest *prev*."""
    document = {"prev": prev, **({"id": id_} if id_ else {}), **record.model_dump()}
    # Not RFC 8785: a before-image may hold floats. The chain is over bytes, so no second spelling is ever needed.
    return json.dumps(document, separators=(",", ":")).encode("ascii")


def digest_of(line: bytes) -> str:
    """Return the digest that the line after *line*, given without its newline, carries as its ``prev``."""
    return hashlib.sha256(line).hexdigest()


def chained(records: Sequence[Record], prev: str, id_: str = "") -> tuple[tuple[bytes, ...], str]:
    """Return the lines that *records* make after *prev*, each with its newline, and what the line after them carries."""
    lines = []
    for record in records:
        line = line_of(prev, record, id_)
        prev = digest_of(line)
        lines.append(line + b"\n")
    return tuple(lines), prev


def parse(segments: Sequence[bytes], run: str, where: str) -> Parsed:
    """Return what the journal of *run* holds; *where* it is, for an error.

    Raises:
        RunStoreError: CMK511 when a whole line does not fit.
    """
    prev = run
    records: list[Record] = []
    torn = b""
    for data in segments:
        *lines, torn = data.split(b"\n")
        for line in lines:
            records.append(_record(line, prev, f"{where}:{len(records) + 1}"))
            prev = digest_of(line)
    if records and (not isinstance(records[0], RunStarted) or records[0].run != run):
        raise RunStoreError(
            codes.engine.JOURNAL_DAMAGED, "it does not begin with this run's start", resource=f"{where}:1"
        )
    kept = len(segments[-1]) - len(torn) if segments else 0
    return Parsed(tuple(records), prev, kept, bool(torn))


def _record(line: bytes, prev: str, where: str) -> Record:
    try:
        document = json.loads(line, object_pairs_hook=once)
        found = document.pop("prev")
        document.pop("id", None)
        # Not strict: tuples come back as lists. Not pydantic's own JSON: it refuses a body with half a surrogate pair.
        record = RECORDS.validate_python(document, strict=False)
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError, ValidationError) as error:
        raise RunStoreError(codes.engine.JOURNAL_DAMAGED, "the line is not a journal record", resource=where) from error
    if found != prev:
        raise RunStoreError(codes.engine.JOURNAL_DAMAGED, "the line does not follow the one before it", resource=where)
    if wrong := _nonsense(record):
        raise RunStoreError(codes.engine.JOURNAL_DAMAGED, f"its {wrong} cannot be", resource=where)
    return record


_ANY_TIME = "2000-01-01T00:00:00Z"
_LONGEST_WAIT = 366 * 86400


def _nonsense(record: Record) -> str:
    """Return the first member of *record* that no run of ours has written, whatever the chain says."""
    resource = getattr(record, "resource_id", None)
    if resource is not None and not is_safe(resource):
        return "resource_id"
    for name in ("at", "started"):
        if not is_utc(getattr(record, name, _ANY_TIME)):
            return name
    if (azure_at := getattr(record, "azure_at", "")) and not is_utc(azure_at):
        return "azure_at"
    for name in ("retry_after", "leave_after"):
        if not 0 <= getattr(record, name, 0) <= _LONGEST_WAIT:
            return name
    runs = {name: getattr(record, name, None) for name in ("by", "undoes")}
    return next((name for name, run in runs.items() if run is not None and not DIGEST.fullmatch(run)), "")
