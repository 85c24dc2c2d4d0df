"""Holds what a test run sends and answers against Azure's API descriptions, when the run ends.

Registered by `tests/conftest.py`. Does nothing unless CMK_REMEDIATE_REFERENCE names the folder that holds the descriptions.
Every run fails on a deviation that is not in `deviations.yaml`; a run of the whole suite also on a row that nothing bears out any
more and on figures that differ from `measured.json`. ``--measure-descriptions`` writes it: a run of a part of the tests adds
what is new, a run of all of them also drops what is gone. With pytest-xdist each worker
checks what it saw, and the controller joins the results.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.descriptions.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Sequence


REFERENCE = os.environ.get("CMK_REMEDIATE_REFERENCE", "")
WITHOUT = "CMK_REMEDIATE_REFERENCE names no folder of API descriptions"


def library_root() -> Path | None:
    """Return the folder of the descriptions, where there is one."""
    root = Path(REFERENCE) / "specs"
    return root if REFERENCE and root.is_dir() else None


_WATCH = pytest.StashKey[Watch]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our option."""
    text = "keep which operations this run held against Azure's API descriptions"
    parser.addoption("--measure-descriptions", action="store_true", help=text)


def pytest_configure(config: pytest.Config) -> None:
    """Begin to watch."""
    root = library_root()
    if root is not None:
        from tests.conformance.descriptions.watch import Watch  # noqa: PLC0415 - loads what a run without them does not need

        config.stash[_WATCH] = Watch(root)
        config.stash[_WATCH].recorder.start()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Watch no longer."""
    if _WATCH in config.stash:
        config.stash[_WATCH].recorder.stop()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Judge, and fail the run where it deviates."""
    watch = session.config.stash.get(_WATCH, None)
    if watch is None:
        return
    watch.judge()
    told = getattr(session.config, "workeroutput", None)
    if told is not None:  # a worker of pytest-xdist
        told["descriptions"] = watch.summary.to_json()
        return
    watch.complain(whole=is_whole(session), keep=session.config.getoption("--measure-descriptions"))
    if watch.complaints and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take what a worker of pytest-xdist found."""
    watch = node.config.stash.get(_WATCH, None)
    found = getattr(node, "workeroutput", {}).get("descriptions")
    if watch is not None and found is not None:
        watch.summary.join(found)


def is_whole(session: pytest.Session) -> bool:
    """Say whether all tests ran, and passed."""
    option = session.config.option
    chosen = option.keyword or option.markexpr not in ("", "not network") or getattr(option, "lf", False)
    every = session.config.args_source is pytest.Config.ArgsSource.TESTPATHS
    return every and not chosen and not option.deselect and session.exitstatus == pytest.ExitCode.OK


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the figures, and what is wrong."""
    watch = config.stash.get(_WATCH, None)
    if watch is None or not watch.summary.extents:
        return
    terminalreporter.section("Azure's API descriptions")
    head = ("service", "checked", "bodies only", "not checked", "deviations")
    for line in _lined([head, *watch.figures()]):
        terminalreporter.line(line)
    for text in watch.complaints:
        terminalreporter.line(text, red=True)


def _lined(rows: Sequence[tuple[Any, ...]]) -> list[str]:
    first = max(len(row[0]) for row in rows)
    return [f"{row[0]:{first}}" + "".join(f"{one:>13}" for one in row[1:]) for row in rows]
