"""JUnit XML of a verification, for the test tab of a pipeline: a suite a service, a case a target.

What is wrong, or left to do by an unfinished run, is a failure. What is in progress, to be done by hand or blocked, or stays after
a rollback, is skipped, with its reason: none of it is wrong, and a pipeline that has to wait for what is in progress reads the exit
code. Elements and attributes are those of junit-10.xsd (github.com/jenkinsci/xunit-plugin), which Azure DevOps, GitHub's and
GitLab's readers take.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from cmk_remediate.codes import CODES
from cmk_remediate.report.names import Names
from cmk_remediate.report.unshown import refused
from cmk_remediate.report.words import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmk_remediate.model.evidence import EvidenceCheck
    from cmk_remediate.model.findings import Assessment
    from cmk_remediate.model.result import RunResult, RunSummary, TargetCheck, Verification
    from cmk_remediate.model.review import Note, Review

_SKIPPED = ("in progress", "manual", "blocked", "stays")
_FAILED = ("wrong", "unfinished")
_NO_SERVICE = "targets"


class JunitRenderer:
    """A verification as JUnit XML."""

    name = "junit"

    def review(self, review: Review, file: str = "") -> str:  # noqa: ARG002 - as the interface has it
        """Refuse: a review has no results."""
        raise refused(self.name, "a review")

    def run(self, result: RunResult) -> str:  # noqa: ARG002 - as the interface has it
        """Refuse: a run's end is not a test."""
        raise refused(self.name, "a run's result")

    def verification(self, verification: Verification) -> str:
        """Show what a verification found."""
        root = _root(verification)
        indent(root)
        return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"

    def assessment(self, assessment: Assessment) -> str:  # noqa: ARG002 - as the interface has it
        """Refuse: what is found is not what was to be."""
        raise refused(self.name, "an assessment")

    def evidence(self, check: EvidenceCheck) -> str:  # noqa: ARG002 - as the interface has it
        """Refuse: a file's parts are no tests."""
        raise refused(self.name, "a check of evidence")

    def runs(self, runs: Sequence[RunSummary]) -> str:  # noqa: ARG002 - as the interface has it
        """Refuse: a list is not a test."""
        raise refused(self.name, "a list of runs")

    def requests(self, requests: Sequence[Mapping[str, Any]]) -> str:  # noqa: ARG002 - as the interface has it
        """Refuse: a list is not a test."""
        raise refused(self.name, "a request log")


def _root(verification: Verification) -> Element:
    names = Names(target.id for target in verification.targets)
    suites: dict[str, list[TargetCheck]] = {}
    for target in verification.targets:
        suites.setdefault(target.service or _NO_SERVICE, []).append(target)
    known = {target.id.lower() for target in verification.targets}
    notes: dict[str, list[str]] = {}
    for note in verification.notes:
        about = note.scope.lower() if note.scope.lower() in known else ""
        notes.setdefault(about, []).append(_noted(note))
    title = f"cmk-remediate verify {verification.subject}"
    root = _element(None, "testsuites", name=title, **_counts(verification.targets), disabled=0)
    for service, targets in suites.items():
        suite = _element(root, "testsuite", name=service, **_counts(targets), skipped=_skipped(targets))
        for target in targets:
            _case(suite, service, target, names, notes.get(target.id.lower(), ()))
    if notes.get(""):
        # What is about no target hangs on the first suite: there is no other place for it.
        where = root[0] if suites else _element(root, "testsuite", name="notes", **_counts(()), skipped=0)
        _text(SubElement(where, "system-out"), *notes[""])
    return root


def _counts(targets: Sequence[TargetCheck]) -> dict[str, int]:
    wrong = sum(target.verdict in _FAILED for target in targets)
    return {"tests": len(targets), "failures": wrong, "errors": 0}


def _skipped(targets: Sequence[TargetCheck]) -> int:
    return sum(target.verdict in _SKIPPED for target in targets)


def _case(suite: Element, service: str, target: TargetCheck, names: Names, notes: Sequence[str]) -> None:
    case = _element(suite, "testcase", name=names(target.id), classname=f"cmk-remediate.{service}")
    said = f"{target.verdict}: {target.text}"
    if target.verdict in _FAILED:
        failure = _element(case, "failure", message=target.text, type=target.code or target.verdict)
        _text(failure, *_more(target))
    elif target.verdict in _SKIPPED:
        _element(case, "skipped", message=f"{said} [{target.code}]" if target.code else said)
    _text(SubElement(case, "system-out"), said, target.id, *notes)


def _more(target: TargetCheck) -> tuple[str, ...]:
    advice = CODES[target.code].next if target.code in CODES else ""
    said = f"{target.text} [{target.code}]" if target.code else target.text
    return (said, target.id, *([f"next: {advice}"] if advice else []))


def _noted(note: Note) -> str:
    about = f"{note.scope}: " if note.scope else ""
    return f"note: {about}{note.text} [{note.code}]"


def _element(parent: Element | None, tag: str, **attributes: str | int) -> Element:
    shown = {name: plain(str(value)) for name, value in attributes.items()}
    return Element(tag, shown) if parent is None else SubElement(parent, tag, shown)


def _text(element: Element, *lines: str) -> None:
    element.text = "\n".join(plain(line) for line in lines)
