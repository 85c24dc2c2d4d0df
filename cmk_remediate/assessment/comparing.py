"""What moved since an earlier assessment, and how long it took. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.clock import parse_utc
from cmk_remediate.model.findings import Assessment, Comparison, Finding, Moved, Remediated

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_OPEN = ("not compliant", "in progress", "unknown")


def since(findings: Sequence[Finding], earlier: Assessment | None, at: str) -> tuple[Finding, ...]:
    """Return *findings*, made at *at*, with the moment each was first seen not compliant: now, or as *earlier* says.

    One that was compliant in between is first seen anew.
    """
    before = {} if earlier is None else {one.id.lower(): one for one in earlier.findings}
    return tuple(one.model_copy(update={"first_seen": _first_seen(one, before, earlier, at)}) for one in findings)


def _first_seen(one: Finding, before: Mapping[str, Finding], earlier: Assessment | None, at: str) -> str:
    old = before.get(one.id.lower())
    was_open = old is not None and old.verdict in _OPEN
    if old is not None and was_open and earlier is not None:
        return old.first_seen or earlier.made.at
    if one.verdict in _OPEN:
        return at
    return ""


def remediated(
    findings: Sequence[Finding], earlier: Assessment | None, runs: Mapping[str, tuple[str, str]], at: str
) -> tuple[Remediated, ...]:
    """Return what *earlier* found open and *findings* show as compliant.

    *runs*: for a resource's lower-case id, the id of the run that last moved it and when that run saw it done.
    """
    if earlier is None:
        return ()
    done = tuple(earlier.figures.remediated)
    known = {(one.id.lower(), one.first_seen) for one in done}
    found = []
    for one in findings:
        if one.verdict != "compliant" or not one.first_seen or (one.id.lower(), one.first_seen) in known:
            continue
        by, verified = runs.get(one.id.lower(), ("", ""))
        if not verified or parse_utc(verified) < parse_utc(one.first_seen):
            by, verified = "", at
        spent = parse_utc(verified) - parse_utc(one.first_seen)
        found.append(
            Remediated(
                id=one.id, first_seen=one.first_seen, verified=verified, by=by, seconds=int(spent.total_seconds())
            )
        )
    return (*done, *found)


def compared(
    findings: Sequence[Finding], scopes: Sequence[str], filters: Sequence[str], earlier: Assessment
) -> Comparison:
    """Return what moved from *earlier* to *findings*, which were looked for in *scopes* with *filters*.

    Where *earlier* looked elsewhere, what only one of the two has says nothing.
    """
    alike = {one.lower() for one in scopes} == {one.lower() for one in earlier.scopes}
    alike = alike and set(filters) == set(earlier.filters)
    old = {one.id.lower(): one for one in earlier.findings}
    new = {one.id.lower(): one for one in findings}
    moved = []
    for key in sorted({*old, *new}):
        was, now = old.get(key), new.get(key)
        before, after = _words(was), _words(now)
        if before != after and (alike or (before and after)):
            either = now or was
            assert either is not None  # noqa: S101 - the key came from one of the two
            moved.append(Moved(id=either.id, service=either.service, before=before, after=after))
    return Comparison(made=earlier.made.at, id=earlier.made.id, alike=alike, moved=tuple(moved))


def _words(one: Finding | None) -> str:
    if one is None:
        return ""
    exempt = ", exempt" if one.exemption is not None else ""
    return f"{one.verdict} ({one.state}{exempt})"
