"""What the tests of windows, caps, canaries and expiry have in common."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from cmk_remediate.clock import format_utc, parse_utc
from cmk_remediate.engine.schedule import Stop
from tests.e2e.stage import Stage, path, writes

if TYPE_CHECKING:
    from cmk_remediate.model.result import Event, RunResult
    from cmk_remediate.simulator.embedded import Exchange
    from tests.e2e.estates import Scene

CANARY = {"targets": 1, "soak": "1h"}
PLATFORM = {
    "properties": {
        "serverKeyName": "ServiceManaged",
        "serverKeyType": "ServiceManaged",
        "uri": None,
        "autoRotationEnabled": False,
    }
}
SOAK = 3600.0


def ended(result: RunResult) -> list[tuple[str, str]]:
    """Return how each target ended, and with what code."""
    return [(one.end, str(one.code)) for one in result.targets]


def from_now(stage: Stage, opens: float, closes: float) -> dict[str, str]:
    """Return a window that opens and closes so many seconds from now."""
    now = stage.azure.world.now
    return {name: format_utc(now + timedelta(seconds=at)) for name, at in (("opens", opens), ("closes", closes))}


def stamp(one: Exchange) -> float:
    """Return when a request was sent, in seconds since 1970."""
    return parse_utc(one.at).timestamp()


def on(scene: Scene, log: list[Exchange], number: int) -> list[Exchange]:
    """Return the writes in *log* to the scene's server of that *number*."""
    return [one for one in writes(log) if path(one).startswith(scene.servers[number].lower())]


def stopped_after(stage: Stage, review: Any, kind: str) -> RunResult:
    """Apply *review* and ask it to end once its step of *kind* has settled."""
    stop, step = Stop(), next(one.id for one in review.steps if one.kind == kind)

    def press(event: Event) -> None:
        if event.kind == "settled" and event.step == step:
            stop.ask("interrupted by Ctrl-C")

    return stage.apply(review, stop=stop, progress=press)
