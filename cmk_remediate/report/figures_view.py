"""The figures of an assessment as bars: of what, how long, and the words that say the same."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmk_remediate.report.assessment_view import left_out
from cmk_remediate.report.figures_text import percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cmk_remediate.model.findings import Comparison, KeyFigures, Share
    from cmk_remediate.report.assessment_view import UsedKey

_DAY = 86_400
_TIMES = (
    (_DAY, "within a day"),
    (7 * _DAY, "2 to 7 days"),
    (30 * _DAY, "8 to 30 days"),
    (90 * _DAY, "31 to 90 days"),
)
_AGES = ((30, "up to 30 days"), (90, "31 to 90 days"), (180, "91 to 180 days"), (365, "181 to 365 days"))


@dataclass(frozen=True)
class Bar:
    """One row of a chart: *part* of *whole* is filled.

    Attributes:
        name: of what.
        part: how much is filled.
        whole: of how much.
        said: the same in words.
        tone: how it is drawn: ``good``, ``waiting``, ``bad`` or plain.
        remark: what else there is to say.
    """

    name: str
    part: int
    whole: int
    said: str
    tone: str = ""
    remark: str = ""


def shares(found: Iterable[Share], unnamed: str = "(no owner)") -> tuple[Bar, ...]:
    """Return how much of each of *found* is compliant: where most is left to do, first."""
    ordered = sorted(found, key=lambda one: (one.compliant - one.counted, one.name))
    return tuple(
        Bar(
            one.name or unnamed,
            one.compliant,
            one.counted,
            f"{percent(one.compliant, one.counted)}, {one.compliant} of {one.counted}"
            if one.counted
            else "none counts",
            "good",
            left_out(one),
        )
        for one in ordered
    )


def times(seconds: Sequence[int]) -> tuple[Bar, ...]:
    """Return how long things took: how many of each length."""
    return _spread(seconds, _TIMES, "more than 90 days")


def ages(keys: Sequence[UsedKey]) -> tuple[Bar, ...]:
    """Return how long ago the *keys* were rotated last: how many of each age."""
    known = [one.key.age_days for one in keys if one.key.age_days is not None]
    bars = _spread(known, _AGES, "more than a year", whole=len(keys))
    unknown = len(keys) - len(known)
    return (*bars, Bar("not shown", unknown, len(keys), str(unknown))) if unknown else bars


def rotation(keys: KeyFigures) -> tuple[Bar, ...]:
    """Return how the keys in use are rotated; each is in one row."""
    rows = (
        ("rotated on schedule", keys.on_schedule, "good"),
        ("overdue: their policy's day has passed", len(keys.overdue), "bad"),
        ("nobody rotates them", len(keys.unscheduled), "waiting"),
        ("not shown", keys.not_read, ""),
    )
    return tuple(Bar(name, number, keys.keys, f"{number} of {keys.keys}", tone) for name, number, tone in rows)


def transitions(compared: Comparison) -> tuple[Bar, ...]:
    """Return from where to where findings moved: how many each way."""
    found = Counter((_verdict(one.before), _verdict(one.after)) for one in compared.moved)
    return tuple(
        Bar(f"{before} -> {after}", number, len(compared.moved), str(number), _tone(before, after))
        for (before, after), number in sorted(found.items(), key=lambda item: (-item[1], item[0]))
    )


def _spread(values: Sequence[int], bounds: Sequence[tuple[int, str]], beyond: str, whole: int = 0) -> tuple[Bar, ...]:
    found = Counter(next((name for most, name in bounds if one <= most), beyond) for one in values)
    names = [*(name for _, name in bounds), beyond]
    return tuple(Bar(name, found[name], whole or len(values), str(found[name])) for name in names)


def _verdict(words: str) -> str:
    exempt = ", exempt" if words.endswith(", exempt)") else ""
    return words.partition(" (")[0] + exempt if words else "not there"


def _tone(before: str, after: str) -> str:
    if before != after and "compliant" in (before, after):
        return "good" if after == "compliant" else "bad"
    return ""
