"""The shared steps, by their tables. If one of these fails, a review says something else than what would be done."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmk_remediate.steps import REGISTRY
from tests.recipes.runner import Case, answers, load_folder, twins

CASES = [case for case in load_folder(Path(__file__).parent) if "step" in case.base]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.table}: {case.name}")
def test_a_step_answers_as_its_table_says(case: Case) -> None:
    assert answers(case, REGISTRY) == case.expect


def test_no_two_cases_of_a_table_have_the_same_outcome() -> None:
    assert twins(load_folder(Path(__file__).parent)) == []
