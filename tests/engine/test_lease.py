"""The lock of the run store: two runs at once would write one resource twice."""

from __future__ import annotations

import asyncio
import math
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cmk_remediate import codes
from cmk_remediate.engine.lease import Lease, RunStoreLock, alive
from cmk_remediate.errors import RunStoreError

if TYPE_CHECKING:
    from pathlib import Path

ONE, TWO = "a" * 64, "b" * 64

HOLD = """
import asyncio, pathlib, sys
from cmk_remediate.engine.lease import RunStoreLock
lock = RunStoreLock(pathlib.Path(sys.argv[1]), sys.argv[2])
asyncio.run(lock.acquire())
print("held", flush=True)
sys.stdin.read()
"""


def test_another_process_is_refused_and_told_who_holds_the_store(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path), ONE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        for _ in range(2):  # to be refused must not wipe out who holds it
            with pytest.raises(RunStoreError, match="run aaaaaaaa") as caught:
                asyncio.run(RunStoreLock(tmp_path, TWO).acquire())
            assert caught.value.code == codes.engine.RUN_STORE_BUSY
        assert alive(tmp_path, ONE)
        assert not alive(tmp_path, TWO)
        other.kill()
    assert not alive(tmp_path, ONE), "a killed process holds nothing"
    asyncio.run(RunStoreLock(tmp_path, TWO).acquire())


def test_a_lock_given_back_is_free(tmp_path: Path) -> None:
    async def main() -> None:
        first: Lease = RunStoreLock(tmp_path / "new", ONE)
        assert first.remaining() == 0
        await first.acquire()
        assert first.remaining() == math.inf
        assert alive(tmp_path / "new", ONE)
        await first.release()
        await first.release()
        assert first.remaining() == 0
        second = RunStoreLock(tmp_path / "new", TWO)
        await second.acquire()
        with pytest.raises(RunStoreError):
            await first.acquire()
        await second.release()

    asyncio.run(main())


def test_a_store_nobody_used_has_no_holder_and_asking_makes_none(tmp_path: Path) -> None:
    assert not alive(tmp_path / "none", ONE)
    assert not (tmp_path / "none").exists()


def test_a_store_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunStoreError) as caught:
        asyncio.run(RunStoreLock(tmp_path / "file", ONE).acquire())
    assert caught.value.code == codes.engine.JOURNAL_UNWRITABLE
