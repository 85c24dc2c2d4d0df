"""What owners track, out of findings. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cmk_remediate.clock import parse_utc
from cmk_remediate.model.findings import FailedAccesses, Figures, Finding, KeyFigures, KeyInUse, Remediated, Share
from cmk_remediate.model.ids import ResourceId

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_SOON = timedelta(days=90)
_GRACE = timedelta(days=1)
"""How late a rotation may be before it is called overdue (our choice: Key Vault says the day, not the hour)."""


def figures(
    findings: Sequence[Finding],
    remediated: Sequence[Remediated],
    failed: Sequence[FailedAccesses],
    now: datetime,
) -> Figures:
    """Return the figures of *findings* at *now*."""
    return Figures(
        services=_shares(findings, lambda one: one.service),
        subscriptions=_shares(findings, lambda one: ResourceId.parse(one.id).subscription.lower()),
        owners=_shares(findings, lambda one: one.owner),
        remediated=tuple(remediated),
        keys=key_figures((key for one in findings for key in one.keys), now),
        failed_accesses=tuple(failed),
    )


def _shares(findings: Sequence[Finding], name: Callable[[Finding], str]) -> tuple[Share, ...]:
    by: dict[str, list[Finding]] = {}
    for one in findings:
        by.setdefault(name(one), []).append(one)
    return tuple(share(named, found) for named, found in sorted(by.items()))


def share(name: str, findings: Sequence[Finding]) -> Share:
    """Return how much of *findings*, called *name*, is compliant."""
    return Share(
        name=name,
        compliant=sum(one.counts and one.verdict == "compliant" for one in findings),
        counted=sum(one.counts for one in findings),
        exempt=sum(one.exemption is not None for one in findings),
        not_ours=sum(one.exemption is None and one.verdict == "not ours" for one in findings),
    )


def key_figures(uses: Iterable[KeyInUse], now: datetime) -> KeyFigures:
    """Return the figures of the keys in *uses*, each key once."""
    named = {f"{one.vault}/keys/{one.name}": one for one in uses}
    keys = {name: named[name] for name in {name.lower(): name for name in named}.values()}
    shown = {name: one for name, one in keys.items() if not one.why}
    scheduled = {name: one for name, one in shown.items() if one.rotation}
    overdue = {name for name, one in scheduled.items() if _before(one.rotation_due, now - _GRACE)}
    ages = [one.age_days for one in shown.values() if one.age_days is not None]
    return KeyFigures(
        keys=len(keys),
        not_read=len(keys) - len(shown),
        scheduled=len(scheduled),
        on_schedule=len(scheduled) - len(overdue),
        overdue=tuple(sorted(overdue)),
        unscheduled=tuple(sorted(set(shown) - set(scheduled))),
        expiring=tuple(sorted(name for name, one in shown.items() if _before(one.expires, now + _SOON))),
        oldest_days=max(ages, default=None),
    )


def _before(text: str, then: datetime) -> bool:
    return bool(text) and parse_utc(text) < then
