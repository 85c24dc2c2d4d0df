"""A run whose process was killed, or whose time was up, is said to be unfinished: with what goes on with it.

Fails: an operator reads that all is wrong and makes a new dry run, which the unfinished run then stands in the way of.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from cmk_remediate import codes
from cmk_remediate.simulator.faults import Fault, Killed
from tests.e2e.desk import owner_sets
from tests.e2e.estates import SERVER, one_server
from tests.e2e.stage import like_a_dead_process

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Sit
    from tests.e2e.desk import Desk

UNFINISHED = codes.engine.RUN_UNFINISHED


def killed(at: Desk, *arguments: object, method: str = "PUT") -> None:
    """Run a command in a process that dies when its first write of *method* has arrived."""
    at.stage.azure.faults.add(Fault("kill-after", method=method))
    with pytest.raises(Killed):
        at(*arguments)
    like_a_dead_process(at.stage.folder)
    at.stage.azure.faults.clear()
    at.stage.azure.advance(120)


def cut_off(at: Desk) -> str:
    """Apply in a process that dies once the server has its key registered; return the run."""
    run = at.reviewed()
    killed(at, "apply", at.review, "--yes", *at.accepting())
    return run


def test_a_run_that_was_killed_is_said_to_be_unfinished_first_of_all(desk: Sit) -> None:
    at = desk(one_server())
    run = cut_off(at)

    found = at("verify", run)

    assert (found.code, found.writes) == (2, 0), found.out
    lines = found.out.splitlines()
    assert lines[1].strip().startswith(f"the run is unfinished: `resume {run[:8]}` goes on with it, `rollback")
    assert re.search(
        rf"unfinished +sql-one +\d of its \d steps are left to do, first set_protector \[{UNFINISHED}\]", found.out
    )
    assert "wrong" not in found.out
    assert "dry run" not in found.out
    assert "/subscriptions/" not in found.out
    assert "Summary: 1 unfinished." in found.out
    assert at("resume", run).code == 0
    done = at("verify", run)
    assert (done.code, "unfinished" in done.out) == (0, False)


@pytest.mark.parametrize("format_", ["json", "markdown", "html", "junit"])
def test_it_is_said_in_every_format(desk: Sit, format_: str) -> None:
    at = desk(one_server())
    run = cut_off(at)

    found = at("verify", run, "--format", format_)

    assert found.code == 2
    assert "unfinished" in found.out
    if format_ == "json":
        told = json.loads(found.out)
        assert told["unfinished"].startswith("the run is unfinished: ")
        assert [one["verdict"] for one in told["targets"]] == ["unfinished"]
    if format_ == "junit":
        assert f'type="{UNFINISHED}"' in found.out


def test_what_somebody_has_changed_meanwhile_is_wrong_in_an_unfinished_run_too(desk: Sit) -> None:
    at = desk(one_server())
    run = cut_off(at)
    owner_sets(at.stage, f"{SERVER}/encryptionProtector/current", {"properties": {"autoRotationEnabled": True}})

    found = at("verify", run)

    assert "the run is unfinished" in found.out
    assert re.search(r"wrong +sql-one ", found.out), found.out


def test_a_rollback_that_was_killed_is_said_to_be_unfinished(desk: Sit) -> None:
    at = desk(one_server())
    run = at.reviewed()
    assert at.apply().code == 0
    killed(at, "rollback", run, "--yes")

    found = at("verify", run)

    assert found.code == 2, found.out
    assert re.search(rf"the rollback [0-9a-f]{{8}} is unfinished: `rollback {run[:8]}` goes on with it", found.out)
    assert "dry run" not in found.out
    assert at("rollback", run, "--yes").code == 0


def test_evidence_of_an_unfinished_run_says_it_too(desk: Sit, tmp_path: Path) -> None:
    at = desk(one_server())
    run = cut_off(at)
    assert at("verify", run, "--evidence", tmp_path).code == 2

    checked = at("check-evidence", tmp_path / f"{run}.zip")

    assert checked.code == 2, checked.out
    assert f"the run is unfinished: `resume {run[:8]}`" in checked.out
    assert "dry run" not in checked.out
