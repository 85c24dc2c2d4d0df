"""What a step has tried so far, and when it may try again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenacity import wait_exponential

from cmk_remediate import codes
from cmk_remediate.clock import parse_utc
from cmk_remediate.engine.access import PROBE_INTERVAL, delay
from cmk_remediate.model.decisions import PLAIN
from cmk_remediate.model.outcomes import Accepted, NotYet, Refused, StillRunning, Unclear

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from cmk_remediate.codes.code import Code
    from cmk_remediate.engine.journal_state import StepState
    from cmk_remediate.model.decisions import Caution, Change

NO_EFFECT_AFTER = 3
"""So many accepted writes that no read shows mean that something takes them back."""

SHOWS_WITHIN = (2.0, 4.0, 8.0, 16.0)
"""Seconds between the reads that look for an accepted write: Azure Resource Manager answers from replicas, and how long one may
lag is nowhere documented. 30 s in all; the embedded Azure lags up to 10 s."""

CREATED_SHOWS_WITHIN = (*SHOWS_WITHIN, 30.0, 60.0)
"""The same for what was created: that is not sent again, so it gets two minutes to be seen (our choice)."""

SHOWN_BY_THEN = sum(SHOWS_WITHIN)
"""Seconds after which a read shows no more what an operation had shown that failed."""

LOST_FOR = 10
"""A write whose answer was lost is looked for so many times its usual duration (our choice); that it did not arrive is believed
only after its worst case: until then its targets are not undone. What shows of it is believed after as long."""

OF_ACCESS = ("access", "replication")
"""Reasons of a "not yet" that a young grant or identity explains."""

STILL_REFUSED: Mapping[str, Code] = {
    "busy": codes.access.STILL_BUSY,
    "throttled": codes.access.THROTTLED,
    "signed out": codes.input_.CREDENTIAL_UNUSABLE,
}
"""What to call a "not yet" that lasted, by its reason; every other one is of access."""

BUSY_INTERVAL = wait_exponential(multiplier=5, min=5, max=60)


class Attempts:
    """The attempts of one step in this process."""

    PATIENCE = 1200
    """Seconds of "not yet" after which a step without an access wait fails."""
    STANDSTILL = 3600
    """Seconds after which a resource that should come out of a state by itself has got stuck in it (our choice: what an
    operation whose beginning we have not seen is given too)."""

    def __init__(self) -> None:
        """Nothing was tried."""
        self.sent = 0
        self.accepted = 0
        self.refused_for_now = 0
        self._unsent = 0
        self.client_request_id = ""
        self._waited = 0.0
        self._stood = 0.0
        self._stood_because = ""
        self._patient_for = float(self.STANDSTILL)
        self._unclear = False
        self.last_unclear = ""
        self._unclear_times = 0
        self._unclear_for = 0.0
        self._looks_left: tuple[float, ...] = ()
        self._cautious = False
        self._at_work_since: datetime | None = None
        self._unproven = 0.0
        self._accepted_before = False
        self.goes_on = False
        self.leave_after = 0

    def had_no_effect(self, change: Change) -> bool:
        """Say whether enough accepted writes went by without a read that shows one.

        Of some one is enough: what disrupts each time (`Caution.once`), and what creates, since Azure has said that it is there.
        """
        once = change.caution.once and (self.accepted or self._accepted_before)
        if once or self._is_created(change):
            return not self._looks_left
        return self.accepted >= NO_EFFECT_AFTER and not self._looks_left

    def never_clear(self, change: Change) -> bool:
        """Say whether enough answers in a row said nothing, and reads showed nothing after them.

        Where each try may disrupt (`Caution.tries`) they are counted, else they have as long as a "not yet".
        """
        if change.caution.tries:
            return self._unclear_times >= change.caution.tries
        return self._unclear_times > 1 and self._unclear_for > self.PATIENCE

    def _is_created(self, change: Change) -> bool:
        return change.action == "create" and bool(self.accepted or self._accepted_before)

    def note(self, outcome: Accepted | NotYet | Refused | Unclear | StillRunning, unproven: float = 0) -> None:
        """Take note of what came of a write; what a read shows of it may be taken back for *unproven* seconds."""
        if isinstance(outcome, NotYet) and not outcome.sent:
            self._unsent += 1
            return
        self._cautious = False
        self._stood = 0.0
        if isinstance(outcome, Unclear):
            self.last_unclear = outcome.text
            self._unclear_times += 1
            self.left_unclear(outcome.at_work_since, unproven)
            return
        self._unclear_times, self._unclear_for, self._unproven = 0, 0.0, 0.0
        if not isinstance(outcome, StillRunning):
            self.leave_after = 0  # it has ended
        if isinstance(outcome, Accepted):
            self.accepted += 1
            self._looks_left = SHOWS_WITHIN
            self.refused_for_now = 0
        elif isinstance(outcome, StillRunning):
            self.goes_on = True
        elif isinstance(outcome, NotYet):
            self.refused_for_now += 1

    def left_unclear(self, at_work_since: datetime | None = None, unproven: float = 0) -> None:
        """Take note that a write left of which nobody has seen what came: no answer, or the operation begun *at_work_since*.

        It may be at work for *unproven* seconds more, show its effect all along, and take it back in the end.
        """
        self._unclear, self._unproven = True, unproven
        self._at_work_since = at_work_since
        self._looks_left = SHOWS_WITHIN

    def accepted_earlier(self, *, carried_out: bool = False) -> None:
        """Take note that an earlier process had a write accepted, and *carried_out*: reads may still lag behind it."""
        self._looks_left = SHOWS_WITHIN
        self._accepted_before = carried_out

    def time_to_show(self, change: Change, now: datetime) -> float:
        """Return the seconds to give an earlier write before looking again at *now*; 0 when it had its time.

        An operation that Azure has begun and nobody can follow has as long as the change takes at worst. After an unclear answer
        the first wait is the change's usual duration: where the resource does not show a running operation, only time tells. Where
        the change asks for two looks so far apart, the second comes so much later; where a write may be shown late, it is looked
        for so long.
        """
        if not self._looks_left:
            return 0
        if self._at_work_since is not None:
            left = (self._at_work_since - now).total_seconds() + change.estimate.worst
            self._at_work_since = None
            if left > SHOWN_BY_THEN:
                self._cautious, self._unclear, self._unproven = True, False, 0.0
                self._looks_left = tuple(_looks(left))
        if self._looks_left == SHOWS_WITHIN and self._is_created(change):
            self._looks_left = CREATED_SHOWS_WITHIN
        if change.caution.shows and not self._cautious:
            self._cautious, self._unclear = True, False
            self._looks_left = (SHOWS_WITHIN[0], float(change.caution.shows))
        if change.caution.echo and not self._cautious:
            self._cautious, self._looks_left = True, tuple(_looks(float(change.caution.echo)))
        first, self._looks_left = self._looks_left[0], self._looks_left[1:]
        if self._unclear:
            self._unclear = False
            first = max(first, float(change.estimate.usual))
        if self._unclear_times:
            self._unclear_for += first
        return first

    def time_to_trust(self) -> float:
        """Return the seconds after which what a read shows is looked at once more before it is believed; 0 when it is.

        Whether a read shows the new value while an operation runs is documented nowhere for most services: one that fails in the
        end takes it back.
        """
        seconds, self._unproven = self._unproven, 0.0
        return seconds

    def pause_before_next(self, answer: NotYet, caution: Caution = PLAIN) -> float:
        """Return the seconds until the next attempt after *answer*."""
        if caution.pause and answer.reason in OF_ACCESS:
            return max(float(caution.pause), float(answer.retry_after))
        strategy = PROBE_INTERVAL if answer.reason in OF_ACCESS else BUSY_INTERVAL
        return max(delay(strategy, self.refused_for_now + self._unsent), float(answer.retry_after))

    def waited(self, seconds: float) -> float:
        """Add *seconds* to what was waited on "not yet" answers, and return the sum."""
        self._waited += seconds
        return self._waited

    def stuck(self, seconds: float, why: str) -> bool:
        """Say whether nothing has moved for too long; else count *seconds* more as waited for the resource itself.

        Another reason to wait, *why*, is a movement: each of a group's clusters takes its time.
        """
        self._unproven = 0.0  # it says itself when it has ended
        if why != self._stood_because:
            self._stood, self._stood_because = 0.0, why
        self._patient_for = max(self._patient_for, 2 * seconds)
        if self._stood >= (self.leave_after or self._patient_for):
            return True
        self._stood += seconds
        return False


def lost_for(usual: int, worst: int) -> float:
    """Return the seconds for which a write is looked for whose answer was lost."""
    return float(min(LOST_FOR * usual, worst))


def unproven_for(action: str, usual: int, worst: int) -> float:
    """Return the seconds after which an effect that shows, of a write whose answer was lost, is believed.

    A machine that runs, or has stopped, is not taken back.
    """
    return 0.0 if action in ("start", "stop") else lost_for(usual, worst)


def stale_for(left: StepState, now: datetime) -> float:
    """Return for how many seconds more a read may still show what an operation had shown that has failed; 0 where none has."""
    if not left.began or left.outcome is None or left.outcome.result not in ("refused", "not-yet"):
        return 0
    return max(0.0, SHOWN_BY_THEN - (now - parse_utc(left.outcome.at)).total_seconds())


def said_of(outcome: Accepted | NotYet | Refused | Unclear | StillRunning) -> str:
    """Return what came of a write, in words."""
    if isinstance(outcome, StillRunning):
        return "accepted; Azure goes on with it"
    if isinstance(outcome, Accepted):
        return "accepted"
    if isinstance(outcome, Refused):
        return f"refused: {outcome.azure_code}"
    return f"not yet: {outcome.code or outcome.text}" if isinstance(outcome, NotYet) else f"unclear: {outcome.text}"


def _looks(seconds: float) -> Iterator[float]:
    """Yield the pauses between looks at what may be shown as late as that: each twice the one before."""
    pause = SHOWS_WITHIN[0]
    while seconds > 0:
        yield min(pause, seconds)
        seconds -= pause
        pause *= 2
