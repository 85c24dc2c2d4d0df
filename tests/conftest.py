"""Figures: what a test counted, printed at the end of the session, also where several processes share the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytest_plugins = ["tests.conformance.descriptions.plugin"]

FIGURE = "figure"


@pytest.fixture
def figures(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Return what takes a line (or several) to print under the test's name."""
    return lambda text: record_property(FIGURE, text)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures of every test that passed or failed."""
    told = {
        report.nodeid: [str(text) for name, text in report.user_properties if name == FIGURE]
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
        if getattr(report, "when", "") == "call"
    }
    if any(told.values()):
        terminalreporter.section("figures")
    for nodeid, lines in sorted(told.items()):
        if lines:
            terminalreporter.write_line(nodeid)
        for text in lines:
            for line in text.strip("\n").splitlines():
                terminalreporter.write_line(f"    {line}")
