"""When "not yet" has become "never". Fails: a run gives up on a grant that is about to arrive, or waits for one that never will."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from cmk_remediate import codes
from cmk_remediate.engine.access import OutOfTime, judge
from cmk_remediate.model.decisions import Found
from cmk_remediate.model.outcomes import NotYet
from tests.engine.invented import WaitThing, rid

NOW = datetime(2026, 3, 1, 22, tzinfo=timezone.utc)
NO = NotYet("access", "KeyVaultForbidden", "the identity has no access")
TIMEOUT = 1200
SERVER = rid("things", "server").key


def judged(*, grant_age: float, own_age: float | None = None, pause: float = 0) -> OutOfTime | None:
    """Judge a refusal of a grant so many seconds old; *own_age*: this run changed the thing that tries it so long ago."""
    found = Found({"properties": {"madeAt": (NOW - timedelta(seconds=grant_age)).isoformat()}}, {}, NOW, {})
    own = [] if own_age is None else [(SERVER, NOW - timedelta(seconds=own_age))]
    return judge(NO, WaitThing(rid("things", "grant"), timeout=TIMEOUT), found, NOW, 7, pause, own)


@pytest.mark.parametrize(
    ("grant_age", "own_age", "pause", "over"),
    [
        (TIMEOUT, None, 0, False),
        (TIMEOUT + 1, None, 0, True),
        (TIMEOUT - 10, None, 10, False),
        (TIMEOUT - 10, None, 11, True),
        (5 * TIMEOUT, TIMEOUT, 0, False),
        (5 * TIMEOUT, TIMEOUT + 1, 0, True),
        (TIMEOUT, 5 * TIMEOUT, 0, False),
    ],
)
def test_what_counts_is_the_youngest_cause_a_change_of_our_own_too(
    grant_age: float, own_age: float | None, pause: float, *, over: bool
) -> None:
    """The identity we gave a server an hour after the grant was made has its twenty minutes as well."""
    assert (judged(grant_age=grant_age, own_age=own_age, pause=pause) is not None) == over


def test_the_error_names_the_cause_its_age_and_how_often_it_was_tried() -> None:
    by_grant, by_us = judged(grant_age=1500, own_age=9000), judged(grant_age=9000, own_age=1500)
    assert by_grant is not None
    assert by_us is not None
    assert by_grant.code == by_us.code == codes.access.ACCESS_NOT_YET
    assert "grant grant (25 min old), 7 attempts" in by_grant.text
    assert "the change of server (25 min old), 7 attempts" in by_us.text
