"""Laws 1, 2, 6, 7 and 9, judged from what anybody can see: the review, the journal and the request log. Pure functions."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cmk_remediate.model.review import Review, ReviewedStep

Row = dict[str, Any]
"""A row of a request log: method, url, status, at, caller, and body where the log keeps one."""

CHANGES = frozenset({"create", "update", "delete", "start", "stop"})

READ_ONLY_POSTS = (
    r"/providers/microsoft\.policyinsights/checkpolicyrestrictions$",
    r"^/providers/microsoft\.resourcegraph/resources$",
    r"/providers/microsoft\.sql/managedinstances/[^/]+/validateazurekeyvaultencryptionkey$",
)
"""POSTs that change nothing. Sources: learn.microsoft.com/rest/api/policyinsights/policy-restrictions and
learn.microsoft.com/rest/api/azureresourcegraph/resourcegraph/resources/resources."""

ONCE = frozenset({"create", "start", "stop"})
"""Actions whose effect must not happen twice: a second key version, a second outage."""


@dataclass(frozen=True)
class Violation:
    """A broken law: its number in docs/safety.md, and what broke it."""

    law: int
    text: str


def path_of(row: Row) -> str:
    """Return the request's path in lower case, without host, query and trailing slash."""
    return urlsplit(row["url"]).path.rstrip("/").lower()


def is_write(row: Row) -> bool:
    """Say whether the request could change anything."""
    if row["method"].upper() in ("GET", "HEAD", "OPTIONS"):
        return False
    return not (row["method"].upper() == "POST" and any(re.search(item, path_of(row)) for item in READ_ONLY_POSTS))


def check_laws(
    review: Review, journal: Sequence[bytes], log: Sequence[Row], *, accepted: Iterable[str] | None = None
) -> list[Violation]:
    """Return every law of 2, 6, 7 and 9 that an application of *review* has broken.

    Args:
        review: what was applied.
        journal: its journal, a line a record.
        log: the requests of all its processes, in the order in which Azure saw them.
        accepted: what was accepted by name; by default what the journal's first record says.
    """
    records = [json.loads(line) for line in journal]
    if accepted is None:
        accepted = next((item["accepted"] for item in records if item["type"] == "run-started"), ())
    return [
        *law_2(review, log),
        *law_6(review, records, log),
        *law_7(review, records, log, accepted=accepted),
    ]


def law_1(log: Iterable[Row]) -> list[Violation]:
    """A dry run, assessment or verification sends no request that could change anything."""
    return [Violation(1, f"a read-only verb sent {row['method']} {row['url']}") for row in log if is_write(row)]


def law_2(review: Review, log: Iterable[Row]) -> list[Violation]:
    """Applying a review whose every step is Done sends no write."""
    if any(step.action in CHANGES for step in review.steps):
        return []
    return [
        Violation(2, f"nothing was to change, but {row['method']} {row['url']} was sent")
        for row in log
        if is_write(row)
    ]


def law_6(review: Review, records: Iterable[Mapping[str, Any]], log: Sequence[Row]) -> list[Violation]:
    """What is not idempotent takes effect once; any write is repeated only after a read of its resource.

    A bracket that was closed may be opened again for what was left undone in it.
    """
    found: list[Violation] = []
    steps = [step for step in review.steps if step.action in CHANGES]
    once = {
        step.id
        for step in steps
        if step.action in ONCE or any(_is_door(step, index) for index in range(len(step.lines)))
    }
    found.extend(_twice(review, once, list(records)))
    unread: dict[tuple[str, str, str], bool] = {}
    for row in log:
        path = path_of(row)
        if not is_write(row):
            for seen in unread:
                if path in (seen[1], seen[1].rpartition("/")[0]) or seen[1].startswith(path + "/"):
                    unread[seen] = False
            continue
        this = (row["method"], _without_verb(path), json.dumps(row.get("body"), sort_keys=True))
        if unread.get(this):
            found.append(Violation(6, f"{row['method']} {row['url']} was repeated without a read in between"))
        unread[this] = True
    return found


def law_7(
    review: Review, records: Iterable[Mapping[str, Any]], log: Iterable[Row], *, accepted: Iterable[str]
) -> list[Violation]:
    """What was not reviewed is not done; what was not accepted by name is not opened."""
    found: list[Violation] = []
    steps = [step for step in review.steps if step.action in CHANGES and step.request is not None]
    known = {step.id for step in steps}
    found.extend(
        Violation(7, f"the journal has an intent of {item['step']}, which the review does not change")
        for item in records
        if item["type"] == "intent" and item["step"] not in known
    )
    for row in (row for row in log if is_write(row)):
        path = path_of(row)
        mine = [step for step in steps if _addresses(step, row["method"], path)]
        if not mine:
            found.append(Violation(7, f"{row['method']} {row['url']} is not in the review"))
        elif "body" in row and not any(_fills(step.request.body, row["body"]) for step in mine if step.request):
            found.append(Violation(7, f"{row['method']} {row['url']} was sent with another body than reviewed"))
        given = {text.lower() for text in accepted}
        for step in mine:
            asked = [line.accept for line in step.lines if line.accept and line.accept.lower() not in given]
            found.extend(
                Violation(7, f"{row['method']} {row['url']} opened {text}, which was not accepted") for text in asked
            )
    return found


def law_9(logs: Mapping[str, Sequence[Row]]) -> list[Violation]:
    """Two runs do not write one resource at once: the writes of each, from first to last, lie apart on each resource.

    A child counts as its top-level resource: Azure itself refuses two writes at once on a vault and its keys.

    Args:
        logs: the request log of each run, by its digest.
    """
    spans: dict[str, list[tuple[Any, Any, str]]] = {}
    for run, log in logs.items():
        times: dict[str, list[Any]] = {}
        for row in log:
            if is_write(row):
                times.setdefault(_top_level(_without_verb(path_of(row))), []).append(row["at"])
        for path, moments in times.items():
            spans.setdefault(path, []).append((min(moments), max(moments), run))
    found = []
    for path, items in spans.items():
        items.sort()
        for (_, end, first), (start, _, second) in pairwise(items):
            if start <= end:
                found.append(Violation(9, f"runs {first[:8]} and {second[:8]} wrote {path} at once"))
    return found


def _top_level(path: str) -> str:
    """Return the outermost resource of *path*; a role assignment is one of its own."""
    if path.count("/providers/") != 1:
        return path
    head, _, tail = path.partition("/providers/")
    return f"{head}/providers/{'/'.join(tail.split('/')[:3])}"


def _is_door(step: ReviewedStep, index: int) -> bool:
    back = step.lines[index].reversibility
    return back is not None and back.kind == "one-way"


def _twice(review: Review, once: set[str], records: list[Mapping[str, Any]]) -> list[Violation]:
    """Find steps of *once* that Azure accepted twice, brackets opened anew after a proper close excepted."""
    opener_of = {step.id: step.closes for step in review.steps if step.closes}
    brackets = {*opener_of, *opener_of.values()}
    accepted: dict[str, int] = {}
    found = []
    for item in records:
        if item["type"] == "outcome" and item["result"] == "accepted" and item["step"] in once:
            accepted[item["step"]] = accepted.get(item["step"], 0) + 1
            if accepted[item["step"]] > 1:
                found.append(Violation(6, f"{item['step']} took effect twice"))
        elif item["type"] == "run-ended":
            accepted = {step: count for step, count in accepted.items() if step not in brackets}
    return found


def _without_verb(path: str) -> str:
    """Return the resource that *path* writes: an action's name is no part of it."""
    return (
        path.rpartition("/")[0]
        if re.search(r"/(start|deallocate|poweroff)$", path)
        else path.removesuffix("/encryptionprotector/current/revert")
    )


def _addresses(step: ReviewedStep, method: str, path: str) -> bool:
    if step.request is None or step.request.method != method:
        return False
    if step.resource_id is None:
        return True  # its address was computed from what only the run could know; the body still has to fit
    resource = step.resource_id.lower()
    named = re.sub(r"/(accesspolicies/(add|remove|replace)|encryptionprotector/current/revert)$", "", path)
    return resource in (path, named) or (method == "POST" and path.rpartition("/")[0] == resource)


def _fills(reviewed: Any, sent: Any) -> bool:
    """Say whether *sent* is *reviewed* with every unknown filled in."""
    if reviewed == {"unknown": True}:
        return True
    if isinstance(reviewed, dict) and isinstance(sent, dict):
        unknown_keys = [key for key in reviewed if key == "(known after apply)"]
        known = {key: value for key, value in reviewed.items() if key not in unknown_keys}
        rest = {key: value for key, value in sent.items() if key not in known}
        return all(key in sent and _fills(value, sent[key]) for key, value in known.items()) and len(rest) == len(
            unknown_keys
        )
    if isinstance(reviewed, list) and isinstance(sent, list):
        return len(reviewed) == len(sent) and all(_fills(old, new) for old, new in zip(reviewed, sent, strict=True))
    return bool(reviewed == sent)
