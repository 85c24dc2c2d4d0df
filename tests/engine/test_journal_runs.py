"""The run store: whoever must resume or roll back finds the run here."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from cmk_remediate import codes
from cmk_remediate.engine.journal import Journal
from cmk_remediate.engine.local_store import LocalStore
from cmk_remediate.engine.run_store import find_run, summaries, unfinished
from cmk_remediate.errors import InputError, RunStoreError
from cmk_remediate.model.result import RunSummary
from tests.engine.journal_parts import AT, SERVER, ended, intent, journal_of, review, started

if TYPE_CHECKING:
    from pathlib import Path

    from cmk_remediate.model.records import Record

ONE, TWO, THREE = "abcd1" + "0" * 59, "abcd2" + "0" * 59, "ffff" + "0" * 60


def run(runs: Path, digest: str, *records: Record, at: str = AT, undoes: str | None = None) -> None:
    async def main() -> None:
        journal = await Journal.create(LocalStore(runs), review(), started(digest, at, undoes))
        for record in records:
            await journal.append(record)
        journal.close()

    asyncio.run(main())


def test_the_listing_shows_each_run_oldest_first_a_damaged_one_too(tmp_path: Path) -> None:
    run(tmp_path, ONE, intent("a"), intent("a", attempt=2), at="2026-03-02T00:00:00Z")
    run(tmp_path, TWO, ended(), undoes=THREE)
    run(tmp_path, THREE, intent("a"))
    journal_of(tmp_path, THREE).write_bytes(b"{}\n")
    (tmp_path / "notes").mkdir()
    assert asyncio.run(summaries(LocalStore(tmp_path))) == (
        RunSummary(THREE, "damaged", "", "", (SERVER,), 0),
        RunSummary(TWO, "finished", AT, THREE, (SERVER,), 0),
        RunSummary(ONE, "unfinished", "2026-03-02T00:00:00Z", "", (SERVER,), 2),
    )


def test_a_listing_survives_a_spoilt_review_and_a_run_that_never_began(tmp_path: Path) -> None:
    run(tmp_path, ONE)
    (tmp_path / ONE / "review.json").write_text("[]")
    run(tmp_path, TWO)
    journal_of(tmp_path, TWO).write_bytes(b"")
    assert [(item.run, item.targets) for item in asyncio.run(summaries(LocalStore(tmp_path)))] == [(ONE, ())]


def test_no_store_holds_no_runs(tmp_path: Path) -> None:
    assert asyncio.run(summaries(LocalStore(tmp_path / "none"))) == ()


def test_an_unreadable_store_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunStoreError):
        asyncio.run(summaries(LocalStore(tmp_path / "file")))


def test_unfinished_runs_say_what_they_may_have_written(tmp_path: Path) -> None:
    run(tmp_path, ONE, intent("a"))
    run(tmp_path, TWO, intent("a"), ended())
    found = asyncio.run(unfinished(LocalStore(tmp_path)))
    assert [(digest, state.resources) for digest, state in found] == [(ONE, frozenset({SERVER.lower()}))]


def test_a_damaged_journal_is_never_taken_for_a_finished_one(tmp_path: Path) -> None:
    run(tmp_path, ONE)
    journal_of(tmp_path, ONE).write_bytes(b"{}\n")
    with pytest.raises(RunStoreError):
        asyncio.run(unfinished(LocalStore(tmp_path)))


def test_a_run_is_found_by_its_digest_or_a_unique_beginning(tmp_path: Path) -> None:
    for digest in (ONE, TWO, THREE):
        run(tmp_path, digest)
    assert asyncio.run(find_run(LocalStore(tmp_path), ONE)) == ONE
    assert asyncio.run(find_run(LocalStore(tmp_path), "ABCD2")) == TWO
    assert asyncio.run(find_run(LocalStore(tmp_path), "ffff")) == THREE


@pytest.mark.parametrize("text", ["abcd", "fff", "", "eeee", "../abcd1", "0" * 65])
def test_a_run_that_is_not_named_exactly_is_refused(tmp_path: Path, text: str) -> None:
    for digest in (ONE, TWO, THREE):
        run(tmp_path, digest)
    with pytest.raises(InputError) as caught:
        asyncio.run(find_run(LocalStore(tmp_path), text))
    assert caught.value.code == codes.input_.RUN_UNKNOWN
