"""Every error Azure is known to answer, judged: fails, a run waits twenty minutes for nothing, or gives up a minute too early.

With the recordings at hand (CMK_REMEDIATE_REFERENCE), that no code and no text of theirs is missing here.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cmk_remediate.connection.calls import Reply
from cmk_remediate.connection.classify import judge_operation, judge_reply
from cmk_remediate.connection.errors_text import azure_says
from cmk_remediate.connection.verdicts import TABLES
from cmk_remediate.connection.verdicts.arm import BY_STATUS, UNCLEAR_CODES
from cmk_remediate.connection.verdicts.kinds import ReadFirst
from cmk_remediate.model.outcomes import NotYet, Refused
from tests.connection.error_table import FOLDER, Error, errors, word
from tests.connection.table import START

if TYPE_CHECKING:
    from collections.abc import Iterator

ERRORS = errors()
REFERENCE = os.environ.get("CMK_REMEDIATE_REFERENCE", "")
reference = pytest.mark.skipif(
    not REFERENCE, reason="CMK_REMEDIATE_REFERENCE does not name the folder of facts and recordings"
)

SAYS: dict[str, tuple[str, ...]] = {
    "not-yet": ("access", "access?", "replication"),
    "transient": ("busy", "busy?", "throttled"),
    "refused": ("CMK",),
    "already-done": ("read",),
    "unclear": ("read",),
}


def name(error: Error) -> str:
    return f"{error.namespace.rpartition('.')[2] or 'any'} {error.code or error.text[:40]}"


def envelope(error: Error) -> dict[str, Any]:
    return {"error": {"code": error.code or "Unheard", "message": error.text or "Some words."}}


def first_reply(error: Error) -> Reply:
    return Reply(error.status, {}, json.dumps(envelope(error)).encode(), START)


@pytest.mark.parametrize("error", ERRORS, ids=name)
def test_what_an_error_means(error: Error) -> None:
    outcome = judge_reply(first_reply(error), error.namespace)
    assert word(outcome) == error.says
    assert error.says.startswith(SAYS[error.kind])
    shown = outcome.azure_code if isinstance(outcome, Refused) else outcome.code if isinstance(outcome, NotYet) else ""
    assert shown in ("", error.code or "Unheard")
    assert (error.text or "Some words.") in outcome.text


@pytest.mark.parametrize("error", ERRORS, ids=name)
def test_a_failed_operation_means_the_same(error: Error) -> None:
    body = {"name": "1", "status": "Failed", **envelope(error)}
    outcome = judge_operation(body, error.namespace)
    assert word(outcome) == error.says


@pytest.mark.parametrize("error", [one for one in ERRORS if one.code], ids=name)
def test_the_innermost_code_counts(error: Error) -> None:
    inner = {"code": error.code, "message": error.text}
    body = {"error": {"code": "Conflict", "message": error.text or "Some words.", "innererror": inner}}
    reply = Reply(error.status, {}, json.dumps(body).encode(), START)
    assert word(judge_reply(reply, error.namespace)) == error.says


@pytest.mark.parametrize("error", [one for one in ERRORS if one.kind == "already-done"], ids=name)
def test_what_is_there_already_is_known_as_such(error: Error) -> None:
    found = [table.codes[error.code.lower()] for table in TABLES if error.code.lower() in table.codes]
    assert [one for one in found if isinstance(one, ReadFirst) and one.there] == found != []


def test_every_row_of_the_product_is_told_here_a_second_time() -> None:
    told = {error.code.lower() for error in ERRORS}
    texts = [error.text.lower() for error in ERRORS]
    for table in TABLES:
        assert {*table.codes, *table.vague} - told == set(), table.namespace
        parts = [part for part, _ in table.texts] + [part for _, part, _ in table.said]
        assert [part for part in parts if not any(part in text for text in texts)] == [], table.namespace


def test_every_row_of_the_product_names_its_source() -> None:
    for table in TABLES:
        verdicts = [*table.codes.values(), *table.vague.values()]
        verdicts += [verdict for _, _, verdict in table.said] + [verdict for _, verdict in table.texts]
        assert all(verdict.source for verdict in verdicts)
    assert all(verdict.source for verdict in BY_STATUS.values())


def test_rows_are_in_lower_case_and_once() -> None:
    for table in TABLES:
        keys = [
            *table.codes,
            *table.vague,
            *(one[0] for one in table.texts),
            *(part for one in table.said for part in one[:2]),
        ]
        assert [key for key in keys if key != key.lower()] == []
        assert not set(table.codes) & set(table.vague)
        assert not set(table.codes) & UNCLEAR_CODES
    named = [table.namespace for table in TABLES if table.namespace]
    assert len(named) == len(set(named))


# -- nothing missing -----------------------------------------------------------------------------------------------------

NO_ERRORS = (FOLDER / "no_errors.txt").read_text(encoding="utf-8").split("\n")
"""Words and texts of the facts that are written like codes and messages and are none."""

_CODE = re.compile(r"\b[A-Z][A-Za-z0-9]*\b")
_PARTS = re.compile(r"[A-Z]+[a-z0-9]*|[a-z0-9]+")
_QUOTED = re.compile(r'"([^"]{12,})"')


def pages() -> Iterator[tuple[str, str]]:
    for path in sorted((Path(REFERENCE) / "facts").glob("*.md")):
        yield path.name, path.read_text(encoding="utf-8")


def codes_in(text: str) -> set[str]:
    """Return the words written as error codes are: several words in one, each with a capital."""
    return {found for found in _CODE.findall(text) if len(_PARTS.findall(found)) > 1 and re.search("[a-z][A-Z]", found)}


def about_errors(text: str) -> Iterator[str]:
    """Go through the lines of the sections on errors."""
    inside = False
    for line in text.splitlines():
        if line.startswith("## "):
            inside = "error" in line.lower()
        if inside:
            yield line


@reference
def test_no_code_of_the_facts_is_missing() -> None:
    told = {error.code.lower() for error in ERRORS} | {word.lower() for word in NO_ERRORS}
    missing = {page: sorted(one for one in codes_in(text) if one.lower() not in told) for page, text in pages()}
    assert {page: found for page, found in missing.items() if found} == {}


@reference
def test_no_text_of_the_facts_is_missing() -> None:
    told = {error.text for error in ERRORS} | set(NO_ERRORS)
    quoted = [(page, said) for page, text in pages() for line in about_errors(text) for said in _QUOTED.findall(line)]
    assert len(quoted) > 30
    assert [(page, said) for page, said in quoted if " " in said and said not in told] == []


@reference
def test_what_is_no_error_is_still_in_the_facts() -> None:
    whole = "\n".join(text for _, text in pages())
    assert [one for one in NO_ERRORS if one and one not in whole] == []


@reference
def test_no_error_of_the_recordings_is_missing() -> None:
    told = {error.code.lower() for error in ERRORS}
    missing, answers = set(), 0
    for path in sorted((Path(REFERENCE) / "recordings/sequences").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            recorded = json.loads(line)
            body = recorded["response_body"]
            if recorded["status"] < 400 and not (isinstance(body, dict) and body.get("error")):
                continue
            answers += 1
            missing |= {code for code in azure_says(body).codes if code.lower() not in told}
    assert missing == set()
    assert answers > 30
