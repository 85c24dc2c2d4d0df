"""What is said of a mutant that no test can kill is said of code that stands there.

Fails: an explanation outlives its line, and one day excuses a hole that is none of its own.
"""

from __future__ import annotations

import pytest

from tests.mutation.__main__ import ROOT
from tests.mutation.explained import EXPLAINED


@pytest.mark.parametrize(("module", "changed"), EXPLAINED, ids=lambda one: one.rpartition("/")[2][:60])
def test_an_explained_mutant_changes_lines_that_stand_there(module: str, changed: str) -> None:
    lines = [line[1:] for line in changed.splitlines() if line.startswith("-")]
    assert "\n".join(lines) in (ROOT / module).read_text("utf-8")
