"""What the records add up to: resume and rollback act on nothing else."""

from __future__ import annotations

from cmk_remediate.clock import parse_utc
from cmk_remediate.engine.journal_state import JournalState, Passed
from cmk_remediate.model.records import RECORDS, Gate, OperationBegan, Record, RolledBack
from tests.engine.journal_parts import AT, SERVER, ended, intent, outcome, settled, started

LATER = "2026-03-01T22:10:00Z"


def operation(step: str) -> OperationBegan:
    return OperationBegan(
        step=step,
        method="PUT",
        resource_id=SERVER,
        api_version="v",
        status_url="https://status",
        location_url="",
        started=AT,
        client_request_id="id",
        correlation_id="",
        caller="me",
        retry_after=0,
    )


def test_an_empty_journal_says_that_nothing_was_sent() -> None:
    state = JournalState.of([])
    assert (state.started, state.order, state.writes, state.over) == (None, (), 0, False)
    assert not state.step("a").sent


def test_an_intent_without_an_outcome_is_unclear_until_its_step_settles() -> None:
    step = JournalState.of([started(), intent("a", before={"x": 1})]).step("a")
    assert (step.sent, step.unclear, step.accepted, step.open_intent) == (
        True,
        True,
        False,
        intent("a", before={"x": 1}),
    )
    step = JournalState.of([intent("a"), settled("a", "already done", after={"x": 2})]).step("a")
    assert (step.sent, step.unclear, step.after) == (True, False, {"x": 2})


def test_an_outcome_that_is_unclear_stays_so() -> None:
    step = JournalState.of([intent("a"), outcome("a", "unclear", "")]).step("a")
    assert (step.open_intent, step.unclear) == (None, True)


def test_an_operation_is_open_until_its_outcome_and_belongs_to_the_last_attempt() -> None:
    assert JournalState.of([intent("a"), operation("a")]).step("a").operation == operation("a")
    assert JournalState.of([intent("a"), operation("a"), outcome("a")]).step("a").operation is None
    assert JournalState.of([intent("a"), operation("a"), intent("a", attempt=2)]).step("a").operation is None


def test_rollback_restores_what_stood_before_the_first_attempt() -> None:
    records: list[Record] = [
        intent("a", before={"x": 1}),
        outcome("a", "not-yet", ""),
        intent("a", before={"x": 2}, attempt=2),
        outcome("a"),
    ]
    step = JournalState.of(records).step("a")
    assert (step.before, len(step.intents), step.accepted, step.unclear) == ({"x": 1}, 2, True, False)


def test_a_later_refusal_does_not_take_back_that_a_write_was_accepted() -> None:
    assert JournalState.of([intent("a"), outcome("a"), intent("a"), outcome("a", "refused")]).step("a").accepted


def test_a_new_attempt_unsettles_a_step() -> None:
    assert JournalState.of([intent("a"), settled("a", "failed"), intent("a")]).step("a").settled is None


def test_the_access_wait_counts_from_azures_clock_of_the_last_accepted_write() -> None:
    state = JournalState.of(
        [
            intent("a", resource=SERVER.upper()),
            outcome("a", azure_at=LATER),
            intent("b"),
            outcome("b", azure_at=AT),
            intent("c", resource=SERVER + "/keys/k"),
            outcome("c", "refused"),
        ]
    )
    assert state.written == {SERVER.lower(): parse_utc(LATER)}
    assert state.resources == {SERVER.lower(), SERVER.lower() + "/keys/k"}
    assert state.writes == 3


def test_what_may_have_been_written_is_known_from_when_it_was_sent() -> None:
    """One whose answer nobody saw, not one that Azure refused at once."""
    state = JournalState.of([intent("a"), intent("b", resource=SERVER + "/keys/k"), outcome("b", "refused")])
    assert (state.written, state.maybe_written) == ({}, {SERVER.lower(): parse_utc(AT)})


def test_rollback_walks_back_the_order_in_which_steps_were_first_sent() -> None:
    state = JournalState.of([settled("z", "skipped"), intent("a"), intent("b"), intent("a", attempt=2)])
    assert state.order == ("a", "b")


def test_the_canarys_soak_survives_a_restart() -> None:
    soaking, verified = (
        Gate(at=AT, gate="canary-soak-began", targets=("a",)),
        RECORDS.validate_python({"type": "gate", "at": AT, "gate": "canary-verified"}),
    )
    records: list[Record] = [started(), soaking, ended(finished=False), started(), verified]
    assert JournalState.of(records).gates == {
        "canary-soak-began": Passed(parse_utc(AT), frozenset({"a"}), 1),
        "canary-verified": Passed(parse_utc(AT), frozenset(), 4),
    }


def test_a_run_is_over_when_it_finished_or_was_rolled_back() -> None:
    assert (JournalState.of([started(), ended()]).word, JournalState.of([started(), ended()]).over) == (
        "finished",
        True,
    )
    stopped = JournalState.of([started(), ended(finished=False)])
    assert (stopped.word, stopped.over) == ("unfinished", False)
    back = JournalState.of([started(), ended(finished=False), RolledBack(at=AT, by="b" * 64)])
    assert (back.word, back.over, back.rolled_back_by) == ("rolled back", True, "b" * 64)


def test_work_after_an_end_means_that_the_run_has_not_ended() -> None:
    assert JournalState.of([started(), ended(finished=False), intent("a")]).ended is None
