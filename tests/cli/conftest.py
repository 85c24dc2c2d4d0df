"""What every test of the command line starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.console import Console

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def console(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Console:
    """Give a console in a folder of its own, without the colours and terminals of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return Console(capsys)
