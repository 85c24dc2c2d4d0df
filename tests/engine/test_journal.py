"""The journal: what is lost here is the only memory of what was sent to somebody's production."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cmk_remediate import codes
from cmk_remediate.engine.journal import Journal
from cmk_remediate.engine.journal_file import RESERVED_BYTES, JournalFile, read
from cmk_remediate.engine.journal_lines import Parsed, parse
from cmk_remediate.engine.local_store import LocalStore
from cmk_remediate.errors import LeaseLost, RunStoreError
from tests.engine.journal_parts import RUN, ended, intent, journal_of, outcome, review, settled, started

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmk_remediate.model.records import Record


async def write(runs: Path, *records: Record) -> None:
    """Write *records* after the first one into a new journal."""
    journal = await Journal.create(LocalStore(runs), review(), started())
    for record in records:
        await journal.append(record)
    journal.close()


def test_what_was_appended_is_read_back_by_another_process(tmp_path: Path) -> None:
    body = {"properties": {"float": 0.1, "text": "zoë \ud800", "deep": [{"a": None}]}}
    asyncio.run(write(tmp_path, intent("a", before=body), outcome("a"), settled("a", after=body)))
    records, torn = read(journal_of(tmp_path))
    assert records == (started(), intent("a", before=body), outcome("a"), settled("a", after=body))
    assert not torn


def test_the_review_stands_beside_the_journal_before_the_first_record(tmp_path: Path) -> None:
    asyncio.run(write(tmp_path))
    assert json.loads((tmp_path / RUN / "review.json").read_bytes()) == review().to_json()


def test_a_second_start_of_one_run_is_refused_and_leaves_the_journal_alone(tmp_path: Path) -> None:
    asyncio.run(write(tmp_path, intent("a")))
    before = journal_of(tmp_path).read_bytes()
    with pytest.raises(LeaseLost):
        asyncio.run(write(tmp_path))
    assert journal_of(tmp_path).read_bytes() == before


def test_a_crash_before_the_first_whole_record_does_not_block_the_run(tmp_path: Path) -> None:
    asyncio.run(write(tmp_path))
    path = journal_of(tmp_path)
    path.write_bytes(path.read_bytes()[:20])
    asyncio.run(write(tmp_path, intent("a")))
    assert read(path) == ((started(), intent("a")), False)


def test_the_last_line_torn_at_any_byte_is_cut_off_and_said(tmp_path: Path) -> None:
    asyncio.run(write(tmp_path, intent("a"), outcome("a")))
    path = journal_of(tmp_path)
    whole = path.read_bytes()
    start = whole[:-1].rindex(b"\n") + 1

    async def opened() -> tuple[tuple[Record, ...], bool]:
        journal = await Journal.open(LocalStore(tmp_path), RUN)
        await journal.append(settled("a"))
        journal.close()
        return journal.records, journal.torn

    for cut in range(start, len(whole)):
        path.write_bytes(whole[:cut])
        assert read(path) == ((started(), intent("a")), cut > start)
        assert asyncio.run(opened()) == ((started(), intent("a"), settled("a")), cut > start)
        assert read(path) == ((started(), intent("a"), settled("a")), False)


def flipped(line: bytes) -> bytes:
    """Return *line* with the attempt changed."""
    return line.replace(b'"attempt":1', b'"attempt":2')


@pytest.mark.parametrize(
    "alter",
    [
        pytest.param(lambda lines: [lines[0], flipped(lines[1]), *lines[2:]], id="a line altered"),
        pytest.param(lambda lines: [lines[0], *lines[2:]], id="a line removed"),
        pytest.param(lambda lines: [lines[0], lines[2], lines[1], lines[3]], id="two lines swapped"),
        pytest.param(lambda lines: [lines[0], lines[1][:30], *lines[2:]], id="a line torn in the middle"),
        pytest.param(lambda lines: [lines[0], b"", *lines[1:]], id="an empty line"),
        pytest.param(lambda lines: [lines[0], b"[1]", *lines[1:]], id="not an object"),
        pytest.param(lambda lines: [lines[0], b'{"a":1}', *lines[1:]], id="no link"),
        pytest.param(lambda lines: [*lines[:3], lines[3][:-5]], id="the last whole line spoilt"),
        pytest.param(lambda lines: [lines[0].replace(RUN.encode(), b"b" * 64), *lines[1:]], id="another run's"),
    ],
)
def test_any_other_damage_is_refused(tmp_path: Path, alter: Callable[[list[bytes]], list[bytes]]) -> None:
    asyncio.run(write(tmp_path, intent("a"), outcome("a"), settled("a")))
    path = journal_of(tmp_path)
    path.write_bytes(b"".join(line + b"\n" for line in alter(path.read_bytes().splitlines())))
    for job in (lambda: read(path), lambda: asyncio.run(Journal.open(LocalStore(tmp_path), RUN))):
        with pytest.raises(RunStoreError) as caught:
            job()
        assert caught.value.code == codes.engine.JOURNAL_DAMAGED


def test_damage_is_found_by_its_line_and_no_journal_at_all_holds_nothing(tmp_path: Path) -> None:
    asyncio.run(write(tmp_path, intent("a"), outcome("a")))
    path = journal_of(tmp_path)
    first, second, *rest = path.read_bytes().splitlines()
    with pytest.raises(RunStoreError) as caught:
        parse((b"\n".join([first, second[:-5], *rest, b""]),), RUN, str(path))
    assert caught.value.resource == f"{path}:2"
    assert parse((), RUN, "nowhere") == Parsed((), RUN, 0, torn=False)


def test_a_run_store_whose_folders_are_all_missing_is_made(tmp_path: Path) -> None:
    asyncio.run(write(tmp_path / "of" / "2026", intent("a")))
    assert [one.type for one in read(journal_of(tmp_path / "of" / "2026"))[0]] == ["run-started", "intent"]


def test_closing_a_journal_closes_its_own_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """File 0 or 1 is what the caller reads and prints."""
    file = JournalFile(tmp_path / RUN)
    closed: list[int] = []
    file.close()
    file.open(b"{}")
    monkeypatch.setattr(os, "close", closed.append)
    file.close()
    file.close()
    monkeypatch.undo()
    assert len(closed) == 1
    assert closed[0] > 2
    os.close(closed[0])


class Disk:
    """Makes os.write or os.fsync fail as a disk does; lets *room* calls of it pass first."""

    def __init__(self, patch: pytest.MonkeyPatch, call: str, error: int, folder: Path) -> None:
        self.real = getattr(os, call)
        self.failing = False
        self.calls = 0
        self.error = error
        self.reserve = folder / RUN / "reserve"
        patch.setattr(os, call, self)

    def __call__(self, handle: int, *args: Any) -> Any:
        self.calls += 1
        if self.failing and self.reserve.exists():
            if args:
                self.real(handle, args[0][:7])  # part of it went down before the disk was full
            raise OSError(self.error, os.strerror(self.error))
        return self.real(handle, *args)


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_on_a_full_disk_an_outcome_takes_the_reserve_and_an_intent_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    disk = Disk(monkeypatch, call, errno.ENOSPC, tmp_path)

    async def main() -> list[BaseException | None]:
        journal = await Journal.create(LocalStore(tmp_path), review(), started())
        await journal.append(intent("a"))
        assert disk.reserve.stat().st_size == RESERVED_BYTES
        disk.failing = True
        first = await asyncio.gather(
            journal.append(intent("b")),
            journal.append(outcome("a")),
            journal.append(settled("a")),
            return_exceptions=True,
        )
        second = await asyncio.gather(journal.append(intent("c")), journal.append(ended()), return_exceptions=True)
        journal.close()
        return [*first, *second]

    said = asyncio.run(main())
    assert [isinstance(item, RunStoreError) for item in said] == [True, False, False, True, False]
    assert isinstance(said[0], RunStoreError)
    assert said[0].code == codes.engine.JOURNAL_UNWRITABLE
    assert read(journal_of(tmp_path)) == ((started(), intent("a"), outcome("a"), settled("a"), ended()), False)


def test_a_disk_that_fails_otherwise_refuses_and_leaves_no_half_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch, "write", errno.EIO, tmp_path)

    async def main() -> None:
        journal = await Journal.create(LocalStore(tmp_path), review(), started())
        disk.failing = True
        with pytest.raises(RunStoreError):
            await journal.append(intent("a"))
        disk.failing = False
        await journal.append(intent("b"))
        journal.close()

    asyncio.run(main())
    assert read(journal_of(tmp_path)) == ((started(), intent("b")), False)


def test_nothing_more_is_written_after_a_half_line_that_could_not_be_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch, "write", errno.EIO, tmp_path)

    real = os.ftruncate

    def stuck(handle: int, size: int) -> None:
        if size:
            raise OSError(errno.EIO, "stuck")
        real(handle, size)  # of a lock file

    async def main() -> None:
        journal = await Journal.create(LocalStore(tmp_path), review(), started())
        disk.failing = True
        monkeypatch.setattr(os, "ftruncate", stuck)
        for _ in range(2):
            with pytest.raises(RunStoreError):
                await journal.append(intent("a"))
            disk.failing = False
        journal.close()

    asyncio.run(main())
    assert read(journal_of(tmp_path)) == ((started(),), True)


@pytest.mark.parametrize("verb", ["create", "open"])
def test_a_read_only_store_is_refused_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    asyncio.run(write(tmp_path))

    def refuse(path: Any, flags: int, *args: Any, **options: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR):
            raise OSError(errno.EROFS, "Read-only file system")
        return real(path, flags, *args, **options)

    real = os.open
    monkeypatch.setattr(os, "open", refuse)
    job = (
        Journal.open(LocalStore(tmp_path), RUN)
        if verb == "open"
        else Journal.create(LocalStore(tmp_path), review(), started())
    )
    with pytest.raises(RunStoreError, match="Read-only") as caught:
        asyncio.run(job)
    assert caught.value.code == codes.engine.JOURNAL_UNWRITABLE


def test_a_run_store_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("")
    with pytest.raises(RunStoreError) as caught:
        asyncio.run(write(tmp_path / "runs"))
    assert caught.value.code == codes.engine.JOURNAL_UNWRITABLE


def test_a_hundred_appends_at_once_cost_few_fsyncs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch, "fsync", errno.EIO, tmp_path)

    async def main() -> int:
        journal = await Journal.create(LocalStore(tmp_path), review(), started())
        before = disk.calls
        await asyncio.gather(*(journal.append(intent(f"step {number}")) for number in range(100)))
        journal.close()
        return disk.calls - before

    assert asyncio.run(main()) <= 2
    records, _ = read(journal_of(tmp_path))
    assert [record.step for record in records[1:] if record.type == "intent"] == [f"step {n}" for n in range(100)]


def test_a_new_run_is_found_after_a_power_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes that are durable under a name that is not are lost: the run's folder, and the store's, are synced as well."""
    synced: set[int] = set()
    real = os.fsync

    def noting(handle: int) -> None:
        synced.add(os.fstat(handle).st_ino)
        real(handle)

    monkeypatch.setattr(os, "fsync", noting)
    asyncio.run(write(tmp_path))
    names = (tmp_path, tmp_path / RUN, journal_of(tmp_path))
    assert {path.stat().st_ino for path in names} <= synced


def test_where_folders_cannot_be_synced_nobody_tries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows has no way to."""
    monkeypatch.delattr(os, "O_DIRECTORY")
    monkeypatch.setattr(os, "open", _opened)
    asyncio.run(write(tmp_path, intent("a")))
    assert len(read(journal_of(tmp_path))[0]) == 2


_open = os.open


def _opened(path: Any, *rest: Any) -> int:
    assert not Path(path).is_dir(), "a folder is no file"
    return _open(path, *rest)


def test_the_event_loop_is_never_held_up_by_an_fsync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = set()
    real = os.fsync

    def noting(handle: int) -> None:
        threads.add(threading.current_thread())
        real(handle)

    monkeypatch.setattr(os, "fsync", noting)
    asyncio.run(write(tmp_path, intent("a")))
    assert threads
    assert threading.main_thread() not in threads


def test_a_cancelled_append_lets_no_other_overtake_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C during an fsync: the line on its way is finished, one still queued is dropped, the chain holds."""
    gate = threading.Event()
    real = os.fsync

    async def main() -> tuple[bool, bool]:
        journal = await Journal.create(LocalStore(tmp_path), review(), started())
        loop = asyncio.get_running_loop()
        reached = asyncio.Event()

        def slow(handle: int) -> None:
            loop.call_soon_threadsafe(reached.set)
            gate.wait(10)
            real(handle)

        monkeypatch.setattr(os, "fsync", slow)
        first = asyncio.ensure_future(journal.append(intent("a")))  # noqa: TID251 - the test stands in for the scheduler
        await reached.wait()
        queued = asyncio.ensure_future(journal.append(intent("dropped")))  # noqa: TID251
        last = asyncio.ensure_future(journal.append(intent("b")))  # noqa: TID251
        for _ in range(3):
            first.cancel()
            queued.cancel()
            await asyncio.wait([queued], timeout=0)
        gate.set()
        await last
        await asyncio.wait([first, queued])
        journal.close()
        return first.cancelled(), queued.cancelled()

    assert asyncio.run(main()) == (True, True)
    assert read(journal_of(tmp_path)) == ((started(), intent("a"), intent("b")), False)


def test_a_finished_run_gives_the_reserved_room_back_and_an_unfinished_one_keeps_it(tmp_path: Path) -> None:
    asyncio.run(write(tmp_path, ended(finished=False)))
    assert (tmp_path / RUN / "reserve").exists()

    async def finish() -> None:
        journal = await Journal.open(LocalStore(tmp_path), RUN)
        assert journal.state.ended == ended(finished=False)
        await journal.append(ended())
        journal.close()

    asyncio.run(finish())
    assert not (tmp_path / RUN / "reserve").exists()
