"""Each exit code, from a real command.

Fails: a pipeline takes a half-moved estate for a finished one, or stops for something that is no failure.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.report.ends import MEANINGS
from cmk_remediate.simulator.faults import Fault
from tests.e2e.desk import blocked, having, owner_sets, refused, several
from tests.e2e.estates import SERVER, one_server

if TYPE_CHECKING:
    from cmk_remediate.simulator.embedded import EmbeddedAzure, Exchange
    from tests.e2e.conftest import Sit
    from tests.e2e.desk import Desk

PROTECTOR = "/encryptionProtector/current"


def _interrupted(at: Desk, url: str, method: str = "GET") -> None:
    """Press Ctrl-C when Azure answers the first request of *method* for *url*."""
    pressed: list[Any] = []

    def watch(_azure: EmbeddedAzure, exchange: Exchange) -> None:
        if exchange.method == method and url in exchange.url and not pressed:
            pressed.append(exchange)
            os.kill(os.getpid(), signal.SIGINT)

    at.stage.azure.observers.append(watch)


def test_0_all_done_or_nothing_to_do(desk: Sit) -> None:
    at = desk(one_server())
    run = at.reviewed()
    first, second = at.apply(), at.apply()
    assert (first.code, second.code) == (0, 0)
    assert (first.writes, second.writes) == (3, 0)
    for arguments in (["verify", at.plan], ["verify", run], ["resume", run], ["show", at.review], ["runs"]):
        outcome = at(*arguments)
        assert (outcome.code, outcome.writes) == (0, 0), arguments
    assert at.dry_run("--detailed-exitcode").code == 0
    assert MEANINGS[0] in at("resume", run).out.replace("\n", " ").replace("  ", " ")


def test_0_although_a_target_is_blocked_that_the_reviewer_knew_of(desk: Sit) -> None:
    scene = having(several(2), several(2).servers[1], {"properties": {"state": "Disabled"}})
    at = desk(scene)
    at.reviewed()
    outcome = at.apply()
    assert outcome.code == 0, outcome.out
    assert str(codes.sql.SERVER_NOT_READY) in outcome.out
    verified = at("verify", at.plan)
    assert verified.code == 0
    assert str(codes.sql.SERVER_NOT_READY) in verified.out


def test_1_an_error_and_nothing_changed(desk: Sit) -> None:
    at = desk(one_server())
    refused(at("dry-run", "missing.yaml"), 1, codes.input_.PLAN_UNREADABLE, "missing.yaml")
    at.reviewed()
    at.stage.azure.faults.add(Fault("status", method="PATCH", status=400, code="BadRequest"))
    outcome = at.apply()
    assert outcome.code == 1, outcome.out
    assert str(codes.access.REFUSED_BY_AZURE) in outcome.out


def test_2_changes_are_needed(desk: Sit) -> None:
    at = desk(one_server())
    run = at.reviewed()
    assert at.dry_run("--detailed-exitcode").code == 2
    assert at("verify", at.plan).code == 2
    at.reviewed()
    assert at.apply().code == 0
    run = at("runs").out.splitlines()[-1].split()[0]
    owner_sets(at.stage, SERVER + PROTECTOR, {"properties": {"autoRotationEnabled": False}})
    assert at("verify", run).code == 2


def test_3_drift_before_the_first_write(desk: Sit) -> None:
    at = desk(one_server())
    at.reviewed()
    owner_sets(at.stage, SERVER + PROTECTOR, {"properties": {"autoRotationEnabled": True}})
    blocked(at.apply(), 3, codes.engine.DRIFT, "sql-one", "autoRotationEnabled")


def test_4_refused_and_nothing_changed(desk: Sit) -> None:
    at = desk(having(one_server(), SERVER, {"properties": {"state": "Disabled"}}))
    blocked(at.dry_run(), 4, codes.sql.SERVER_NOT_READY, "sql-one")
    at = desk(one_server())
    run = at.reviewed()
    assert at.apply().code == 0
    refused(at("rollback", run), 4, codes.engine.NOT_CONFIRMED)


def test_5_some_failed_after_others_changed(desk: Sit) -> None:
    at = desk(several(2))
    run = at.reviewed()
    at.stage.azure.faults.add(Fault("status", method="PUT", url=f"sql-1{PROTECTOR}", status=400, code="BadRequest"))
    outcome = at.apply()
    assert outcome.code == 5, outcome.out
    assert "1 done, 1 failed" in outcome.out
    assert at("resume", run).code == 0


def test_5_stopped_part_way(desk: Sit) -> None:
    at = desk(one_server())
    run = at.reviewed()
    _interrupted(at, "/servers/sql-one?", "PATCH")
    outcome = at.apply()
    assert (outcome.code, outcome.writes) == (5, 1), outcome.out
    assert str(codes.engine.STOPPED) in outcome.out
    assert at("resume", run).code == 0


def test_6_the_rollback_is_incomplete(desk: Sit) -> None:
    at = desk(one_server())
    run = at.reviewed()
    assert at.apply().code == 0
    at.stage.azure.faults.add(Fault("status", method="PUT", url=PROTECTOR, status=400, code="BadRequest"))
    outcome = at("rollback", run, "--yes")
    assert outcome.code == 6, outcome.out
    assert at("rollback", run, "--yes").code == 0
    assert at.stage.protector(SERVER)["serverKeyType"] == "ServiceManaged"


def test_64_the_command_line_is_wrong(desk: Sit) -> None:
    at = desk(one_server())
    refused(at("apply"), 64, codes.input_.USAGE)
    refused(at("dry-run", at.plan, "--runs", "elsewhere"), 64, codes.input_.USAGE, "elsewhere")


def test_130_interrupted_before_any_write(desk: Sit) -> None:
    at = desk(one_server())
    run = at.reviewed()
    _interrupted(at, "/permissions")
    outcome = at.apply()
    assert (outcome.code, outcome.writes) == (130, 0), outcome.out
    assert str(codes.engine.STOPPED) in outcome.out
    assert at("resume", run).code == 0
