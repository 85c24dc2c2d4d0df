"""`dry-run --artefacts`. Fails: a board approves a review whose files nobody can find, or finds others."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from cmk_remediate import codes

if TYPE_CHECKING:
    from tests.cli.console import Console

PLAN = Path(__file__).parents[2] / "plans" / "aks.yaml"


def test_the_files_are_where_they_were_asked_for_and_named_in_text_and_json(console: Console, tmp_path: Path) -> None:
    pack, saved = tmp_path / "new" / "pack", tmp_path / "review.json"
    outcome = console("--simulate", tmp_path / "az.json", "dry-run", PLAN, "--artefacts", pack, "-o", saved)

    assert outcome.code == 0
    named = json.loads(saved.read_text(encoding="utf-8"))["artefacts"]
    assert len(named) == 6
    for one in named:
        assert hashlib.sha256((pack / one["name"]).read_bytes()).hexdigest() == one["sha256"]
        assert f"  {one['sha256']}  {one['name']}\n" in outcome.out
    assert f"{named[0]['sha256']}  {named[0]['name']}" in console("show", saved).out


def test_a_folder_that_cannot_be_made_is_one_clear_error_and_no_review_is_saved(
    console: Console, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    saved = tmp_path / "review.json"
    state = tmp_path / "az.json"
    outcome = console("--simulate", state, "dry-run", PLAN, "--artefacts", tmp_path / "file" / "pack", "-o", saved)

    assert outcome.code != 0
    assert codes.input_.OUTPUT_UNWRITABLE in outcome.err
    assert not saved.exists()
