"""JSON as an evidence file holds it: in ASCII, members sorted, so that the same values are always the same bytes; pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.errors import EvidenceError
from cmk_remediate.model.json_types import once

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


def pretty(value: Any) -> bytes:
    """Return *value* as a document for people."""
    return (json.dumps(value, indent=2, sort_keys=True) + "\n").encode("ascii")


def ndjson(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Return *rows* as one JSON object a line."""
    return b"".join(
        json.dumps(dict(row), sort_keys=True, separators=(",", ":")).encode("ascii") + b"\n" for row in rows
    )


def document(data: bytes, where: str) -> dict[str, Any]:
    """Return the object in *data*.

    Raises:
        EvidenceError: CMK151 when it is none.
    """
    try:
        found = json.loads(data, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise EvidenceError(codes.input_.EVIDENCE_ALTERED, "it is not JSON any more", resource=where) from error
    if not isinstance(found, dict):
        raise EvidenceError(codes.input_.EVIDENCE_ALTERED, "it is no JSON object", resource=where)
    return found


def objects(data: bytes, where: str) -> Iterator[dict[str, Any]]:
    """Yield the object of each line of *data*.

    Raises:
        EvidenceError: CMK151 when a line is none.
    """
    for number, line in enumerate(data.splitlines(), start=1):
        yield document(line, f"{where}:{number}")
