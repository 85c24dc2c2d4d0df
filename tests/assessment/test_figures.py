"""What owners track. Fails: a share that is not theirs, or a key that nobody rotates and nobody hears of."""

from __future__ import annotations

from datetime import timedelta

from cmk_remediate.assessment.figures import figures, key_figures, share
from cmk_remediate.clock import format_utc
from tests.assessment.made import NOW, assessment, finding, key

EXEMPT = {"resource": "/subscriptions/x", "owner": "o", "reason": "r", "expires": "2030-01-31", "state": "in force"}


def at(**delta: float) -> str:
    return format_utc(NOW + timedelta(**delta))


def test_a_share_counts_what_counts() -> None:
    found = [
        finding("a", "compliant"),
        finding("b"),
        finding("c", exemption=EXEMPT),
        finding("d", "not ours"),
        finding("e", "unknown"),
        finding("f", "in progress"),
    ]
    one = share("storage", found)
    assert (one.compliant, one.counted, one.exempt, one.not_ours) == (1, 4, 1, 1)


def test_shares_are_told_by_service_subscription_and_owner() -> None:
    found = figures([finding("a", owner="orders"), finding("b", service="sql"), finding("c")], (), (), NOW)
    assert [one.name for one in found.services] == ["sql", "storage"]
    assert [(one.name, one.counted) for one in found.owners] == [("", 2), ("orders", 1)]
    assert len(found.subscriptions) == 1


def test_a_key_that_several_resources_use_counts_once() -> None:
    assert key_figures([key(), key(name="CMK")], NOW).keys == 1


def test_an_overdue_rotation_is_named_and_one_that_is_a_few_hours_late_is_not() -> None:
    late = key("late", rotation="P1Y", rotation_due=at(days=-2))
    hours = key("hours", rotation="P1Y", rotation_due=at(hours=-5))
    found = key_figures([late, hours, key("nobody")], NOW)
    assert (found.scheduled, found.on_schedule) == (2, 1)
    assert [one.rpartition("/")[2] for one in found.overdue] == ["late"]
    assert [one.rpartition("/")[2] for one in found.unscheduled] == ["nobody"]


def test_keys_that_expire_soon_or_have_expired_are_named() -> None:
    found = key_figures(
        [key("soon", expires=at(days=89)), key("later", expires=at(days=91)), key("gone", expires=at(days=-1))], NOW
    )
    assert [one.rpartition("/")[2] for one in found.expiring] == ["gone", "soon"]


def test_a_key_that_was_not_shown_is_counted_and_judged_by_nothing() -> None:
    found = key_figures([key("hidden", why="the vault was not shown", age_days=None)], NOW)
    assert (found.keys, found.not_read, found.unscheduled, found.oldest_days) == (1, 1, (), None)


def test_the_longest_wait_since_a_rotation() -> None:
    assert key_figures([key("a", age_days=3), key("b", age_days=400)], NOW).oldest_days == 400


def test_an_assessment_with_something_unread_is_not_called_compliant() -> None:
    whole = assessment(finding("a", "compliant"), finding("b", exemption=EXEMPT))
    assert whole.compliant
    assert not whole.model_copy(update={"not_read": ("something",)}).compliant
    assert not assessment(finding("a", "unknown")).compliant
