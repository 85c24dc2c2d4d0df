"""The process dies at every request; another one, with only the disk's fsynced bytes and Azure, resumes or rolls back.

Fails: a runbook stopped at the wrong moment leaves a server half moved, repeats what must happen once, or cannot be undone.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes, simulator
from cmk_remediate.engine.claims import CLAIMS
from cmk_remediate.errors import RefusedError, ReviewError, RunStoreError
from tests.e2e.stage import told, writes
from tests.faults import crashes
from tests.faults.heirs import ONCE_ONLY, Play
from tests.faults.moments import life, record
from tests.faults.plans import Case, bracketed, least, own_key, services, shipped, smallest, smallest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.faults.crashes import Tally
    from tests.faults.moments import Moment

MORE = 3
"""How many moments are drawn where `make faults` takes all."""


def told_well(tally: Tally, figures: Callable[[str], None]) -> None:
    """Print the crash points; fail on the first faults, and on a step that goes out again and the page does not name."""
    figures(str(tally))
    assert not tally.faults, "\n".join(tally.faults[:10])
    assert set(tally.again) <= crashes.named_in_docs()


def _share(moments: Sequence[Moment]) -> list[Moment]:
    """Return all *moments*; with CMK_REMEDIATE_CRASHES=PART:PARTS those of every request that is this part's."""
    part, parts = map(int, os.environ.get("CMK_REMEDIATE_CRASHES", "0:1").split(":"))
    return [moment for moment in moments if moment.number % parts == part]


@pytest.mark.parametrize("service", services())
def test_death_at_every_request_of_the_smallest_plan_of_each_service(
    service: str, tmp_path: Path, figures: Callable[[str], None]
) -> None:
    play = Play(smallest_of(service), tmp_path / "runs")
    tally = crashes.Tally(play.case.name)
    moments = _share(play.moments)
    crashes.of_apply(play, moments, tally)
    assert play.recording.result is not None
    requests = len({moment.request for moment in moments if moment.kind == "before"})
    assert tally.points["before a request of apply"] == tally.points["after a request of apply"] >= requests > 0
    assert tally.heirs == 2 * len({moment.instant for moment in moments}) > requests
    told_well(tally, figures)


def test_every_write_of_sql_is_an_operation_in_which_the_process_dies(tmp_path: Path) -> None:
    play = Play(smallest(), tmp_path / "runs")
    assert play.recording.result is not None
    pending = [one for one in play.moments if one.kind == "pending"]
    assert len(pending) == play.recording.result.writes == 3


def test_a_service_without_an_estate_of_its_own_is_crashed_on_its_least_target(
    tmp_path: Path, figures: Callable[[str], None]
) -> None:
    play = Play(least("sql"), tmp_path / "runs")
    tally = crashes.Tally(play.case.name)
    crashes.of_apply(play, crashes.sample(play.moments, MORE, random.Random(4)), tally)
    assert len(play.review.targets) == 1
    told_well(tally, figures)


def test_a_run_whose_rollback_has_begun_is_not_resumed(tmp_path: Path) -> None:
    """Going both ways at once would leave neither the old state nor the new one."""
    play = Play(smallest(), tmp_path / "runs")
    end = play.recording.end
    assert end is not None
    back = record(end.reborn(play.folder), play.rollback, end.log)
    stage = next(one for one in back.moments if one.kind == "pending").reborn(play.folder)
    for said in (codes.engine.RUN_STORE_BUSY, codes.engine.UNFINISHED_RUN):
        for verb in (lambda one: one.resume(play.review.digest), lambda one: one.apply(play.review)):
            with pytest.raises((RefusedError, RunStoreError)) as caught:
                life(stage, verb)
            assert caught.value.code == said
        shutil.rmtree(play.folder / CLAIMS)  # as after a power cut
    assert writes(stage.since(0)) == []


def test_death_wherever_something_has_changed_where_nothing_is_there(
    tmp_path: Path, figures: Callable[[str], None]
) -> None:
    play = Play(smallest(present=False), tmp_path / "runs")
    tally = crashes.Tally(play.case.name)
    crashes.of_apply(play, crashes.distinct(play.moments), tally)
    told_well(tally, figures)


@pytest.mark.parametrize("service", services())
def test_death_again_in_the_resume_and_in_the_rollback(
    service: str, tmp_path: Path, figures: Callable[[str], None]
) -> None:
    dice = random.Random(4)
    play = Play(smallest_of(service), tmp_path / "runs")
    end = play.recording.end
    assert end is not None
    tally = crashes.Tally(play.case.name)
    starts = crashes.sample(crashes.distinct(play.moments), MORE, dice)
    crashes.of_resume(play, starts, tally, most=MORE, dice=dice)
    crashes.of_rollback(play, [end, *starts], tally, most=2 * MORE, dice=dice)
    assert min(tally.points["in a resume"], tally.points["in a rollback"]) >= MORE
    told_well(tally, figures)


@pytest.mark.parametrize("case", own_key(), ids=str)
def test_death_of_a_database_that_changes_its_own_key(
    case: Case, tmp_path: Path, figures: Callable[[str], None]
) -> None:
    """Keys that its log needs go along in every request, also in those of a process that comes after."""
    dice = random.Random(4)
    play = Play(case, tmp_path / "runs")
    end = play.recording.end
    assert end is not None
    tally = crashes.Tally(case.name)
    starts = crashes.distinct(play.moments)
    crashes.of_apply(play, starts, tally)
    crashes.of_resume(play, crashes.sample(starts, MORE, dice), tally, most=MORE, dice=dice)
    crashes.of_rollback(play, [end, *crashes.sample(starts, MORE, dice)], tally, most=2 * MORE, dice=dice)
    told_well(tally, figures)


@pytest.mark.parametrize(
    "case",
    [smallest(present=False), *map(smallest_of, services())],
    ids=lambda case: case.name,
)
def test_another_identity_or_another_day_goes_on(case: Case, tmp_path: Path, figures: Callable[[str], None]) -> None:
    tally = crashes.Tally(case.name)
    crashes.of_others(case, tmp_path / "runs", tally, most=MORE, dice=random.Random(4))
    told_well(tally, figures)


def test_what_goes_out_again_where_operations_are_slow_is_named_in_the_docs(
    tmp_path: Path, figures: Callable[[str], None]
) -> None:
    tally = crashes.Tally("one server, one database, one disk, slow operations")
    for case in (smallest(), smallest_of("sql-database"), smallest_of("managed-disks")):
        crashes.of_slow_operations(case, tmp_path / "runs", tally, most=0, dice=random.Random(4))
    told_well(tally, figures)
    assert set(tally.again) == crashes.named_in_docs(), "the page names these steps and no others"
    assert not crashes.named_in_docs() & ONCE_ONLY


@pytest.mark.parametrize(
    "case",
    [bracketed(), *(smallest_of(one) for one in services() if one not in ("sql", "sql-database", "managed-disks"))],
    ids=str,
)
def test_death_where_operations_are_slow(case: Case, tmp_path: Path, figures: Callable[[str], None]) -> None:
    tally = crashes.Tally(f"{case}, slow operations")
    crashes.of_slow_operations(case, tmp_path / "runs", tally, most=4 * MORE, dice=random.Random(4))
    told_well(tally, figures)


def test_a_journal_that_lies_elsewhere_is_refused_before_the_first_byte(tmp_path: Path) -> None:
    play = Play(smallest(), tmp_path / "runs")
    moment = next(one for one in play.moments if one.kind == "pending")
    stage = moment.reborn(play.folder)
    shutil.copytree(play.folder, tmp_path / "elsewhere")
    run = play.review.digest
    for verb in (cmk.resume, cmk.rollback, cmk.review_rollback):
        with pytest.raises(ReviewError) as caught:
            verb(run, connection=stage.connection, runs=tmp_path / "elsewhere")
        assert caught.value.code == codes.input_.RUNS_DIFFER_FROM_REVIEW
    assert stage.azure.sent == 0


KILLER = """
import os, signal, sys
from cmk_remediate import simulator
from cmk_remediate.cli import main
from cmk_remediate.simulator import embedded

opened, left = embedded.open_azure, [int(sys.argv[1])]

def watched(*given, **named):
    azure = opened(*given, **named)
    def count(_azure, exchange):
        left[0] -= not exchange.reads
        if not left[0]:
            azure.observers.append(lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    azure.observers.append(count)
    return azure

embedded.open_azure = watched
sys.exit(main(sys.argv[2:]))
"""
"""The command line in a process that kills itself at the request after its n-th write: no code of ours runs any more."""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
@pytest.mark.parametrize("case", [smallest(), *shipped()], ids=lambda case: case.name)
def test_a_real_sigkill_under_simulate(case: Case, tmp_path: Path) -> None:
    state, runs = tmp_path / "az.json", tmp_path / "runs"
    connection = simulator.open(state, estate=case.scene.estate)
    review = cmk.dry_run(case.scene.plan, connection=connection, runs=runs)
    connection.run(connection.close)
    cmk.save_review(review, tmp_path / "review.json")
    accept = [part for text in review.acknowledgements_required for part in ("--accept", text)]
    changing = sum(step.request is not None and step.action not in ("keep", "none") for step in review.steps)
    command = [
        "--quiet",
        "--simulate",
        str(state),
        "--runs",
        str(runs),
        "apply",
        str(tmp_path / "review.json"),
        "--yes",
    ]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    died = subprocess.run(
        [sys.executable, "-c", KILLER, str(max(1, changing // 2)), *command, *accept],
        env=environment,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    assert [run.state for run in cmk.runs(runs)] == ["unfinished"]
    connection = simulator.open(state, create=False)
    resumed = cmk.resume(review.digest, connection=connection, runs=runs)
    assert resumed.exit_code == 0, told(resumed)
    assert resumed.writes > 0
    verified = cmk.verify(review.digest, connection=connection, runs=runs)
    by_hand = {"manual"} if any(step.action == "manual" for step in review.steps) else set()
    assert {one.verdict for one in verified.targets} <= {"right", "in progress", "blocked", *by_hand}
    again = cmk.apply(review, connection=connection, accept=review.acknowledgements_required)
    assert (again.exit_code, again.writes) == (0, 0)
