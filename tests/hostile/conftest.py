"""No input makes anything hang: each property has its time."""

from __future__ import annotations

import pytest

from tests.hostile.profile import ASKED

SECONDS = 120
"""For the few examples of `make test`, which take a few seconds; one that hangs takes for ever."""


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give each test its time, and more where more was asked for."""
    item.add_marker(pytest.mark.timeout(max(SECONDS, 2 * ASKED)))
