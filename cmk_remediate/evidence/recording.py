"""What a verification read, kept so that anybody can judge it again without Azure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.clock import format_utc, is_utc, parse_utc
from cmk_remediate.connection.catalog import row_for
from cmk_remediate.engine.reads import EachOnce
from cmk_remediate.errors import EvidenceError, InputError
from cmk_remediate.evidence.lines import ndjson, objects
from cmk_remediate.model.decisions import Read
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.outcomes import Answer
from cmk_remediate.model.secrets import without_secrets

if TYPE_CHECKING:
    from datetime import datetime

    from cmk_remediate.model.outcomes import Reader


class Recorder:
    """Reads each thing once and keeps it; what is judged is what is kept: without secrets, and at one moment."""

    def __init__(self, reader: Reader) -> None:
        """Read through *reader*; Azure's clock stands still from when it is first asked for."""
        self._reader = reader
        self._once = EachOnce(reader)
        self._now: datetime | None = None
        self._answers: dict[Read, Answer] = {}

    async def read(self, read: Read) -> Answer:
        """Return the answer to *read* as it is kept."""
        answer = await self._once.read(read)
        if read not in self._answers:
            body = json.loads(json.dumps(without_secrets(answer.body)))
            self._answers[read] = Answer(body, answer.at.replace(microsecond=0))
        return self._answers[read]

    def now(self) -> datetime:
        """Return Azure's clock when it was first asked for: once it had answered, so that nothing hangs on this machine's clock."""
        if self._now is None:
            self._now = self._reader.now().replace(microsecond=0)
        return self._now

    def to_bytes(self) -> bytes:
        """Return all that was read, a line each, in an order that does not depend on which answer came first."""
        return ndjson(_row(read, self._answers[read]) for read in sorted(self._answers, key=_order))


class Recorded:
    """Answers with what a `Recorder` kept, and with nothing else."""

    def __init__(self, data: bytes, now: datetime, where: str) -> None:
        """Read the lines in *data*; *now* is what Azure's clock stood at, *where* the member's name.

        Raises:
            EvidenceError: CMK151 when a line is none that `Recorder` writes.
        """
        self._now = now
        self._where = where
        self._answers: dict[Read, Answer] = {}
        for row in objects(data, where):
            try:
                query = tuple((str(name), str(value)) for name, value in row["query"])
                read = Read(ResourceId.parse(row["resource_id"]), str(row["verb"]), query, str(row["ask"]))
                body, at = row["body"], str(row["at"])
            except (KeyError, TypeError, ValueError, InputError) as error:
                raise EvidenceError(
                    codes.input_.EVIDENCE_ALTERED, "a line of it is no read of ours", resource=where
                ) from error
            if not is_utc(at):
                raise EvidenceError(codes.input_.EVIDENCE_ALTERED, f"{at[:50]!r} is no time", resource=where)
            self._answers[read] = Answer(body, parse_utc(at))

    async def read(self, read: Read) -> Answer:
        """Return what was read.

        Raises:
            EvidenceError: CMK152 when it was not.
        """
        if read not in self._answers:
            cause = f"{read.verb} of {read.resource} is not in it, and has to be looked at"
            raise EvidenceError(codes.input_.EVIDENCE_NOT_JUDGED, cause, resource=self._where)
        return self._answers[read]

    def now(self) -> datetime:
        """Return Azure's clock when it was read."""
        return self._now


def _order(read: Read) -> tuple[str, str, tuple[tuple[str, str], ...], str]:
    return read.resource.key, read.verb, read.query, read.body


def _row(read: Read, answer: Answer) -> dict[str, Any]:
    return {
        "resource_id": read.resource.text,
        "verb": read.verb,
        "query": [list(pair) for pair in read.query],
        "ask": read.body,
        "api_version": row_for(read.resource, read.verb).api_version,
        "at": format_utc(answer.at),
        "body": answer.body,
    }
