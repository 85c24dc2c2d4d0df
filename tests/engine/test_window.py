"""The change window: work begun too late runs into business hours."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cmk_remediate import codes
from cmk_remediate.clock import parse_utc
from cmk_remediate.engine.window import check_expiry, check_open, fits
from cmk_remediate.errors import RefusedError, ReviewError
from cmk_remediate.planfile.schema import Window

WINDOW = Window(opens="2026-03-01T22:00:00Z", closes="2026-03-02T02:00:00Z")
OPENS, CLOSES = parse_utc(WINDOW.opens), parse_utc(WINDOW.closes)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("now", [OPENS - SECOND, CLOSES, CLOSES + SECOND])
def test_a_closed_window_refuses_and_says_when_it_is_open(now: object) -> None:
    with pytest.raises(RefusedError, match="2026-03-01T22:00:00Z to 2026-03-02T02:00:00Z") as caught:
        check_open(WINDOW, now)  # type: ignore[arg-type]
    assert caught.value.code == codes.engine.OUTSIDE_WINDOW


def test_an_open_window_or_none_lets_a_run_start() -> None:
    for now in (OPENS, CLOSES - SECOND):
        check_open(WINDOW, now)
    check_open(None, OPENS)


def test_a_target_starts_only_if_its_worst_case_ends_within_the_window() -> None:
    assert fits(WINDOW, CLOSES - 60 * SECOND, 59)
    assert not fits(WINDOW, CLOSES - 60 * SECOND, 60)
    assert not fits(WINDOW, OPENS - SECOND, 10)
    assert fits(None, CLOSES, 10**6)


def test_an_expired_review_is_refused() -> None:
    check_expiry(WINDOW.closes, CLOSES - SECOND)
    with pytest.raises(ReviewError) as caught:
        check_expiry(WINDOW.closes, CLOSES)
    assert caught.value.code == codes.input_.REVIEW_EXPIRED
