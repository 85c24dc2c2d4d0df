"""What a dry run and a run see. What is lost here: a step judged on what is gone, or not on what another step will make."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from cmk_remediate.engine.overlay import Overlay
from cmk_remediate.engine.reads import EachOnce, Recent
from cmk_remediate.model.decisions import Effect, Read
from cmk_remediate.model.outcomes import Answer
from cmk_remediate.model.values import UNKNOWN
from tests.engine.invented import rid

BEGIN = datetime(2030, 1, 7, tzinfo=timezone.utc)
A = rid("things", "a")
PART, OTHER = A.child("parts", "one"), A.child("parts", "two")


@dataclass
class Shelf:
    """A reader, and a clock, by hand."""

    bodies: dict[tuple[str, str], Any] = field(default_factory=dict)
    asked: list[Read] = field(default_factory=list)
    passed: float = 0.0
    set_back: float = 0.0
    skew: timedelta = timedelta(minutes=3)

    async def read(self, read: Read) -> Answer:
        self.asked.append(read)
        found = self.bodies.get((read.resource.key, read.verb))
        if isinstance(found, Exception):
            raise found
        return Answer(found, self.now())

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.passed - self.set_back)

    def monotonic(self) -> float:
        return self.passed


@dataclass(frozen=True)
class Looking:
    """As much of a step as is looked for."""

    reads: tuple[Read, ...]
    own: bool = True

    def address(self) -> Any:
        return A

    def reads_itself(self) -> bool:
        return self.own

    def also_reads(self) -> tuple[Read, ...]:
        return self.reads


def looked(overlay: Overlay, *reads: Read, own: bool = True) -> Any:
    return asyncio.run(overlay.look(Looking(reads, own)))  # type: ignore[arg-type]


def test_effects_are_found_in_bodies_lists_and_what_else_is_read() -> None:
    listed, other = Read(A, "list:parts"), Read(A, "permissions")
    shelf = Shelf(
        {
            (A.key, "get"): {"id": A.text, "color": "red", "size": 1},
            (A.key, "list:parts"): [{"id": PART.text, "on": 1}, {"name": "without an id"}, {"name": "nor this"}],
            (A.key, "permissions"): ["all"],
            (A.key, "check-policy"): {"color": "any"},
        }
    )
    overlay = Overlay(shelf)
    overlay.lay([Effect(A, {"color": "blue"}), Effect(PART, {"on": 2}), Effect(OTHER, {"on": 3}), Effect(UNKNOWN, {})])
    asked = Read(A, "check-policy")
    found = looked(overlay, Read(A), listed, other, asked)
    assert found.reads[asked] == {"color": "any"}, "an answer to a question is no body"
    assert found.body == found.reads[Read(A)] == {"id": A.text, "color": "blue", "size": 1}
    assert found.reads[listed] == [
        {"id": PART.text, "on": 2},
        {"name": "without an id"},
        {"name": "nor this"},
        {"id": OTHER.text, "on": 3},
    ]
    assert found.reads[other] == ["all"]
    assert looked(overlay, own=False).body is None
    overlay.lay([Effect(PART, None), Effect(A, None)])
    found = looked(overlay, listed)
    assert [one.get("id") for one in found.reads[listed]] == [None, None, OTHER.text]
    assert found.body is None


def test_a_dry_run_reads_each_thing_once_however_many_ask() -> None:
    shelf = Shelf({(A.key, "get"): {"color": "red"}})
    once = EachOnce(shelf)

    async def ask() -> list[Answer]:
        return await asyncio.gather(*(once.read(Read(A)) for _ in range(5)))

    assert [one.body for one in asyncio.run(ask())] == [{"color": "red"}] * 5
    assert shelf.asked == [Read(A)]
    assert once.seen()[Read(A)].body == {"color": "red"}
    assert (once.skew, once.now()) == (timedelta(minutes=3), BEGIN)


def test_what_cannot_be_read_fails_all_who_ask_and_is_no_answer() -> None:
    once = EachOnce(Shelf({(A.key, "get"): LookupError("gone")}))
    for _ in range(2):
        with pytest.raises(LookupError):
            asyncio.run(once.read(Read(A)))
    assert once.seen() == {}


def test_a_run_remembers_for_ten_seconds_and_forgets_what_it_wrote() -> None:
    shelf = Shelf()
    recent = Recent(shelf, shelf)  # type: ignore[arg-type]

    def asked(read: Read) -> int:
        asyncio.run(recent.read(read))
        return len(shelf.asked)

    assert [asked(Read(A)), asked(Read(A)), asked(Read(PART))] == [1, 1, 2]
    shelf.passed = 10
    assert asked(Read(A)) == 2
    shelf.passed = 10.5
    assert asked(Read(A)) == 3
    recent.forget(PART)
    assert [asked(Read(A)), asked(Read(PART))] == [4, 5], "the thing shows its parts"
    recent.forget(rid("things", "z"))
    assert [asked(Read(A)), asked(Read(PART))] == [5, 5]
    recent.remember({Read(OTHER): Answer({"on": 1}, shelf.now())})
    assert asked(Read(OTHER)) == 5


def test_what_a_long_pre_check_read_first_is_read_anew() -> None:
    """Vaults and SQL have no ETag: a body of five minutes ago would be written over with what was decided on it."""
    shelf = Shelf()
    recent = Recent(shelf, shelf)  # type: ignore[arg-type]
    old, young = (shelf.now() - timedelta(seconds=age) for age in (300, 9))
    recent.remember({Read(A): Answer({"color": "red"}, old), Read(OTHER): Answer({"on": 1}, young)})
    asyncio.run(recent.read(Read(A)))
    asyncio.run(recent.read(Read(OTHER)))
    assert shelf.asked == [Read(A)]


def test_a_clock_that_is_set_back_makes_nothing_young_again() -> None:
    shelf = Shelf()
    recent = Recent(shelf, shelf)  # type: ignore[arg-type]
    asyncio.run(recent.read(Read(A)))
    shelf.passed, shelf.set_back = 600, 3600
    asyncio.run(recent.read(Read(A)))
    assert shelf.asked == [Read(A), Read(A)]
