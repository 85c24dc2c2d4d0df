"""What a runbook is asked to do: one JSON argument, judged strictly, for a schedule repeats whatever is in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from cmk_remediate import codes, files
from cmk_remediate.errors import CmkError, InputError, ReviewError, RunStoreBusy
from cmk_remediate.model.json_types import once
from cmk_remediate.model.review import LARGEST
from cmk_remediate.model.run_address import is_remote, parse_address, split_address
from cmk_remediate.planfile.load import load_plan
from cmk_remediate.planfile.schema import seconds

if TYPE_CHECKING:
    from cmk_remediate.model.review import Review

Verb = Literal["dry-run", "apply", "verify"]
_KEYS = ("do", "plan", "review", "digest", "accept", "runs", "client_id", "stop_after", "simulate")
_LATER = "is not available in this version"
_QUOTED = 60
KEPT_PLANS = "/plans/"
"""What stands between a run store's URL and the name of a plan kept in it."""
KEPT_REVIEWS = "/reviews/"
"""The same for a review."""
_PLAN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_REVIEW = re.compile(r"[0-9a-f]{64}\.json")


@dataclass(frozen=True)
class Job:
    """A runbook's argument.

    Attributes:
        do: ``dry-run``, ``apply`` or ``verify``.
        plan: a plan file's path, its URL in a run store, or the plan's values; None for ``apply``.
        review: the review's path, or its URL in a run store; None for the other two.
        digest: the digest the review must have; empty for the other two.
        accept: what is accepted by name.
        runs: the run store; None for the plan's or the review's.
        client_id: of the managed identity to use; None for the only one.
        stop_after: the time an ``apply`` may take; None for any.
        simulate: the state file of an embedded Azure; None for the real one.
    """

    do: Verb
    plan: str | Mapping[str, Any] | None
    review: str | None
    digest: str
    accept: tuple[str, ...]
    runs: str | None
    client_id: str | None
    stop_after: timedelta | None
    simulate: str | None

    @property
    def plan_url(self) -> str:
        """The plan's URL in a run store; empty for any other plan."""
        return self.plan if isinstance(self.plan, str) and is_remote(self.plan) else ""

    @property
    def cloud(self) -> str:
        """The cloud to connect to: the plan's, the review's, or that of the run store that plan or review is in.

        Raises:
            InputError: CMK101 and following when the plan is not valid.
        """
        if self.plan_url:
            return parse_address(split_address(self.plan_url, KEPT_PLANS)[0]).cloud
        if self.review is None:
            return load_plan(self.plan or {}).cloud
        if is_remote(self.review):
            return parse_address(split_address(self.review, KEPT_REVIEWS)[0]).cloud
        try:
            return str(json.loads(files.read(self.review, LARGEST))["cloud"])
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            return "AzureCloud"  # whoever loads the review says what is wrong with it

    def check(self, review: Review) -> None:
        """Refuse *review* unless it is the one meant.

        Raises:
            ReviewError: CMK110.
        """
        if review.digest != self.digest.lower():
            cause = f"the review's digest is {review.digest}, `digest` says {self.digest}"
            raise ReviewError(codes.input_.REVIEW_ALTERED, cause, resource=self.review or "")

    def at_work(self, error: CmkError) -> bool:
        """Say whether *error* means no more than that this very run is being carried out by another process."""
        return isinstance(error, RunStoreBusy) and error.holder == self.digest.lower()


def parse_job(text: str, *, variable: Callable[[str], str | None], environment: Mapping[str, str]) -> Job:
    """Return the job written in *text*, or in the Automation variable of that name: schedules mangle quotes.

    Args:
        text: the runbook's one argument.
        variable: gives the value of an Automation variable; None where there are none.
        environment: the process's environment: ``IDENTITY_ENDPOINT`` without ``MSI_ENDPOINT`` is how Automation's cloud
            sandbox shows (learn.microsoft.com, "Use a user-assigned managed identity for an Azure Automation account").

    Raises:
        InputError: CMK119 when it is not understood, CMK109 for what a later version brings.
    """
    fields = _fields(text, variable)
    surplus = sorted(set(fields) - set(_KEYS))
    if surplus:
        raise _wrong(f"unknown: {', '.join(surplus)}; known: {', '.join(_KEYS)}")
    if fields.get("do") not in get_args(Verb):
        raise _wrong(f"`do` is one of {', '.join(get_args(Verb))}")
    accept = fields.get("accept", [])
    if not isinstance(accept, list) or not all(isinstance(item, str) for item in accept):
        raise _wrong("`accept` is a list of texts")
    plan = fields.get("plan")
    job = Job(
        do=cast("Verb", fields["do"]),
        plan=plan if isinstance(plan, dict) else _text(fields, "plan"),
        review=_text(fields, "review"),
        digest=_text(fields, "digest") or "",
        accept=tuple(accept),
        runs=_text(fields, "runs"),
        client_id=_text(fields, "client_id"),
        stop_after=_duration(fields, "stop_after"),
        simulate=_text(fields, "simulate"),
    )
    _complete(job, environment)
    return job


def _complete(job: Job, environment: Mapping[str, str]) -> None:
    if job.do == "apply" and not (job.review and job.digest):
        raise _wrong("`apply` needs `review` and `digest`")
    if job.do == "apply" and job.plan is not None:
        raise _wrong("`apply` takes a review, not a plan")
    if job.do != "apply" and job.plan is None:
        raise _wrong(f"`{job.do}` needs `plan`")
    if job.do != "apply" and (job.review or job.digest or job.accept or job.stop_after):
        raise _wrong(f"`review`, `digest`, `accept` and `stop_after` belong to `apply`, not to `{job.do}`")
    sandbox = "IDENTITY_ENDPOINT" in environment and "MSI_ENDPOINT" not in environment
    if job.do == "apply" and sandbox and not job.simulate and not is_remote(job.runs or ""):
        hint = (
            "Name a run store in blob storage as `runs`, or run it on a Hybrid Worker with `runs` on a disk that stays."
        )
        raise _later("runs", "the cloud sandbox loses its disk, and a journal with it", hint)


def _fields(text: str, variable: Callable[[str], str | None]) -> dict[str, Any]:
    written = text.strip()
    if not written:
        raise _wrong("it is empty: it is a JSON object, or the name of an Automation variable that holds one")
    if not written.startswith("{"):
        stored = variable(written)
        if stored is None:
            raise _wrong(f"{_short(written)} is neither a JSON object nor the name of an Automation variable")
        written = str(stored).strip()
        if not written:
            raise _wrong(f"the Automation variable {_short(text.strip())} is empty")
    try:
        found = json.loads(written, object_pairs_hook=once)
    except ValueError as error:
        raise _wrong(f"not JSON: {error}") from error
    if not isinstance(found, dict):
        raise _wrong("it is not a JSON object")
    return found


def _text(fields: Mapping[str, Any], key: str) -> str | None:
    value = fields.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        raise _wrong(f"`{key}` is a text")
    if is_remote(value):
        return _remote(key, value)
    return value


def _remote(key: str, value: str) -> str:
    """Return the URL *value*: of a run store, or of a review or a plan within one.

    Raises:
        InputError: CMK130 when it is neither, CMK109 where only a path can stand.
    """
    if key == "runs":
        return parse_address(value).text
    if key not in _KEPT:
        raise _later(key, f"{value} {_LATER}")
    between, name_like, shown = _KEPT[key]
    store, name = split_address(value, between)
    if not name_like.fullmatch(name):
        raise _later(key, f"{value} is not {shown}; any other URL {_LATER}")
    return f"{parse_address(store).text}{between}{name}"


_KEPT: Mapping[str, tuple[str, re.Pattern[str], str]] = {
    "plan": (KEPT_PLANS, _PLAN, "STORE/plans/NAME"),
    "review": (KEPT_REVIEWS, _REVIEW, "STORE/reviews/DIGEST.json"),
}
"""By key: what stands before the name, what the name looks like, and the whole in words."""


def _duration(fields: Mapping[str, Any], key: str) -> timedelta | None:
    text = _text(fields, key)
    if text is None:
        return None
    try:
        return timedelta(seconds=seconds(text))
    except ValueError as error:
        raise _wrong(f"`{key}`: {error}") from error


def _short(text: str) -> str:
    """Return *text* as an error quotes it: what a schedule has mangled may be long."""
    return repr(text if len(text) <= _QUOTED else f"{text[:_QUOTED]}...")


def _wrong(text: str) -> InputError:
    return InputError(codes.input_.RUNBOOK_ARGUMENT, text, resource="the runbook's argument")


def _later(key: str, text: str, hint: str = "") -> InputError:
    return InputError(codes.input_.NOT_YET_SUPPORTED, text, resource=key, hint=hint)
