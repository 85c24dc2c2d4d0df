"""Without these a change board reads what is not so: a state from before the run, a key nobody gets, a sum that does not add up."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import cmk_remediate
from cmk_remediate import codes, simulator
from cmk_remediate.errors import InputError
from cmk_remediate.report.words import COLUMNS
from tests.report import sample

if TYPE_CHECKING:
    from tests.cli.console import Console

PLAN = Path(__file__).parents[2] / "plans" / "sql.yaml"
LOCKED = "/sql-locked-weu"


def said(console: Console, *arguments: object) -> str:
    outcome = console("--simulate", "az.json", "--quiet", *arguments)
    assert outcome.code == 0, outcome.err
    return outcome.out


def saved(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(name).read_text(encoding="utf-8"))
    return found


def applied(console: Console) -> str:
    said(console, "dry-run", PLAN, "-o", "review.json")
    return said(console, "apply", "review.json", "--yes", "--accept", "purge-protection:kv-cmk-weu")


def test_writes_of_the_targets_less_the_shared_ones_are_the_writes_sent(console: Console) -> None:
    out = " ".join(applied(console).split())
    (total,) = re.findall(r"(\d+) writes sent, each shared one counted once", out)
    each = [int(number) for number in re.findall(r"(\d+) writes?, 1 of them shared with other targets", out)]

    assert len(each) == 3  # one vault, hardened once for three targets
    assert sum(each) - (len(each) - 1) == int(total)


def test_a_rollback_review_does_not_show_the_state_before_the_run(console: Console) -> None:
    applied(console)
    run = saved("review.json")["digest"]
    out = said(console, "rollback", run, "-o", "back.json")

    assert {target["state"] for target in saved("back.json")["targets"]} == {f"after run {run[:8]}"}
    assert "found: " not in out


def test_a_target_that_turns_out_to_be_blocked_promises_no_key(console: Console) -> None:
    said(console, "dry-run", PLAN, "-o", "review.json")
    review = saved("review.json")
    notes = {(note["scope"].rpartition("/")[2], note["code"]) for note in review["notes"]}

    assert [target["blocked"]["code"] for target in review["targets"] if target["id"].endswith(LOCKED)] == ["CMK206"]
    assert {note["code"] for note in review["notes"] if LOCKED in note["scope"]} == {codes.notes.FOUND}
    assert ("sql-orders-weu", "CMK605") in notes


def test_a_verification_of_a_plan_tells_what_is_there_not_what_an_apply_would_do(console: Console) -> None:
    applied(console)
    verification = json.loads(said(console, "--json", "verify", PLAN))

    assert {note["code"] for note in verification["notes"]} == {codes.sql.TDE_OFF, codes.notes.FOUND}


def test_nothing_that_stays_is_unnamed_and_each_reason_stands_once(console: Console) -> None:
    out = said(console, "dry-run", PLAN, "-o", "review.json")
    stays = out.partition("WHAT STAYS AFTER A ROLLBACK")[2].partition("PERMISSIONS")[0]
    flat = " ".join(stays.split())

    assert "known after apply" not in stays
    assert flat.count("backups may need the server key") == 1
    for server in ("sql-orders-weu", "sql-billing-weu", "sql-billing-neu", "sql-legacy-weu"):
        assert re.search(rf"server key for \S+ in kv-cmk-weu on {server}\b", flat), server
    assert "role assignment for id-cmk-sql-orders-weu on cmk-sql-orders-weu in kv-cmk-weu" in flat


def test_a_geo_pair_says_once_what_it_relies_on_and_no_id_is_written_out(console: Console) -> None:
    out = said(console, "dry-run", PLAN)

    assert out.count("relies on: ") == 1
    assert "failover group fg-billing (sql-billing-weu primary, sql-billing-neu secondary)" in out
    assert "/subscriptions/2222" not in out


def test_a_finished_target_takes_a_line_or_two_a_step(console: Console) -> None:
    applied(console)
    out = said(console, "dry-run", PLAN)
    whole = out.partition("TARGET sql-orders-weu")[2].partition("TARGET ")[0].strip()
    proofs = re.search(rf"  note: properties\..*?\[{codes.notes.FOUND}\]\n", whole, re.DOTALL)
    assert proofs is not None
    target = whole.replace(proofs[0], "").splitlines()

    assert len(target) <= 2 + 2 * 6
    assert max(map(len, target)) <= COLUMNS


def test_a_file_that_cannot_be_written_is_named_as_such(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        cmk_remediate.save_review(sample.review(), tmp_path / "missing" / "review.json")

    assert caught.value.code == codes.input_.OUTPUT_UNWRITABLE


def test_an_estate_member_that_nothing_reads_is_refused(tmp_path: Path) -> None:
    estate = tmp_path / "estate.json"
    estate.write_text(json.dumps({"subscriptions": [{"subscriptionId": "2" * 8}], "deleted": []}), encoding="utf-8")

    with pytest.raises(InputError) as caught:
        simulator.open(tmp_path / "az.json", estate=estate)

    assert "deleted" in caught.value.cause
