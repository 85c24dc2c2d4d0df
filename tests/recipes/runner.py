"""Tables of cases: facts in; decision, request, lines and sentence out. Who reads no Python can read them.

A table is one JSON file::

    {
      "about": "what the table shows, and what a user loses if it fails",
      "known":    {"vault": <any JSON>},
      "promises": {"identity": {"kind": "create_identity", "params": {...}}},
      "step":     {"kind": "create_key", "params": {...}},
      "found":    {"body": {...}, "reads": {"deleted": <read>}, "now": "2026-01-01T12:00:00Z", "written": {id: time}},
      "cases":    [<case>]
    }

``known`` names values that stand in many places: the text ``"$vault"`` anywhere is replaced by that value, and
``{"use": "vault", "with": {...}}`` by it with a merge patch (RFC 7396) laid over it; ``{"repeat": 9, "of": <any JSON>}``
is a list of nine of them. ``promises`` are producing
steps; a field that holds ``{"ref": "identity", "path": [...]}`` holds a promise of theirs. ``step`` and ``found`` are
what every case starts from.

A case::

    {"case": "what it shows", "step": <merge patch>, "found": <merge patch>, "expect": {"<question>": <answer>}}

The questions a step is asked:

``decide``
    judged on ``found``; the whole decision, as `decision_json` writes it
``undo``
    with the case's ``"undo": {"before": ..., "after": ..., "used": ...}``, as `undo_json` writes it
``address``, ``also_reads``, ``reads_itself``, ``owns``, ``locks``, ``permissions``, ``managed_by``
    as the step answers, in JSON
``probes``
    the kind of step whose late grant would refuse this one; null where none can be late
``caution``
    how often and how far apart the request judged on ``found`` may be sent, where that is special
``merged``
    the step that stands for this one and the one whose kind and parameters are the case's ``merged``
``youngest``, ``deadline``, ``excludes_network``
    what a step that waits for access answers on ``found``

A table may start from another one of its service: ``{"like": "../targets/customer.json", "cases": [...]}`` takes all but its cases,
and in it ``{"case": ..., "of": "<case of that table>", ...}`` is a merge patch over that case.

A read is ``{"resource": id, "verb": "get", "query": {"filter": "..."}, "body": <JSON>, "answer": ...}``; without ``answer``
the resource does not exist, and only a search has a ``body``. In bodies ``{"unknown": true}`` stands for a value known after apply.

Any other kind of case (a limit, a recipe) has its own members; the test gives the function that answers it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cmk_remediate.clock import format_utc, parse_utc
from cmk_remediate.model.codec import Registry, decode, encode
from cmk_remediate.model.decisions import (
    Acceptance,
    Blocked,
    Change,
    Decision,
    Done,
    Found,
    Keep,
    Line,
    Manual,
    OneWay,
    Pending,
    Read,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import canonical, merge_patch
from cmk_remediate.model.step import AccessWait
from cmk_remediate.model.values import UNKNOWN, Unknown, is_unknown_json, to_json

if TYPE_CHECKING:
    from pathlib import Path

    from cmk_remediate.model.permissions import Permission
    from cmk_remediate.model.step import Step, Undo
    from cmk_remediate.model.values import Grant, Ref

NOW = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)
"""What Azure's clock shows in a table that does not say."""


@dataclass(frozen=True)
class Case:
    """One case of a table, with all that is ``known`` filled in.

    Attributes:
        table: the file's name.
        name: what it shows.
        data: the case as written.
        base: the table without its cases.
    """

    table: str
    name: str
    data: Mapping[str, Any]
    base: Mapping[str, Any]

    @property
    def expect(self) -> Any:
        """The expected outcome, whole."""
        return self.data["expect"]

    def laid(self, member: str) -> Any:
        """Return the table's *member* with the case's own laid over it."""
        return merge_patch(self.base.get(member), self.data.get(member, {}))


def load(path: Path) -> tuple[Case, ...]:
    """Return the cases of the table at *path*."""
    document = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_no_duplicates)
    if "like" in document:
        document = _joined(document, json.loads((path.parent / document["like"]).read_text(encoding="utf-8")))
    values = document.get("known", {})
    base = {name: _filled(value, values) for name, value in document.items() if name not in ("cases", "known")}
    return tuple(Case(path.name, item["case"], _filled(item, values), base) for item in document["cases"])


def load_folder(folder: Path) -> tuple[Case, ...]:
    """Return the cases of every table in *folder*."""
    return tuple(case for path in sorted(folder.glob("*.json")) for case in load(path))


def twins(cases: Iterable[Case]) -> list[str]:
    """Return the pairs of cases of one table that expect the same outcome: one of the two shows nothing."""
    seen: dict[tuple[str, bytes], str] = {}
    found = []
    for case in cases:
        other = seen.setdefault((case.table, canonical(case.expect)), case.name)
        if other != case.name:
            found.append(f"{case.table}: {other!r} and {case.name!r}")
    return found


def rewritten(path: Path, answer: Callable[[Case], Any]) -> str:
    """Return the table at *path* with what *answer* gives now as expectations; to be read before kept."""
    document = json.loads(path.read_text(encoding="utf-8"))
    for item, case in zip(document["cases"], load(path), strict=True):
        item["expect"] = answer(case)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def step_of(case: Case, registry: Registry, member: str = "step") -> Step:
    """Return the step that *case* is about."""
    promises = case.base.get("promises", {})

    def made(description: Mapping[str, Any]) -> Step:
        cls = registry.step_class(description["kind"])
        return decode(cls, with_unknowns(description["params"]), lambda name: made(promises[name]))

    return made(case.laid(member))


def found_of(case: Case) -> Found:
    """Return what the step of *case* finds."""
    data = case.laid("found") or {}
    reads = {}
    for item in data.get("reads", {}).values():
        query = tuple(sorted(item.get("query", {}).items()))
        body = canonical(item["body"]).decode() if "body" in item else ""
        read = Read(ResourceId.parse(item["resource"]), item.get("verb", "get"), query, body)
        reads[read] = with_unknowns(item.get("answer"))
    now = parse_utc(data["now"]) if "now" in data else NOW
    written = {key.lower(): parse_utc(value) for key, value in data.get("written", {}).items()}
    return Found(with_unknowns(data.get("body")), reads, now, written)


def answers(case: Case, registry: Registry) -> dict[str, Any]:
    """Return what the step of *case* answers to each question in ``expect``."""
    step = step_of(case, registry)
    found = {question: _answer(step, question, case) for question in case.expect if question != "merged"}
    if "merged" in case.expect:
        found["merged"] = encode(step.merged(step_of(case, registry, "merged")))
    return found


_ASKED: Mapping[str, Callable[[Step], Any]] = MappingProxyType(
    {
        "address": lambda step: _address_json(step.address()),
        "also_reads": lambda step: [_read_json(read) for read in step.also_reads()],
        "reads_itself": lambda step: step.reads_itself(),
        "owns": lambda step: to_json(dict(step.owns())),
        "managed_by": lambda step: str(step.managed_by()),
        "locks": lambda step: sorted(step.locks()),
        "permissions": lambda step: [_permission_text(item) for item in step.permissions()],
        "probes": lambda step: _waited_for(step.probes()),
    }
)
"""The questions a step answers without anything found."""


def _answer(step: Step, question: str, case: Case) -> Any:
    if question in ("decide", "caution"):
        worded = decision_json if question == "decide" else _caution_json
        return worded(step.decide(found_of(case)))
    if question == "undo":
        told = case.data["undo"]
        before, after = with_unknowns(told["before"]), with_unknowns(told["after"])
        return undo_json(step.undo(before, after, used=told["used"]))
    if question in _ASKED:
        return _ASKED[question](step)
    if isinstance(step, AccessWait):
        return _wait_answer(step, question, case)
    message = f"{case.table}: {case.name!r} asks {question!r}, which no step answers"
    raise ValueError(message)


def _wait_answer(step: AccessWait, question: str, case: Case) -> Any:
    found = found_of(case)
    if question == "youngest":
        text, since = step.youngest(found)
        return [text, None if since is None else format_utc(since)]
    if question == "deadline":
        return format_utc(step.deadline(found))
    return {"excludes_network": step.excludes_network(found)}


def decision_json(decision: Decision) -> dict[str, Any]:
    """Return a decision as JSON, whole."""
    if isinstance(decision, Change):
        request = decision.request
        return {
            "change": decision.why,
            "request": [request.method, request.row, _address_json(request.resource), to_json(request.body)],
            "lines": [line_json(line) for line in decision.lines],
            "effects": [[_address_json(effect.resource), to_json(effect.patch)] for effect in decision.effects],
            "estimate": [decision.estimate.usual, decision.estimate.worst],
            "action": decision.action,
            "downtime": decision.downtime,
        }
    if isinstance(decision, Done):
        return {"done": decision.why, "lines": [line_json(line) for line in decision.lines]}
    if isinstance(decision, Pending):
        return {"pending": decision.why, "retry_after": decision.retry_after, "background": decision.background}
    if isinstance(decision, Manual):
        return {"manual": decision.instructions, "code": decision.code}
    return blocked_json(decision)


def _caution_json(decision: Decision) -> dict[str, Any]:
    assert isinstance(decision, Change)
    return {name: value for name, value in asdict(decision.caution).items() if value}


def blocked_json(blocked: Blocked) -> dict[str, Any]:
    """Return a refusal as JSON."""
    return {"blocked": blocked.code, "why": blocked.why, "next": blocked.next, "resource": blocked.resource}


def line_json(line: Line) -> dict[str, Any]:
    """Return a line as JSON: path, [before, after], role, and what else there is to say."""
    shown: dict[str, Any] = {
        "path": line.path,
        "role": line.role,
        "before": to_json(line.before),
        "after": to_json(line.after),
    }
    if line.reversibility is not None:
        shown[line.reversibility.kind] = [line.reversibility.code or "", line.reversibility.why]
    if line.acceptance is not None:
        shown["accept"] = accept_text(line.acceptance)
    return shown


def accept_text(acceptance: Acceptance) -> str:
    """Return an acceptance as ``category kind:name[:suffix]``, the name being the resource's own."""
    suffix = f":{acceptance.suffix}" if acceptance.suffix else ""
    return f"{acceptance.category} {acceptance.kind}:{acceptance.resource.name}{suffix}"


def undo_json(undo: Undo) -> Any:
    """Return what undoing gives as JSON."""
    if isinstance(undo, Keep):
        return {"keep": undo.why, "code": undo.code}
    if isinstance(undo, OneWay):
        return {"one-way": undo.why, "code": undo.code}
    steps = undo if isinstance(undo, tuple) else (undo,)
    return [{"kind": step.kind, "params": encode(step)} for step in steps]


def with_unknowns(value: Any) -> Any:
    """Return *value* with every ``{"unknown": true}`` in it turned into `UNKNOWN`."""
    if is_unknown_json(value):
        return UNKNOWN
    if isinstance(value, dict):
        return {key: with_unknowns(item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_unknowns(item) for item in value]
    return value


def _address_json(address: ResourceId | Unknown) -> Any:
    return to_json(address) if isinstance(address, Unknown) else address.text


def _read_json(read: Read) -> dict[str, Any]:
    shown = {"resource": read.resource.text, "verb": read.verb, "query": dict(read.query)}
    return shown | ({"body": json.loads(read.body)} if read.body else {})


def _waited_for(grant: Ref[Grant] | None) -> str | None:
    return None if grant is None else grant.step.kind


def _permission_text(item: Permission) -> str:
    told = {"data": item.data, "not checkable": not item.checkable, "a question": item.asks}
    marks = "".join(f" ({mark})" for mark, holds in told.items() if holds)
    return f"{item.split}: {item.action} at {item.scope}{marks}"


def _filled(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        if set(value) == {"use", "with"}:
            return merge_patch(_filled(values[value["use"]], values), _filled(value["with"], values))
        if set(value) == {"repeat", "of"}:
            return [_filled(value["of"], values)] * int(value["repeat"])
        return {key: _filled(item, values) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, values) for item in value]
    return _filled(values[value[1:]], values) if isinstance(value, str) and value.startswith("$") else value


def _joined(document: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    cases = {item["case"]: {name: part for name, part in item.items() if name != "expect"} for item in other["cases"]}
    mine = [_over(cases[item["of"]], item) if "of" in item else item for item in document["cases"]]
    return {**merge_patch({**other, "cases": None}, {**document, "cases": None}), "cases": mine}


def _over(first: Any, then: Any) -> Any:
    """Return the merge patch that does what *first* does, and *then* after it."""
    if not isinstance(first, dict) or not isinstance(then, dict):
        return then
    return {
        name: _over(first[name], then[name]) if name in first and name in then else {**first, **then}[name]
        for name in {**first, **then}
    }


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        message = f"a member stands twice in {[key for key, _ in pairs]}"
        raise ValueError(message)
    return found
