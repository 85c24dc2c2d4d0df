"""Without these the text a change board reads could hide a door, break a copied option, or obey a hostile name."""

from __future__ import annotations

import pytest

from cmk_remediate.clock import span
from cmk_remediate.report import renderer
from cmk_remediate.report.words import COLUMNS, middle, plain, value
from tests.report import sample

HOSTILE = "kv|`x`](https://evil.example) \x1b[31m<script>\n# owned \u202e @all"


def hostile_review() -> str:
    name = f"{sample.GROUP}/providers/Microsoft.Sql/servers/{HOSTILE}"
    steps = (sample.step("set_protector", name, "update", sample.line(HOSTILE, HOSTILE, [HOSTILE]), reason=HOSTILE),)
    return renderer("text").review(sample.review(steps=steps, targets=()))


def test_lines_are_ascii_and_fit_the_terminal() -> None:
    for document in (renderer("text").review(sample.review()), renderer("text").run(sample.result()), hostile_review()):
        assert document.isascii()
        assert all(character == "\n" or " " <= character <= "~" for character in document)
        assert max(map(len, document.splitlines())) <= COLUMNS


def test_an_acceptance_longer_than_a_line_can_still_be_copied() -> None:
    name = "retention:" + "v" * 150 + ":90"
    document = renderer("text").review(sample.review(acknowledgements_required=(name,)))

    assert f"  --accept {name}\n" in document


def test_doors_stand_above_the_targets() -> None:
    document = renderer("text").review(sample.review())

    assert document.index("nobody can turn purge protection off") < document.index("TARGET sql-orders")
    assert document.index("--accept purge-protection:kv-orders") < document.index("TARGET sql-orders")


def test_alarms_are_the_first_lines() -> None:
    assert renderer("text").run(sample.result()).startswith("ALARM: mixed: ")


def test_a_shared_step_stands_once() -> None:
    document = renderer("text").review(sample.review())

    assert document.count("properties.kty") == 1
    assert document.count("(shared, shown above)") == 1


def test_words_that_stand_for_a_value_are_not_mistaken_for_one() -> None:
    assert value({"unknown": True}) == "(known after apply)"
    assert value("(known after apply)") == '"(known after apply)"'
    assert value(None) == "(none)"
    assert value("") == '""'
    assert value({"a": {"unknown": True}}) == '{"a": (known after apply)}'


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (5, "5 s"), (60, "1 min"), (90, "90 s"), (450, "7 min 30 s"), (3600, "1 h"), (90061, "1 d 1 h")],
)
def test_spans(seconds: int, text: str) -> None:
    assert span(seconds) == text


def test_long_values_lose_their_middle_never_an_end() -> None:
    assert middle("abcdefghij", 7) == "ab...ij"
    assert plain("\x1b[2J\u202e") == "\\x1b[2J\\u202e"
