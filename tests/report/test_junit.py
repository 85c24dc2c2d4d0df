"""Without these a pipeline's test tab would stay empty, show what is wrong as passed, or be forged by a resource's name."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from cmk_remediate import codes
from cmk_remediate.errors import InputError
from cmk_remediate.model.result import TargetCheck, Verification
from cmk_remediate.model.review import Note
from cmk_remediate.report import render, renderer
from tests.report import sample
from tests.report.test_text import HOSTILE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SHAPE: Mapping[str, tuple[frozenset[str], frozenset[str], frozenset[str]]] = MappingProxyType(
    {
        "testsuites": (
            frozenset(),
            frozenset({"name", "time", "tests", "failures", "disabled", "errors"}),
            frozenset({"testsuite"}),
        ),
        "testsuite": (
            frozenset({"name"}),
            frozenset(
                {"name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp", "hostname", "id"}
                | {"package", "file", "log", "url", "version"}
            ),
            frozenset({"testsuite", "properties", "testcase", "system-out", "system-err"}),
        ),
        "testcase": (
            frozenset({"name"}),
            frozenset({"name", "assertions", "time", "timestamp", "classname", "status", "class", "file", "line"}),
            frozenset({"skipped", "error", "failure", "properties", "system-out", "system-err"}),
        ),
        "failure": (frozenset(), frozenset({"type", "message"}), frozenset()),
        "skipped": (frozenset(), frozenset({"type", "message"}), frozenset()),
        "system-out": (frozenset(), frozenset(), frozenset()),
    }
)
"""Of junit-10.xsd (github.com/jenkinsci/xunit-plugin): an element's required attributes, all its attributes, its children."""


def parsed(verification: Verification) -> ET.Element:
    return ET.fromstring(renderer("junit").verification(verification))  # noqa: S314 - we made it


def out_of_shape(element: ET.Element) -> Iterator[str]:
    required, allowed, children = SHAPE[element.tag]
    names = set(element.attrib)
    yield from (f"{element.tag} lacks {name}" for name in required - names)
    yield from (f"{element.tag} has {name}" for name in names - allowed)
    for child in element:
        if child.tag not in children:
            yield f"{child.tag} in {element.tag}"
        else:
            yield from out_of_shape(child)


def outcomes(root: ET.Element) -> dict[str, str]:
    return {
        f"{suite.get('name')}/{case.get('name')}": next(
            (child.tag for child in case if child.tag != "system-out"), "passed"
        )
        for suite in root.iter("testsuite")
        for case in suite.iter("testcase")
    }


def test_a_suite_a_service_and_a_case_a_target() -> None:
    root = parsed(sample.VERIFICATION)

    assert list(out_of_shape(root)) == []
    assert outcomes(root) == {
        "sql/sql-orders": "passed",
        "sql/sql-second": "failure",
        "sql/sql-synapse": "skipped",
        "managed-disks/disk-orders": "skipped",
        "aks/aks-orders": "skipped",
    }


def test_the_sums_are_those_of_the_cases() -> None:
    root = parsed(sample.VERIFICATION)

    for part in (root, *root.iter("testsuite")):
        cases = list(part.iter("testcase"))
        assert int(part.attrib["tests"]) == len(cases)
        assert int(part.attrib["failures"]) == sum(case.find("failure") is not None for case in cases)
        assert int(part.get("skipped", "0")) in (0, sum(case.find("skipped") is not None for case in cases))


def test_a_failure_says_what_why_and_what_next() -> None:
    (failure,) = parsed(sample.VERIFICATION).iter("failure")

    assert failure.attrib == {"message": "properties.serverKeyType is ServiceManaged", "type": "CMK501"}
    assert (failure.text or "").splitlines() == [
        "properties.serverKeyType is ServiceManaged [CMK501]",
        sample.SECOND,
        f"next: {codes.CODES['CMK501'].next}",
    ]


def test_a_note_stands_at_its_target_or_with_the_first_suite() -> None:
    root = parsed(sample.VERIFICATION)
    case = next(one for one in root.iter("testcase") if one.get("name") == "disk-orders")

    assert "note: " in str(case.findtext("system-out"))
    assert "The vault is in westeurope. [CMK601]" in str(root[0].findtext("system-out"))


def test_no_target_is_no_test_and_its_notes_are_kept() -> None:
    root = parsed(Verification("empty.yaml", (), (Note(code="CMK601", scope="", text="there"),), 0))

    assert list(out_of_shape(root)) == []
    assert root.get("tests") == "0"
    assert "there" in str(root[0].findtext("system-out"))


def test_hostile_names_stay_text_and_control_characters_go() -> None:
    text = HOSTILE + ']]></failure><testcase name="forged"/>\x00\x0b\ufffe\ud800&quot;'
    name = f"{sample.GROUP}/providers/Microsoft.Sql/servers/{text}"
    checks = (TargetCheck(name, "wrong", text, text, text), TargetCheck(name + "2", "manual", text, text, text))
    notes = (Note.model_construct(code="CMK601", scope=name, text=text),)
    document = renderer("junit").verification(Verification(text, checks, notes, 2))
    root = ET.fromstring(document)  # noqa: S314 - we made it

    assert document.isascii()
    assert all(one == "\n" or " " <= one <= "~" for one in document)
    assert list(out_of_shape(root)) == []
    assert len(list(root.iter("testcase"))) == 2
    assert "forged" not in {case.get("name") for case in root.iter("testcase")}


def test_a_target_without_a_service_has_a_suite_too() -> None:
    checks = tuple(replace(target, service="") for target in sample.VERIFICATION.targets)

    assert [suite.get("name") for suite in parsed(replace(sample.VERIFICATION, targets=checks))] == ["targets"]


def test_what_is_no_test_is_refused_by_name() -> None:
    for subject in (sample.review(), sample.result()):
        with pytest.raises(InputError) as caught:
            render(subject, "junit")
        assert caught.value.code == codes.input_.FORMAT_UNFIT
        assert "junit" in str(caught.value)
