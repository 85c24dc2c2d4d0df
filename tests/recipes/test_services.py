"""Every service by its tables. If one of these fails, a review says something else than what would be done to a resource.

A service's tables lie in a folder called after it: ``steps`` (each step on its own), ``targets`` (limits and recipe) and
``insights`` (what an assessment shows).
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from cmk_remediate.services import services
from cmk_remediate.steps import REGISTRY
from tests.recipes.insights import assessed
from tests.recipes.runner import Case, answers, load_folder, twins
from tests.recipes.targets import judged

SERVICES = services()


def tables(part: str) -> list[tuple[str, Case]]:
    """Return the cases of *part* of every service."""
    here = Path(__file__).parent
    return [(name, case) for name in SERVICES for case in load_folder(here / name.replace("-", "_") / part)]


STEPS = tables("steps")
TARGETS = tables("targets")
INSIGHTS = tables("insights")


def label(value: object) -> str | None:
    return f"{value.table}: {value.name}" if isinstance(value, Case) else None


@pytest.mark.parametrize(("service", "case"), STEPS, ids=label)
def test_a_step_answers_as_its_table_says(service: str, case: Case) -> None:
    assert answers(case, REGISTRY | SERVICES[service].steps) == case.expect


@pytest.mark.parametrize(("service", "case"), TARGETS, ids=label)
def test_a_target_is_judged_and_given_the_steps_its_table_says(service: str, case: Case) -> None:
    assert judged(case, SERVICES[service]) == case.expect


@pytest.mark.parametrize(("service", "case"), INSIGHTS, ids=label)
def test_a_target_is_assessed_with_the_proofs_its_table_says(service: str, case: Case) -> None:
    assert assessed(case, SERVICES[service]) == case.expect


@pytest.mark.parametrize("service", SERVICES)
def test_no_two_cases_of_a_table_have_the_same_outcome(service: str) -> None:
    assert twins([case for name, case in STEPS + TARGETS + INSIGHTS if name == service]) == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_tables(service: str) -> None:
    assert any(name == service for name, _ in STEPS), "its steps are shown by nothing"
    assert any(name == service for name, _ in TARGETS), "its limits and its recipe are shown by nothing"
    assert any(name == service for name, _ in INSIGHTS), "what an assessment says of it is shown by nothing"


EVERY = [step for one in SERVICES.values() for step in (REGISTRY | one.steps)._by_kind.values()]


def test_whose_review_it_was_makes_no_other_step() -> None:
    """A journal names steps by what they do: ids that move with owner or review would be found by no resume."""
    marks = {"owner", "review", "ours", "moved"}
    found = {(step.kind, field.name): field.compare for step in EVERY for field in fields(step) if field.name in marks}
    assert {kind for kind, _ in found} >= {"create_key", "create_identity", "assign_key_role", "restrict_vault"}
    assert not any(found.values()), found


def test_what_only_follows_holds_no_step_below_it_up() -> None:
    """A rollback takes back what stands below these; of all others it leaves what they stand on."""
    assert {step.kind for step in EVERY if step.only_follows} == {"protect_vault", "restrict_vault", "enable_tde"}


def test_what_protects_a_vault_does_so_for_those_targets_that_are_left() -> None:
    """One target that is refused would leave the vault of all others unprotected, or restrict it before they are moved."""
    assert {step.kind for step in EVERY if step.runs_for_the_rest} == {"protect_vault"}


def test_a_service_is_found_by_its_name_in_a_plan() -> None:
    assert SERVICES["sql"].resource_type == "Microsoft.Sql/servers"
