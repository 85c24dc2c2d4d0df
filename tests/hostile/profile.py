"""How much is tried: the same few examples each time in `make test`, more where CMK_REMEDIATE_HOSTILE says how many."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, settings

if TYPE_CHECKING:
    from collections.abc import Callable

ASKED = int(os.environ.get("CMK_REMEDIATE_HOSTILE", "0"))
"""Examples of each property; 0 for the few of `make test`."""


def tries(few: int) -> Callable[[Any], Any]:
    """Return the settings of a property: *few* examples, or as many as were asked for, always the same ones."""
    return settings(
        max_examples=ASKED or few,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
