"""Where things stand in a picture: fractions of its width as per cent, so that it fits any width undistorted."""

from __future__ import annotations

from dataclasses import dataclass

_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800)
_MOST_TICKS = 5


@dataclass(frozen=True)
class Scale:
    """From 0 to *whole*, in any unit."""

    whole: float

    def at(self, amount: float) -> str:
        """Return where *amount* stands, such as ``12.5%``; what is past the end stands at the end."""
        fraction = min(max(amount / self.whole, 0), 1) if self.whole > 0 else 0
        return f"{fraction * 100:.2f}".rstrip("0").rstrip(".") + "%"

    def fits(self, amount: float) -> bool:
        """Say whether *amount* stands on the scale."""
        return amount <= self.whole


def ticks(seconds: int) -> tuple[int, ...]:
    """Return round times from 0 up to *seconds*, at most six."""
    if seconds <= 0:
        return (0,)
    step = next((one for one in _STEPS if seconds / one <= _MOST_TICKS), 0)
    while not step or seconds / step > _MOST_TICKS:
        step = step * 2 if step else _STEPS[-1]
    return tuple(range(0, seconds + 1, step))
