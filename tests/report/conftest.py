"""A browser for the tests of pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.report import browser as chromium

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.report.browser import Browser


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Give a headless Chromium, the same one to all tests of a process."""
    program = chromium.found()
    if not program:
        pytest.skip("no Chromium: install Debian's package chromium, or name one in CHROMIUM")
    with chromium.started(program, tmp_path_factory.mktemp("chromium")) as found:
        yield found
