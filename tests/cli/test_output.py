"""Without these colour could be forced on a log file, or progress end up in a pipe that expects JSON."""

from __future__ import annotations

import io
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest

from cmk_remediate import codes
from cmk_remediate.cli.consent import accepted, confirm
from cmk_remediate.cli.options import Colour, Globals
from cmk_remediate.cli.output import emit, wants_colour
from cmk_remediate.cli.progress import progress
from cmk_remediate.errors import RefusedError
from cmk_remediate.model.result import Event
from tests.report import sample

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2026, 11, 22, 10, 0, tzinfo=timezone.utc)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("choice", "environment", "terminal", "wanted"),
    [
        (Colour.auto, {}, True, True),
        (Colour.auto, {}, False, False),
        (Colour.auto, {"TERM": "dumb"}, True, False),
        (Colour.auto, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        (Colour.auto, {"FORCE_COLOR": "1"}, False, True),
        (Colour.always, {"NO_COLOR": "1"}, False, True),
        (Colour.never, {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_who_decides_on_colour(choice: Colour, environment: dict[str, str], terminal: bool, wanted: bool) -> None:  # noqa: FBT001
    assert wants_colour(choice, environment, terminal=terminal) is wanted


def test_colour_only_repeats_what_words_say() -> None:
    document = "CANNOT BE UNDONE\n  --accept a:b\nplain [CMK301]\n"
    out = io.StringIO()
    emit(document, Colour.always, out)

    assert "\x1b[" in out.getvalue()
    assert "".join(part.partition("m")[2] or part for part in out.getvalue().split("\x1b[")) == document


def test_plain_progress_says_each_thing_once() -> None:
    out = io.StringIO()
    waiting = Event(AT, "waiting", (sample.SERVER,), "wait_for_access.1", "60 s to go")
    with progress(Globals(), out) as observer:
        observer(Event(AT, "read", (sample.SERVER,), "x.1", "GET"))
        observer(waiting)
        observer(waiting)
        observer(Event(AT, "note", (), "", "the run\nbegins"))

    assert out.getvalue().splitlines() == [
        "2026-11-22T10:00:00Z sql-orders: wait_for_access waiting: 60 s to go",
        "2026-11-22T10:00:00Z note: the run\\nbegins",
    ]


def test_quiet_is_quiet_and_verbose_shows_reads() -> None:
    read = Event(AT, "read", (sample.SERVER,), "", "GET")
    for options, lines in ((Globals(quiet=True), 0), (Globals(verbose=1), 1)):
        out = io.StringIO()
        with progress(options, out) as observer:
            observer(read)
        assert len(out.getvalue().splitlines()) == lines


def test_a_terminal_gets_a_line_a_target(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    out = Terminal()
    with progress(Globals(), out) as observer:
        observer(Event(AT, "sending", (sample.SERVER,), "x.1", "first"))
        observer(Event(AT, "sent", (sample.SERVER,), "x.1", "second"))

    assert "sql-orders" in out.getvalue()


def test_accept_file_takes_comments_and_copied_options(tmp_path: Path) -> None:
    path = tmp_path / "accept.txt"
    path.write_text("# agreed in CHG-1\n  --accept a:b\nc:d  # twice\nc:d\n\n", encoding="utf-8")

    assert accepted(["e:f"], path) == ("e:f", "a:b", "c:d")


def test_accept_file_may_begin_with_the_mark_of_its_encoding(tmp_path: Path) -> None:
    """As Notepad and PowerShell write it. Fails: the first name is called surplus, and looks like one that was asked for."""
    path = tmp_path / "accept.txt"
    path.write_text("a:b\n", encoding="utf-8-sig")

    assert accepted([], path) == ("a:b",)


def test_the_digest_is_asked_for_at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    review = sample.review()
    monkeypatch.setattr("sys.stdin", Terminal(f"{review.short_digest}\n"))
    confirm(review, yes=False)
    for typed in ("yes\n", ""):
        monkeypatch.setattr("sys.stdin", Terminal(typed))
        with pytest.raises(RefusedError) as caught:
            confirm(review, yes=False)
        assert caught.value.code == codes.engine.NOT_CONFIRMED


def test_without_a_terminal_yes_must_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(sample.review().short_digest))
    with pytest.raises(RefusedError) as caught:
        confirm(sample.review(), yes=False)
    assert caught.value.exit_code == 4
