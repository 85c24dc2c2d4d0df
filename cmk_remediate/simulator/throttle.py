"""Azure Resource Manager's token buckets, and the counters a bench reads.

Figures: learn.microsoft.com, "Understand how Azure Resource Manager throttles requests" (per subscription, principal and kind).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cmk_remediate.simulator.declare import ArmError

if TYPE_CHECKING:
    from cmk_remediate.simulator.world import World

Kind = Literal["reads", "writes", "deletes"]


@dataclass
class Counters:
    """What was asked of this process's embedded Azure.

    Attributes:
        requests: everything that reached it.
        reads: GET and HEAD, polls among them.
        polls: GETs of an operation's status.
        writes: PUT, PATCH, POST.
        deletes: DELETE.
        throttled: answers of 429.
        data: requests to a data plane; not in the figures above but *requests*.
    """

    requests: int = 0
    reads: int = 0
    polls: int = 0
    writes: int = 0
    deletes: int = 0
    throttled: int = 0
    data: int = 0


def kind_of(method: str) -> Kind:
    """Return the bucket a method draws from."""
    return "reads" if method in ("GET", "HEAD") else "deletes" if method == "DELETE" else "writes"


def take(world: World, principal: str, subscription: str, kind: Kind) -> tuple[int, ArmError | None]:
    """Take one token; return what is left and, where there was none, the refusal. A refused request costs nothing."""
    size, rate = getattr(world.settings, kind)
    key = f"{principal}|{subscription}|{kind}"
    level, at = world.store.get("budgets", key, (float(size), world.stamp))
    level = min(float(size), level + (world.stamp - at) * rate)
    if not world.settings.throttle:
        return size - 1, None
    if level < 1.0:
        world.store.put_quietly("budgets", key, (level, world.stamp))
        wait = max(1, math.ceil((1.0 - level) / rate))
        return 0, ArmError(
            429,
            "SubscriptionRequestsThrottled",
            f"Number of '{kind[:-1]}' requests for subscription '{subscription}' actor '{principal}' exceeded. "
            f"Please try again after '{wait}' seconds after additional tokens are available.",
            "learn.microsoft.com: Understand how Azure Resource Manager throttles requests",
            retry_after=wait,
        )
    world.store.put_quietly("budgets", key, (level - 1.0, world.stamp))
    return int(level - 1.0), None
