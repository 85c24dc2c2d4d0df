"""The table of known deviations, and the run that is held against it.

Fails: a deviation is waved through without a reason, stays listed after its end, or does not fail a run.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conformance.descriptions import summary, table
from tests.conformance.descriptions.judge import Deviation
from tests.conformance.descriptions.plugin import WITHOUT, library_root

if TYPE_CHECKING:
    from collections.abc import Sequence

CHECKOUT = Path(__file__).resolve().parents[3]
TABLE = """
most: {Microsoft.Toy: 2}
deviations:
  Microsoft.Toy:
    - operations: [GET /a, GET /b]
      fields: [answer 200 x]
      kind: enum
      reason: because
      date: 2026-11-22
"""
SLIP = """
from cmk_remediate import simulator
from cmk_remediate.simulator.wire import Incoming

ID = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Sql/servers/sql"


def test_sends_a_slip() -> None:
    azure = simulator.azure(estate={"subscriptions": [{"subscriptionId": "s"}]})
    url = f"https://management.azure.com{ID}?api-version=2025-01-01"
    azure.answer(Incoming("PATCH", url, {"user-agent": "cmk-remediate"}, b'{"properties": {"minimalTlsVersoin": "1.2"}}'))
"""


def _loaded(tmp_path: Path, text: str = TABLE) -> table.Table:
    file = tmp_path / "table.yaml"
    file.write_text(text, encoding="utf-8")
    return table.load(file)


def _found(operation: str, kind: str = "enum") -> Deviation:
    return Deviation("Microsoft.Toy", operation, "answer 200 x", kind, "it is so")


def test_every_row_of_the_table_has_its_reason_and_closed_services_have_no_more_than_they_had() -> None:
    known = table.load()

    assert all(len(one.reason) > 40 for one in known.rows)
    assert known.raised() == []


def test_a_deviation_that_is_not_listed_is_found(tmp_path: Path) -> None:
    known = _loaded(tmp_path)

    assert known.unlisted([_found("GET /a"), _found("GET /b")]) == []
    assert known.unlisted([_found("GET /c"), _found("GET /a", "type")]) == [_found("GET /c"), _found("GET /a", "type")]


def test_a_row_that_is_no_longer_so_is_found(tmp_path: Path) -> None:
    assert [one.operation for one in _loaded(tmp_path).stale([_found("GET /a")])] == ["GET /b"]


def test_a_closed_service_keeps_its_number(tmp_path: Path) -> None:
    assert _loaded(tmp_path).raised() == []
    assert _loaded(tmp_path, TABLE.replace("Toy: 2", "Toy: 1")).raised() == [
        "Microsoft.Toy: 2 deviations where `most` says 1"
    ]


def test_a_row_cannot_stand_twice(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="twice"):
        _loaded(tmp_path, TABLE.replace("GET /b", "GET /a"))


def test_processes_join_what_they_found() -> None:
    first, second = summary.Summary(), summary.Summary()
    first.extents["Microsoft.Toy", "GET /a"] = "none"
    second.extents["microsoft.toy", "GET /a"] = "whole"
    second.deviations[_found("GET /a")] = "a test"
    first.join(second.to_json())

    assert first.operations() == {"Microsoft.Toy": {"whole": ["GET /a"], "bodies": [], "none": []}}
    assert list(first.deviations) == [_found("GET /a")]


def test_a_run_of_a_part_of_the_tests_takes_nothing_away() -> None:
    before = {"Microsoft.Toy": {"whole": ["GET /a"], "bodies": ["GET /b"], "none": ["GET /c"]}}
    found = {"Microsoft.Toy": {"whole": ["GET /b"], "bodies": [], "none": ["GET /a", "GET /d"]}}

    assert summary.joined(before, found) == {
        "Microsoft.Toy": {"whole": ["GET /a", "GET /b"], "bodies": [], "none": ["GET /c", "GET /d"]}
    }


@pytest.mark.skipif(library_root() is None, reason=WITHOUT)
@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "worker"])
def test_a_run_with_a_slip_fails_and_names_it(tmp_path: Path, workers: Sequence[str]) -> None:
    wrong = _run(tmp_path, workers)

    assert "1 passed" in wrong.stdout, wrong.stdout
    assert wrong.returncode == 1
    assert (
        "PATCH {group}/providers/Microsoft.Sql/servers/{serverName}: request properties.minimalTlsVersoin"
        in wrong.stdout
    )
    assert "test_slip.py::test_sends_a_slip" in wrong.stdout


def _run(folder: Path, workers: Sequence[str]) -> subprocess.CompletedProcess[str]:
    (folder / "test_slip.py").write_text(SLIP, encoding="utf-8")
    plugin = ("-p", "tests.conformance.descriptions.plugin", "-p", "no:cacheprovider")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", ".", *plugin, *workers, "test_slip.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=False,
    )
