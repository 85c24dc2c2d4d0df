"""Without these a resource's name could forge a table row, a link or a mention in a pull request, or a comment be refused."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from cmk_remediate.report import renderer
from cmk_remediate.report.capped import LIMIT, Block, capped
from cmk_remediate.report.markdown_words import code, prose
from tests.report import sample
from tests.report.test_text import HOSTILE

if TYPE_CHECKING:
    from cmk_remediate.model.review import Review

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


def many(number: int, **changes: Any) -> Review:
    made = sample.review()
    targets = tuple(made.targets[0].model_copy(update={"id": f"{sample.SERVER}{index}"}) for index in range(number))
    return sample.review(targets=targets, **changes)


def test_a_thousand_targets_fit_a_comment_and_say_what_is_missing() -> None:
    review = many(1000)
    document = renderer("markdown").review(review)
    last = document.splitlines()[-1]
    missing = int(re.search(r"Left out: (\d+) of 1000 targets", last)[1])  # type: ignore[index]

    assert len(document.encode()) <= LIMIT
    assert missing + len(re.findall(r"^## sql-orders", document, re.MULTILINE)) == 1000
    assert "permissions, notes" in last
    assert f"`cmk-remediate show FILE`, where FILE is the saved review with the digest `{review.digest}`" in last
    assert document.count("<details>") == document.count("</details>")


def test_more_doors_than_fit_are_counted_not_dropped() -> None:
    doors = tuple(
        sample.step(f"door{index}", sample.VAULT, "update", sample.line("x", "a" * 200, "b" * 200, sample.ONE_WAY))
        for index in range(200)
    )
    document = renderer("markdown").review(sample.review(steps=doors, targets=()))
    shown = len(re.findall(r"^> - ", document, re.MULTILINE))

    assert 0 < shown < 200
    assert f"Left out: {200 - shown} of 200 doors, 1 of 1 names to accept, downtime" in document


def test_nothing_is_shown_behind_a_cut() -> None:
    blocks = [Block("a" * 80, "head"), Block("b" * 800, "body"), Block("c", "notes"), Block("d", "body")]
    document = capped(blocks, "See the file.", limit=1500)

    assert document == "a" * 80 + "\n\n**Cut here. Left out: body, notes.** See the file.\n"


def test_a_thing_cut_in_its_middle_is_said_to_be() -> None:
    first, end = Block("a", "targets", 1, counted=True), Block("b" * 800, "targets", 0, counted=True)

    assert "the end of the last of 1 targets" in capped([first, end], "", limit=1500)
    assert "1 of 2 targets and the end of another" in capped([first, end, first], "", limit=1500)


def test_a_document_that_fits_is_not_said_to_be_cut() -> None:
    assert capped([Block("a", "head")], "See the file.") == "a\n"


@pytest.mark.parametrize("number", [2_000, 20_000])
def test_long_results_fit_too_and_name_the_command_that_shows_them(number: int) -> None:
    ends = tuple(replace(sample.result().targets[0], id=f"{sample.SERVER}{index}") for index in range(number))
    checks = tuple(replace(sample.VERIFICATION.targets[0], id=f"{sample.SERVER}{index}") for index in range(number))
    run = renderer("markdown").run(sample.result(targets=ends))
    verification = renderer("markdown").verification(replace(sample.VERIFICATION, targets=checks))

    for document, command in ((run, f"`cmk-remediate verify {sample.RUN} --format json`"), (verification, "json`")):
        assert len(document.encode()) <= LIMIT
        assert f" of {number} targets" in document.splitlines()[-1]
        assert command in document.splitlines()[-1]


def test_one_heading_a_target() -> None:
    document = renderer("markdown").review(sample.review())

    assert re.findall(r"^## sql-\w+", document, re.MULTILINE) == ["## sql-orders", "## sql-second", "## sql-synapse"]
