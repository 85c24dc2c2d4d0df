"""Without these nobody knows that our own runs work over sockets, with the transport and credential a runbook uses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import cmk_remediate as cmk
from cmk_remediate import simulator
from cmk_remediate.simulator import server
from cmk_remediate.simulator.monitor import check, watch
from cmk_remediate.simulator.settings import Settings
from tests.e2e.estates import one_server

if TYPE_CHECKING:
    from pathlib import Path

SCALE = 120.0


def test_the_whole_job_through_connect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the clock is the server's instead of the machine's: nothing else of `connect()` knows of it."""
    scene = one_server()
    azure = simulator.azure(estate=scene.estate, settings=Settings.immediate())
    monitor = watch(azure)
    with server.background(azure, time_scale=SCALE) as served:
        for name, value in served.addresses.environment(served.front.directory.operator).items():
            monkeypatch.setenv(name, value)
        connection = replace(cmk.connect(), clock=azure.clock)
        try:
            review = cmk.dry_run(scene.plan, connection=connection, runs=tmp_path)
            assert all(one.reads for one in azure.requests)
            result = cmk.apply(review, connection=connection, accept=review.acknowledgements_required)
            assert {one.end for one in result.targets} == {"done"}, result
            assert cmk.verify(scene.plan, connection=connection, runs=tmp_path).exit_code == 0
            before = len(azure.requests)
            assert cmk.apply(review, connection=connection, accept=review.acknowledgements_required).exit_code == 0
            assert all(one.reads for one in azure.requests[before:])
            back = cmk.review_rollback(result.run, connection=connection, runs=tmp_path)
            undone = cmk.rollback(
                result.run, connection=connection, runs=tmp_path, review=back, accept=back.acknowledgements_required
            )
            assert undone.exit_code == 0
        finally:
            connection.run(connection.close)
    assert [str(one) for one in check(azure, monitor)] == []


def test_a_machine_whose_clock_is_not_azures_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The served Azure lives in its own year; the product says so instead of judging ages wrongly."""
    scene = one_server()
    azure = simulator.azure(estate=scene.estate, settings=Settings.immediate())
    with server.background(azure) as served:
        for name, value in served.addresses.environment(served.front.directory.operator).items():
            monkeypatch.setenv(name, value)
        connection = cmk.connect()
        try:
            review = cmk.dry_run(scene.plan, connection=connection, runs=tmp_path)
            with pytest.raises(cmk.CmkError) as refused:
                cmk.apply(review, connection=connection, accept=review.acknowledgements_required)
        finally:
            connection.run(connection.close)
    assert "clock" in str(refused.value)
    assert all(one.reads for one in azure.requests)
