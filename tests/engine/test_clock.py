"""Our clock. Fails: a process that slept past its lease does not know, and writes beside its successor."""

from __future__ import annotations

import time

from cmk_remediate.clock import SystemClock


def test_our_clock_goes_on_while_the_machine_sleeps() -> None:
    clock = SystemClock()
    assert 0 <= clock.monotonic() - clock.monotonic() + 1 <= 1
    if hasattr(time, "CLOCK_BOOTTIME"):
        assert abs(clock.monotonic() - time.clock_gettime(time.CLOCK_BOOTTIME)) < 1
