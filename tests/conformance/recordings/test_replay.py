"""The embedded Azure against recorded answers of the real service.

Fails: what is rehearsed on the embedded Azure is not what happens, and docs/simulator.md says otherwise. Needs the recordings
(CMK_REMEDIATE_REFERENCE).
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from tests.conformance.recordings.figures import page, share
from tests.conformance.recordings.ours import is_ours
from tests.conformance.recordings.recorded import needs_recordings, sequences
from tests.conformance.recordings.replay import OFF, Seen, replayed

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = needs_recordings

TABLE = Path(__file__).parent / "disagreements.yaml"
PAGE = Path(__file__).parents[3] / "docs" / "simulator.md"
AGREE = 0.95
"""What is aimed at, of the operations that plans use."""


@cache
def seen() -> list[Seen]:
    return replayed(sequences())


def listed() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = YAML(typ="safe", pure=True).load(TABLE.read_text(encoding="utf-8"))
    return found


def test_every_disagreement_is_listed_with_its_reason() -> None:
    found = {(one.recording, one.number, one.operation, text) for one in seen() for text in one.differences or ()}
    told = {
        (recording, number, entry["operation"], entry["difference"])
        for entry in listed()
        for recording, numbers in entry["where"].items()
        for number in numbers
    }
    assert sorted(found - told) == [], "not listed"
    assert sorted(told - found) == [], "no longer so"
    assert all(len(entry["reason"]) > 20 for entry in listed())


def test_the_operations_plans_use_agree(figures: Callable[[str], None]) -> None:
    figures(page(seen()))
    agreeing, all_of_them = share(seen(), ours=True)
    assert all_of_them > 150
    assert agreeing / all_of_them >= AGREE


def test_the_operations_plans_use_are_modelled() -> None:
    assert {one.operation for one in seen() if one.differences is None and is_ours(one.operation)} == set()


def test_the_page_states_the_figures() -> None:
    stated = re.search(r"<!-- recorded -->\n(.*?)<!-- /recorded -->", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert stated is not None
    assert stated[1] == page(seen())


def test_a_switch_is_off_for_a_recording_only_where_that_changes_something() -> None:
    recordings = sequences()
    for name, switches in OFF.items():
        for switch in switches:
            fewer = {name: tuple(one for one in switches if one != switch)}
            less = replayed({name: recordings[name]}, fewer)
            assert sum(bool(one.differences) for one in less) > sum(
                bool(one.differences) for one in seen() if one.recording == name
            ), switch
