"""Hazards 2, 4, 5 and 20: what a rollback leaves, drift in mid-run, tampered journals and full disks."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.errors import CmkError, RunStoreError
from cmk_remediate.simulator.faults import Fault, Killed
from tests.e2e.desk import owner_sets, several
from tests.e2e.estates import (
    SERVER,
    SUB,
    one_server,
)
from tests.e2e.hazards.telling import sent_by, step_of
from tests.e2e.stage import Stage, died, like_a_dead_process, rewritten, told, writes

if TYPE_CHECKING:
    from cmk_remediate.model.review import Review
    from tests.e2e.conftest import Azure


def test_2_rollback_leaves_all_that_backups_stand_on(azure: Azure) -> None:
    stage = azure(one_server(present=False))
    review, _ = stage.moved()
    mark = stage.seen()
    undoing, _ = stage.rolled_back(review.digest)
    assert sent_by(stage, mark) == [f"{SERVER}/encryptionProtector/current".lower()]
    stays = {step.kind for step in undoing.steps if step.action == "keep"}
    assert stays >= {
        "create_key",
        "create_identity",
        "assign_key_role",
        "attach_identity",
        "register_server_key",
        "protect_vault",
    }
    assert all(step.lines[0].reversibility for step in undoing.steps if step.action == "keep"), "each says why"


def _dead_in_an_operation(azure: Azure) -> tuple[Stage, str]:
    stage = azure(one_server())
    review = stage.dry_run()
    stage.azure.faults.add(Fault("kill-before", url="/operation|azureAsyncOperation"))
    with pytest.raises(Killed):
        stage.apply(review)
    like_a_dead_process(stage.folder)
    return Stage(stage.azure.clone(), stage.scene, stage.folder), review.digest


def test_5_a_tampered_status_url_gets_no_token(azure: Azure) -> None:
    stage, run = _dead_in_an_operation(azure)
    changed: list[str] = []

    def tamper(record: dict[str, Any]) -> None:
        for name, value in record.items():
            if isinstance(value, str) and value.startswith("https://management.azure.com/") and "url" in name.lower():
                record[name] = value.replace("management.azure.com", "management.azure.com.example.org")
                changed.append(name)

    rewritten(stage, run, tamper)
    assert changed, "the journal was to hold a status URL"
    with_ends = _resumed(stage, run)
    assert not [one for one in stage.since(0) if "example.org" in one.url], "a request left for a foreign host"
    assert with_ends in ("0", "5", str(codes.access.HOST_REFUSED))


def test_5_a_status_url_of_another_subscription_is_not_followed(azure: Azure) -> None:
    stage, run = _dead_in_an_operation(azure)
    other = "00000000-0000-4000-8000-000000000000"

    def tamper(record: dict[str, Any]) -> None:
        for name, value in record.items():
            if isinstance(value, str) and value.startswith("https://") and "url" in name.lower():
                record[name] = value.replace(SUB, other)

    rewritten(stage, run, tamper)
    _resumed(stage, run)
    assert not [one for one in stage.since(0) if other in one.url]


def _resumed(stage: Stage, run: str) -> str:
    try:
        return str(stage.resume(run).exit_code)
    except CmkError as error:
        return str(error.code)


def test_5_a_journal_changed_without_its_chain_is_not_resumed(azure: Azure) -> None:
    stage, run = _dead_in_an_operation(azure)
    file = stage.folder / run / "journal.ndjson"
    lines = stage.journal(run)
    lines[-2] = lines[-2].replace(b"sql-one", b"sql-two")
    file.write_bytes(b"".join(line + b"\n" for line in lines))
    mark = stage.seen()
    with pytest.raises(RunStoreError) as refused:
        stage.resume(run)
    assert refused.value.code == codes.engine.JOURNAL_DAMAGED
    assert stage.since(mark) == [], "nothing at all was asked"


def _damage(stage: Stage, run: str) -> None:
    folder = stage.folder / run
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "journal.ndjson").write_bytes(b"\0\0\0\n")


def test_20_beside_a_damaged_journal_nothing_is_begun_and_what_was_begun_goes_on(azure: Azure) -> None:
    """Nobody knows what that run has begun to write; whoever had begun before has its claim on what it writes."""
    stage = azure(several(2))
    one, two = stage.scene.servers
    reviews = [stage.dry_run({**stage.scene.plan, "targets": [{"resource_id": server}]}) for server in (one, two)]
    died(stage, reviews[0], lambda event: event.kind == "sending" and event.step.startswith("set_protector"))
    _damage(stage, "ab" * 32)
    mark = stage.seen()
    with pytest.raises(RunStoreError) as refused:
        stage.apply(reviews[1])
    assert refused.value.code == codes.engine.JOURNAL_DAMAGED
    assert writes(stage.since(mark)) == []
    result = stage.resume(reviews[0].digest)
    assert result.exit_code == 0, told(result)


def test_20_a_run_whose_rollback_has_a_damaged_journal_is_not_gone_on_with(azure: Azure) -> None:
    """Fails: the hourly apply moves again what somebody was about to undo."""
    stage = azure(one_server())
    review, _ = stage.moved()
    undoing = stage.review_rollback(review.digest)
    stop = cmk.Stop()
    stop.ask("Ctrl-C")
    begun: dict[str, Any] = {"review": undoing, "accept": undoing.acknowledgements_required}
    cmk.rollback(review.digest, connection=stage.connection, runs=stage.folder, stop=stop, **begun)
    _damage(stage, undoing.digest)
    mark = stage.seen()
    for again in (lambda: stage.apply(review), lambda: stage.rolled_back(review.digest)):
        with pytest.raises(RunStoreError) as refused:
            again()
        assert refused.value.code == codes.engine.JOURNAL_DAMAGED
    assert writes(stage.since(mark)) == []


def test_20_a_run_store_that_cannot_be_written_sends_nothing(azure: Azure) -> None:
    stage = azure(one_server())
    review = stage.dry_run()
    stage.folder.write_text("a file where the store should be", encoding="utf-8")
    with pytest.raises(RunStoreError) as refused:
        stage.apply(review)
    assert refused.value.code == codes.engine.JOURNAL_UNWRITABLE
    assert str(stage.folder) in refused.value.resource
    assert writes(stage.since(0)) == []


def test_20_a_disk_that_fills_up_in_mid_run(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was sent is recorded in the reserved room, nothing more is sent, and with room again resume finishes."""
    stage = azure(one_server())
    review = stage.dry_run()
    real, reserve = os.write, stage.folder / review.digest / "reserve"

    def full(handle: int, data: bytes) -> int:
        if reserve.exists() and b'"type":"run-started"' not in data and len(writes(stage.since(0))) >= 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(handle, data)

    monkeypatch.setattr(os, "write", full)
    ended = _applied(stage, review)
    monkeypatch.setattr(os, "write", real)
    assert ended in ("5", str(codes.engine.JOURNAL_UNWRITABLE))
    assert len(writes(stage.since(0))) == 1, "no intent, no write"
    result = stage.resume(review.digest)
    assert result.exit_code == 0, told(result)
    assert len(writes(stage.since(0))) == 3, "and nothing was sent twice"


def _applied(stage: Stage, review: Review) -> str:
    try:
        return str(stage.apply(review).exit_code)
    except CmkError as error:
        return str(error.code)


def test_4_a_change_in_the_middle_of_a_run_is_seen_before_the_next_write(azure: Azure) -> None:
    stage = azure(one_server())
    review = stage.dry_run()
    register = step_of(review, "register_server_key").id

    def disable(event: Any) -> None:
        if event.kind == "settled" and event.step == register:
            owner_sets(stage, f"{SERVER}/encryptionProtector/current", {"properties": {"autoRotationEnabled": True}})

    result = stage.apply(review, progress=disable)
    assert (result.exit_code, result.targets[0].code) == (5, "CMK501"), told(result)
    assert not [one for one in sent_by(stage) if one.endswith("/encryptionprotector/current")]
