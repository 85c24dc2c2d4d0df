"""What moved, and how long it took. Fails: an owner reports progress that nobody made."""

from __future__ import annotations

from cmk_remediate.assessment.comparing import compared, remediated, since
from tests.assessment.made import SUB, TODAY, account, assessment, finding

BEFORE = "2030-01-01T00:00:00Z"
LONG_AGO = "2029-06-01T00:00:00Z"
BETWEEN = "2030-01-03T00:00:00Z"


def test_what_is_open_for_the_first_time_is_first_seen_now() -> None:
    (one,) = since([finding("one")], None, TODAY)
    assert one.first_seen == TODAY


def test_what_was_open_before_keeps_the_day_it_was_first_seen() -> None:
    (one,) = since([finding("one")], assessment(finding("one", first_seen=LONG_AGO), at=BEFORE), TODAY)
    assert one.first_seen == LONG_AGO


def test_an_earlier_assessment_without_the_day_says_its_own() -> None:
    (one,) = since([finding("one")], assessment(finding("one"), at=BEFORE), TODAY)
    assert one.first_seen == BEFORE


def test_what_was_compliant_in_between_is_first_seen_anew() -> None:
    (one,) = since([finding("one")], assessment(finding("one", "compliant", first_seen=LONG_AGO), at=BEFORE), TODAY)
    assert one.first_seen == TODAY


def test_a_compliant_resource_that_never_was_otherwise_has_no_day() -> None:
    earlier = assessment(finding("one", "compliant"), at=BEFORE)
    (one,) = since([finding("one", "compliant")], earlier, TODAY)
    assert not one.first_seen
    assert remediated([one], earlier, {}, TODAY) == ()


def test_a_run_says_when_it_was_seen_right() -> None:
    earlier = assessment(finding("one"), at=BEFORE)
    found = since([finding("one", "compliant")], earlier, TODAY)
    (done,) = remediated(found, earlier, {account("one").lower(): ("run", BETWEEN)}, TODAY)
    assert (done.first_seen, done.verified, done.by, done.seconds) == (BEFORE, BETWEEN, "run", 2 * 86400)


def test_without_a_run_this_assessment_is_the_first_that_saw_it_right() -> None:
    earlier = assessment(finding("one"), at=BEFORE)
    found = since([finding("one", "compliant")], earlier, TODAY)
    (done,) = remediated(found, earlier, {}, TODAY)
    assert (done.verified, done.by) == (TODAY, "")


def test_a_run_of_before_it_was_seen_wrong_did_not_mend_it() -> None:
    earlier = assessment(finding("one"), at=BEFORE)
    found = since([finding("one", "compliant")], earlier, TODAY)
    (done,) = remediated(found, earlier, {account("one").lower(): ("run", LONG_AGO)}, TODAY)
    assert done.by == ""


def test_what_was_counted_once_is_not_counted_again() -> None:
    first = assessment(finding("one"), at=BEFORE)
    found = since([finding("one", "compliant")], first, BETWEEN)
    done = remediated(found, first, {}, BETWEEN)
    second = assessment(*found, at=BETWEEN)
    second = second.model_copy(update={"figures": second.figures.model_copy(update={"remediated": done})})
    later = since([finding("one", "compliant")], second, TODAY)
    assert remediated(later, second, {}, TODAY) == done


def test_each_move_is_told_with_both_sides() -> None:
    earlier = assessment(finding("fixed"), finding("gone"), finding("same"), at=BEFORE)
    now = [finding("fixed", "compliant"), finding("new"), finding("same")]
    moved = compared(now, [SUB], [], earlier)
    assert moved.alike
    assert [(one.id.rpartition("/")[2], one.before, one.after) for one in moved.moved] == [
        ("fixed", "not compliant (platform)", "compliant (customer (healthy))"),
        ("gone", "not compliant (platform)", ""),
        ("new", "", "not compliant (platform)"),
    ]


def test_where_other_places_were_looked_at_nothing_is_called_gone() -> None:
    earlier = assessment(finding("gone"), finding("fixed"), at=BEFORE)
    for scopes, filters in (([account("fixed")], []), ([SUB], ["service storage"])):
        moved = compared([finding("fixed", "compliant"), finding("new")], scopes, filters, earlier)
        assert not moved.alike
        assert [one.id.rpartition("/")[2] for one in moved.moved] == ["fixed"]
