"""Without these a resource's name could forge a table row, a link or a mention in a pull request, or a comment be refused."""

from __future__ import annotations

import re

from cmk_remediate.report import renderer
from cmk_remediate.report.markdown import LIMIT, capped, code, prose
from tests.report import sample
from tests.report.test_text import HOSTILE

CELL_END = re.compile(r"(?<!\\)\|")


def test_hostile_names_stay_in_their_cell() -> None:
    lines = tuple(sample.line(f"{HOSTILE}{index}", HOSTILE, {HOSTILE: HOSTILE}) for index in range(3))
    steps = (sample.step("set_protector", sample.SERVER, "update", *lines, reason=HOSTILE),)
    document = renderer("markdown").review(sample.review(steps=steps))
    rows = [line for line in document.splitlines() if line.startswith("| `")]

    assert rows
    assert {len(CELL_END.findall(row)) for row in rows} <= {4, 5}
    assert "<script>" not in re.sub(r"(`+).*?\1", "", document)
    assert "\n# owned" not in document


def test_prose_links_nothing_and_calls_nobody() -> None:
    shown = prose(HOSTILE)

    assert "https://" not in shown
    assert "@" not in shown
    assert "](" not in shown
    assert "\n" not in shown


def test_code_spans_hold_whatever_backticks_are_in_them() -> None:
    assert code("a`b") == "``a`b``"
    assert code("`") == "`` ` ``"
    assert code("") == "` `"


def test_a_thousand_targets_fit_a_comment_and_say_what_is_missing() -> None:
    made = sample.review()
    targets = tuple(made.targets[0].model_copy(update={"id": f"{sample.SERVER}{index}"}) for index in range(1000))
    document = renderer("markdown").review(sample.review(targets=targets))

    assert len(document.encode()) <= LIMIT
    assert "**Cut here: " in document
    assert sample.review(targets=targets).digest in document.splitlines()[-1]
    assert document.count("<details>") == document.count("</details>")


def test_nothing_is_shown_behind_a_cut() -> None:
    document = capped(["a" * 80, "b" * 400, "c"], "See the file.", limit=600)

    assert document == "a" * 80 + "\n\n**Cut here: 2 sections left out.** See the file.\n"


def test_one_heading_a_target() -> None:
    document = renderer("markdown").review(sample.review())

    assert re.findall(r"^## sql-\w+", document, re.MULTILINE) == ["## sql-orders", "## sql-second", "## sql-synapse"]
