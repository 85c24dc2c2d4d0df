"""A run as its store has it: the review and the journal, and what of an evidence file follows from these two alone; pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.api.judging import CarriedOut
from cmk_remediate.api.store import parse_bytes
from cmk_remediate.engine.journal_fit import check_fits
from cmk_remediate.engine.journal_lines import parse
from cmk_remediate.engine.journal_state import JournalState
from cmk_remediate.errors import ReviewError
from cmk_remediate.evidence.lines import ndjson, objects, pretty
from cmk_remediate.model.evidence import TargetLeft
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.records import Intent, OperationBegan, Outcome, Record
from cmk_remediate.model.review import Review

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cmk_remediate.model.review import ReviewedStep, ReviewedTarget

ACTIVITY_LOG = "activity log"
VAULT_AUDIT = "vault audit events"
_WORST_FIRST = ("failed", "drifted", "blocked", "skipped", "manual", "in progress", "done", "already done")
_WELL = ("in progress", "done", "already done")


@dataclass(frozen=True, eq=False)
class RunOnFile:
    """One run.

    Attributes:
        review: what it applied.
        review_bytes: the review as the run store has it.
        records: the whole lines of its journal.
        journal_bytes: these lines as the run store has them; of a journal in segments, one after the other.
        state: what they add up to.
    """

    review: Review
    review_bytes: bytes
    records: tuple[Record, ...]
    journal_bytes: bytes
    state: JournalState

    @classmethod
    def of(cls, run: str, review: bytes, journal: bytes, folder: str = "") -> RunOnFile:
        """Return the run with the digest *run*; *folder* stands before its members' names in an error.

        Raises:
            ReviewError: CMK110, CMK112 or CMK116: the review is not as it was made.
            RunStoreError: CMK511: the journal is not whole, or not of this run or review.
        """
        found = parse_bytes(review, f"{folder}review.json")
        if found.digest != run:
            cause = f"it is the review {found.short_digest}, not of this run"
            raise ReviewError(codes.input_.REVIEW_ALTERED, cause, resource=f"{folder}review.json")
        records = parse((journal,), run, f"{folder}journal.ndjson").records
        state = JournalState.of(records)
        check_fits(found, state)
        return cls(found, review, records, journal, state)

    @property
    def carried_out(self) -> CarriedOut:
        """The run as it is judged."""
        return CarriedOut(self.review, self.state)

    @property
    def steps(self) -> Mapping[str, ReviewedStep]:
        """The review's steps by id."""
        return {step.id: step for step in self.review.steps}

    def members(self, folder: str) -> dict[str, bytes]:
        """Return what an evidence file holds of the run, by name below *folder*."""
        return {
            f"{folder}review.json": self.review_bytes,
            f"{folder}journal.ndjson": self.journal_bytes,
            f"{folder}plan.json": pretty(self.review.plan.model_dump(mode="json")),
            f"{folder}acceptances.json": pretty(self.acceptances()),
            f"{folder}before.ndjson": ndjson(self._before()),
            f"{folder}correlations.ndjson": ndjson(self._correlations()),
        }

    def acceptances(self) -> dict[str, Any]:
        """Return what the review asks for, and who accepted what of it, when."""
        started = self.state.started
        return {
            "run": self.review.digest,
            "required": list(self.review.acknowledgements_required),
            "accepted": list(started.accepted) if started else [],
            "approver": started.approver if started else "",
            "caller": started.caller if started else "",
            "at": started.at if started else "",
        }

    def ends(self) -> tuple[TargetLeft, ...]:
        """Return how the run left each target."""
        return tuple(self._end(target) for target in self.review.targets)

    def _end(self, target: ReviewedTarget) -> TargetLeft:
        if target.blocked is not None:
            return TargetLeft(target.id, "blocked", target.blocked.code, target.blocked.why)
        own = [step for step in target.steps if self.steps[step].action != "keep"]
        known = [(step, ended) for step in own if (ended := self.state.step(step).settled) is not None]
        step, worst = min(known, key=lambda one: _WORST_FIRST.index(one[1].result), default=("", None))
        if worst is not None and worst.result not in _WELL:
            return TargetLeft(target.id, worst.result, worst.code, f"{self.steps[step].kind}: {worst.text}")
        if len(known) < len(own):
            # Refused when the run began, as drifted targets are; or not come to yet.
            text = f"{len(own) - len(known)} of its {len(own)} steps have no end in the journal"
            return TargetLeft(target.id, "skipped" if self.state.finished else "unfinished", "", text)
        sent = sum(len(self.state.step(one).intents) for one in own)
        text = f"{sent} write{'' if sent == 1 else 's'} sent" if sent else "nothing had to be sent"
        in_progress = worst is not None and worst.result == "in progress"
        return TargetLeft(target.id, "in progress" if in_progress else "done", "", text)

    def identity(self) -> dict[str, Any]:
        """Return what evidence.json says of the run."""
        return {
            "run": self.review.digest,
            "state": self.state.word,
            "undoes": self.review.undoes,
            "rolled_back_by": self.state.rolled_back_by or None,
            "tenant": self.review.tenant,
            "cloud": self.review.cloud,
            "runs": self.review.runs,
            "ends": [asdict(one) for one in self.ends()],
        }

    def _before(self) -> Iterator[dict[str, Any]]:
        """Yield the body that was there before each step's first request."""
        for key in self.state.order:
            first = self.state.steps[key].intents[0]
            yield {"step": key, "resource_id": first.resource_id, "at": first.at, "body": first.before}

    def _correlations(self) -> Iterator[dict[str, Any]]:
        """Yield each request that may have left, with the ids under which Azure has it."""
        open_rows: dict[str, dict[str, Any]] = {}
        rows: list[dict[str, Any]] = []
        for record in self.records:
            if isinstance(record, Intent):
                open_rows[record.step] = self._sent(record)
                rows.append(open_rows[record.step])
            elif isinstance(record, (OperationBegan, Outcome)) and record.step in open_rows:
                row = open_rows[record.step]
                if record.correlation_id and record.correlation_id not in row["correlation_ids"]:
                    row["correlation_ids"].append(record.correlation_id)
                if isinstance(record, Outcome) and not record.sent:
                    rows.remove(open_rows.pop(record.step))
                elif isinstance(record, Outcome):
                    row |= {"result": record.result, "azure_at": record.azure_at, "azure_code": record.azure_code}
        yield from rows

    def _sent(self, record: Intent) -> dict[str, Any]:
        step = self.steps[record.step]
        return {
            "step": record.step,
            "log": VAULT_AUDIT if any(need.data for need in step.permissions) else ACTIVITY_LOG,
            "method": record.method,
            "resource_id": record.resource_id,
            "api_version": record.api_version,
            "attempt": record.attempt,
            "at": record.at,
            "client_request_id": record.client_request_id,
            "correlation_ids": [],
            "result": "",
            "azure_at": "",
            "azure_code": "",
        }


def whole_lines(segments: tuple[bytes, ...]) -> bytes:
    """Return the whole lines of a journal's *segments* as one: what a crash cut short has told nobody anything."""
    return b"".join(data[: data.rfind(b"\n") + 1] for data in segments)


def api_versions(told: Sequence[RunOnFile], after: bytes) -> dict[str, list[str]]:
    """Return the api-versions that the runs' writes and the reads in *after* were sent with, by the type of the resource."""
    used = {(row["resource_id"], row["api_version"]) for row in objects(after, "after.ndjson")}
    for one in told:
        used |= {(sent.resource_id, sent.api_version) for state in one.state.steps.values() for sent in state.intents}
    found: dict[str, set[str]] = {}
    for resource, version in used:
        found.setdefault(ResourceId.parse(resource).type, set()).add(version)
    return {name: sorted(found[name]) for name in sorted(found)}
