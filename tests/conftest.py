"""For all tests: figures, printed at the end of the session also where several processes share the tests; and Azurite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import azurite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.azurite import Azurite

pytest_plugins = ["tests.conformance.descriptions.plugin"]

FIGURE = "figure"


@pytest.fixture
def figures(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Return what takes a line (or several) to print under the test's name."""
    return lambda text: record_property(FIGURE, text)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    """Give a real Azurite, the same one to all tests of a process."""
    if why := azurite.missing():
        pytest.skip(why)
    with azurite.started(tmp_path_factory.mktemp("azurite")) as found:
        yield found


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
