"""What a journal may have suffered, met through the verbs: torn goes on and says so, tampered is refused, nothing is guessed.

Fails: a run resumes on a journal that lies, or a crash in the middle of a line locks a half-moved server out for good.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.engine.journal_file import JOURNAL, REVIEW
from cmk_remediate.errors import CmkError, InputError, ReviewError, RunStoreError
from tests.e2e.estates import SERVER, SUB
from tests.e2e.stage import Stage, told, writes
from tests.faults.heirs import Play
from tests.faults.moments import life, record
from tests.faults.plans import smallest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cmk_remediate.codes.code import Code
    from tests.faults.moments import Moment


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Play:
    """Give one undisturbed run."""
    return Play(smallest(), tmp_path_factory.mktemp("torn") / "runs")


def pending(play: Play) -> Moment:
    """Return the moment while the server key is being registered."""
    return [one for one in play.moments if one.kind == "pending"][1]


def journal(play: Play) -> Path:
    return play.folder / play.review.digest / JOURNAL


def test_the_last_line_cut_at_every_byte_is_said_and_the_run_goes_on(play: Play) -> None:
    """The line is torn: what it said was never promised to anybody. Resumed fully at a few cuts, read at all."""
    stage = pending(play).reborn(play.folder)
    whole = journal(play).read_bytes()
    start = whole[:-1].rindex(b"\n") + 1
    for cut in range(start, len(whole)):
        journal(play).write_bytes(whole[:cut])
        assert [one.state for one in cmk.runs(play.folder)] == ["unfinished"], cut
    for cut in (start, start + 1, (start + len(whole)) // 2, len(whole) - 1):
        stage = pending(play).reborn(play.folder)
        journal(play).write_bytes(whole[:cut])
        said: list[str] = []

        def resumed(one: Stage, said: list[str] = said) -> Any:
            run = play.review.digest
            listen = lambda event: said.append(event.text)  # noqa: E731
            return cmk.resume(run, connection=one.connection, runs=one.folder, progress=listen)

        result = life(stage, resumed)
        assert result.exit_code == 0, told(result)
        assert any("cut short" in text for text in said) == (cut > start)
        stage.lawful()


def test_whatever_the_last_record_is_a_cut_at_any_byte_leaves_a_run_that_can_go_on(play: Play) -> None:
    """Each kind of record was the last one at some moment; cut, it counts as not written."""
    assert play.recording.end is not None
    play.recording.end.left.restore(play.folder)
    lines = journal(play).read_bytes().splitlines(keepends=True)
    last_of_kind = {json.loads(line)["type"]: number for number, line in enumerate(lines)}
    assert last_of_kind.keys() >= {"run-started", "intent", "operation", "outcome", "settled", "run-ended"}
    for kind, number in last_of_kind.items():
        head, line = b"".join(lines[:number]), lines[number]
        journal(play).write_bytes(head)
        without = [one.state for one in cmk.runs(play.folder)]
        for cut in range(1, len(line), 7):
            journal(play).write_bytes(head + line[:cut])
            assert [one.state for one in cmk.runs(play.folder)] == without, (kind, cut)


def test_any_line_altered_is_told_from_a_torn_one(play: Play) -> None:
    """All lines but the last, whose digest no other line carries; docs/safety.md says so."""
    assert play.recording.end is not None
    play.recording.end.left.restore(play.folder)
    lines = journal(play).read_bytes().splitlines(keepends=True)
    for number, line in enumerate(lines[:-1]):
        place = len(line) // 2
        altered = line[:place] + (b"x" if line[place : place + 1] != b"x" else b"y") + line[place + 1 :]
        journal(play).write_bytes(b"".join([*lines[:number], altered, *lines[number + 1 :]]))
        assert [one.state for one in cmk.runs(play.folder)] == ["damaged"], number


@pytest.mark.parametrize("gone", [1, 2, 3, 5])
def test_whole_lines_gone_from_the_end_are_not_noticed_and_a_resume_goes_by_what_azure_shows(
    play: Play, gone: int
) -> None:
    """docs/safety.md says so: nothing tells a journal without its last lines from one that ended there."""
    stage = pending(play).reborn(play.folder)
    lines = journal(play).read_bytes().splitlines(keepends=True)
    journal(play).write_bytes(b"".join(lines[:-gone]))
    assert [one.state for one in cmk.runs(play.folder)] == ["unfinished"]
    result = life(stage, lambda one: one.resume(play.review.digest))
    assert result.exit_code == 0, told(result)
    stage.lawful()


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda data: data.replace(b'"attempt":1', b'"attempt":2', 1), id="a line altered"),
        pytest.param(lambda data: b"\n".join([*data.split(b"\n")[:2], *data.split(b"\n")[3:]]), id="a line removed"),
        pytest.param(lambda data: data[: len(data) // 2] + b"\n" + data[len(data) // 2 :], id="a line broken in two"),
        pytest.param(lambda data: data[:-20] + b"\n", id="the last line spoilt, its end kept"),
    ],
)
def test_a_tampered_journal_is_refused_by_every_verb_before_the_first_byte(
    play: Play, spoil: Callable[[bytes], bytes]
) -> None:
    stage = pending(play).reborn(play.folder)
    journal(play).write_bytes(spoil(journal(play).read_bytes()))
    _refused(play, stage, codes.engine.JOURNAL_DAMAGED)
    assert [one.state for one in cmk.runs(play.folder)] == ["damaged"]


def forged(data: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """Return a journal in which *change* altered every record, with the chain of digests made anew: as a forger would."""
    prev, lines = "", []
    for line in data.splitlines():
        record = json.loads(line)
        change(record)
        record["prev"] = prev or record["prev"]
        lines.append(json.dumps(record, separators=(",", ":")).encode())
        prev = hashlib.sha256(lines[-1]).hexdigest()
    return b"".join(line + b"\n" for line in lines)


ELSEWHERE = SERVER.replace(SUB, "99999999-9999-4999-8999-999999999999")


@pytest.mark.parametrize(
    ("was", "now"),
    [
        pytest.param(SERVER, ELSEWHERE, id="another subscription"),
        pytest.param(SERVER, SERVER.replace("sql-one", "sql-other"), id="another server"),
        pytest.param(SERVER, f"{SERVER}/../../x", id="no resource id"),
    ],
)
def test_a_journal_whose_records_name_other_resources_is_refused_before_the_first_byte(
    play: Play, was: str, now: str
) -> None:
    """Whoever can write the run store must not choose what we read, wait for or undo: its chain of digests is no signature."""

    def change(record: dict[str, Any]) -> None:
        for name in ("resource_id", "status_url", "location_url"):
            if name in record:
                record[name] = record[name].replace(was, now)

    stage = pending(play).reborn(play.folder)
    journal(play).write_bytes(forged(journal(play).read_bytes(), change))
    _refused(play, stage, codes.engine.JOURNAL_DAMAGED)


def test_a_journal_whose_records_name_another_step_is_refused_before_the_first_byte(play: Play) -> None:
    def change(record: dict[str, Any]) -> None:
        if "step" in record:
            record["step"] += "0"

    stage = pending(play).reborn(play.folder)
    journal(play).write_bytes(forged(journal(play).read_bytes(), change))
    _refused(play, stage, codes.engine.JOURNAL_DAMAGED)


@pytest.mark.parametrize(
    "url",
    [
        "https://collector.example/subscriptions/{SUB}/status",
        "http://management.azure.com/subscriptions/{SUB}/status",
        "https://management.azure.com/subscriptions/99999999-9999-4999-8999-999999999999/status",
        "https://management.azure.com/subscriptions/{SUB}/../99999999-9999-4999-8999-999999999999/status",
    ],
)
def test_a_status_url_that_points_elsewhere_gets_not_one_byte_and_the_run_goes_on(play: Play, url: str) -> None:
    def change(record: dict[str, Any]) -> None:
        for name in ("status_url", "location_url"):
            if name in record:
                record[name] = url.replace("{SUB}", SUB)

    stage = pending(play).reborn(play.folder)
    journal(play).write_bytes(forged(journal(play).read_bytes(), change))
    result = life(stage, lambda one: one.resume(play.review.digest))
    assert result.exit_code == 0, told(result)
    assert not [one.url for one in stage.since(0) if one.url.split("?")[0].endswith("/status")]
    stage.lawful()


def test_a_missing_review_is_said(play: Play) -> None:
    stage = pending(play).reborn(play.folder)
    (play.folder / play.review.digest / REVIEW).unlink()
    _refused(play, stage, codes.input_.REVIEW_UNREADABLE, InputError)


def test_an_altered_review_beside_the_journal_is_said(play: Play) -> None:
    stage = pending(play).reborn(play.folder)
    path = play.folder / play.review.digest / REVIEW
    path.write_bytes(path.read_bytes().replace(b"sql-one", b"sql-two"))
    _refused(play, stage, codes.input_.REVIEW_ALTERED, ReviewError)


def test_without_its_journal_a_run_was_never_begun(play: Play) -> None:
    """Resume and rollback know of no such run; an apply of the review looks at Azure and does what is left, once."""
    stage = pending(play).reborn(play.folder)
    journal(play).unlink()
    _refused(play, stage, codes.input_.RUN_UNKNOWN, InputError, verbs=("resume", "rollback"))
    result = life(stage, lambda one: one.apply(play.review))
    assert result.exit_code == 0, told(result)
    stage.lawful()


def test_on_a_full_disk_nothing_is_sent_that_was_not_journaled_and_the_run_goes_on_later(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fills up in the middle: the outcome of what was sent takes the reserve, the next intent is refused."""
    moment = next(one for one in play.moments if one.kind == "pending")
    stage = moment.reborn(play.folder)
    real = os.write

    def full(handle: int, data: Any) -> int:
        if b'"type":"intent"' in bytes(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(handle, data)

    with monkeypatch.context() as disk:
        disk.setattr(os, "write", full)
        stopped = life(stage, lambda one: one.resume(play.review.digest))
    assert (stopped.exit_code, stopped.targets[0].code) == (5, codes.engine.JOURNAL_UNWRITABLE), told(stopped)
    assert writes(stage.since(0)) == []
    result = life(stage, lambda one: one.resume(play.review.digest))
    assert result.exit_code == 0, told(result)
    stage.lawful()


def test_a_read_only_folder_is_refused_before_the_first_write(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = pending(play).reborn(play.folder)
    real = os.open

    def read_only(path: Any, flags: int, *rest: Any, **named: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        return real(path, flags, *rest, **named)

    monkeypatch.setattr(os, "open", read_only)
    for verb in (lambda one: one.resume(play.review.digest), play.rollback):
        with pytest.raises(RunStoreError) as caught:
            life(stage, verb)
        assert caught.value.code == codes.engine.JOURNAL_UNWRITABLE
    assert writes(stage.since(0)) == []


def test_each_crash_leaves_at_most_a_torn_line(play: Play) -> None:
    """A journal is damaged by tampering only: whatever was fsynced at any moment reads back."""
    recording = record(play.moments[0].reborn(play.folder), play.resume)
    for moment in recording.moments:
        moment.left.restore(play.folder)
        assert [one.state for one in cmk.runs(play.folder) if one.state == "damaged"] == []


def _refused(
    play: Play,
    stage: Stage,
    code: Code,
    kind: type[CmkError] = RunStoreError,
    verbs: tuple[str, ...] = ("resume", "rollback", "review_rollback"),
) -> None:
    for name in verbs:
        with pytest.raises(kind) as caught:
            getattr(cmk, name)(play.review.digest, connection=stage.connection, runs=play.folder)
        assert caught.value.code == code
    assert stage.azure.sent == 0
