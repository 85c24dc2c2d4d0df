"""Evidence files that were altered, forged or made to do harm.

Fails: an auditor takes for proven what somebody wrote into the file, or opening one costs the machine.
"""

from __future__ import annotations

import io
import json
import zipfile
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmk_remediate as cmk
from cmk_remediate import codes, simulator
from cmk_remediate.clock import parse_utc
from cmk_remediate.evidence import container, members, sums
from cmk_remediate.model.json_types import digest
from tests.e2e.estates import KEY, SERVER, one_server
from tests.hostile.profile import tries
from tests.hostile.test_runs import chained

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from cmk_remediate.model.evidence import EvidenceCheck

NAME = "evidence.zip"


@cache
def _made(folder: Path) -> tuple[bytes, ...]:
    """Make the evidence of a run and of another one, once."""
    found = []
    for number in range(2):
        scene, runs = one_server(present=False), folder / f"runs-{number}"
        azure = simulator.azure(estate=scene.estate, settings=simulator.Settings.immediate())
        review = cmk.dry_run(scene.plan, connection=azure.connection(), runs=runs)
        result = cmk.apply(review, connection=azure.connection(), accept=review.acknowledgements_required)
        assert result.exit_code == 0, result
        found.append(cmk.make_evidence(review.digest, connection=azure.connection(), runs=runs).content)
    return tuple(found)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Give the bytes of an evidence file."""
    return _made(tmp_path_factory.getbasetemp())[0]


@pytest.fixture(scope="module")
def parts(whole: bytes) -> dict[str, bytes]:
    """Give its members."""
    return unpacked(whole)


@pytest.fixture
def check(tmp_path: Path) -> Callable[[bytes], EvidenceCheck]:
    """Check bytes as a file."""

    def checked(data: bytes) -> EvidenceCheck:
        (tmp_path / NAME).write_bytes(data)
        return cmk.check_evidence(tmp_path / NAME)

    return checked


class Members(dict[str, bytes]):
    """Members by name; what failed with them is not printed with all of them."""

    def __repr__(self) -> str:
        return "<members>"


def unpacked(data: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return Members({name: file.read(name) for name in file.namelist()})


def forged(parts: dict[str, bytes], like: dict[str, bytes] | None = None) -> bytes:
    """Return the file somebody makes who alters members and then computes every sum anew; made when *like* was."""
    content = {name: parts[name] for name in members.ALL if name in parts}
    content[sums.NAME] = sums.sums({name: data for name, data in content.items() if name != sums.NAME})
    return container.write(content, made_at(like or parts))


def made_at(parts: dict[str, bytes]) -> datetime:
    return parse_utc(json.loads(parts["evidence.json"])["made"]["at"])


def altered(found: EvidenceCheck) -> dict[str, str]:
    """Return what is altered: by part, all that is said of it."""
    told: dict[str, str] = {}
    for part in found.parts:
        if part.verdict == "altered":
            told[part.part] = f"{told.get(part.part, '')} {part.text}"
    return told


def records(parts: dict[str, bytes]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in parts["journal.ndjson"].splitlines()]


def test_the_file_as_it_was_made_is_right(whole: bytes, check: Callable[[bytes], EvidenceCheck]) -> None:
    found = check(whole)

    assert altered(found) == {}
    assert found.exit_code == 0


@tries(80)
@given(st.data())
def test_any_byte_that_was_altered_is_noticed(
    whole: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Within a member, between members, in the zip's directory: everywhere."""
    directory = whole.index(b"PK\x01\x02")
    place = data.draw(st.one_of(st.integers(0, len(whole) - 1), st.integers(directory, len(whole) - 1)))
    flipped = bytearray(whole)
    flipped[place] ^= data.draw(st.integers(1, 255))
    path = tmp_path_factory.getbasetemp() / "flipped.zip"
    path.write_bytes(flipped)
    try:
        found = cmk.check_evidence(path)
    except cmk.CmkError as error:
        assert error.code in (codes.input_.EVIDENCE_ALTERED, codes.input_.EVIDENCE_UNREADABLE)  # noqa: PT017
    else:
        assert altered(found), place
        assert found.exit_code == 3


def test_a_byte_of_each_member_is_named_with_it(
    whole: bytes, parts: dict[str, bytes], check: Callable[[bytes], EvidenceCheck]
) -> None:
    for name, data in parts.items():
        place = whole.index(data) + len(data) // 2
        flipped = bytearray(whole)
        flipped[place] ^= 1
        try:
            found = check(bytes(flipped))
        except cmk.CmkError as error:
            assert name in str(error)  # noqa: PT017
        else:
            assert name in altered(found), (name, altered(found))


def test_bytes_hidden_in_the_zip_are_found(whole: bytes, check: Callable[[bytes], EvidenceCheck]) -> None:
    """As a comment, and before the directory: where no member is."""
    end, directory = whole.rindex(b"PK\x05\x06"), whole.index(b"PK\x01\x02")
    comment = whole[: end + 20] + b"\x04\x00well"
    between = bytearray(whole[:directory] + b"well" + whole[directory:])
    between[end + 4 + 16 : end + 4 + 20] = (directory + 4).to_bytes(4, "little")
    for data in (comment, bytes(between)):
        assert altered(check(data)).keys() == {"the zip"}


@pytest.mark.parametrize("name", [*members.ALWAYS, *members.OF_ROLLBACK[:1]])
def test_a_member_left_out_or_half_a_rollback_added_is_named(
    name: str, parts: dict[str, bytes], check: Callable[[bytes], EvidenceCheck]
) -> None:
    content = {one: data for one, data in parts.items() if one != name}
    if name in members.OF_ROLLBACK:
        content = {**parts, name: b"{}"}
    with pytest.raises(cmk.CmkError) as raised:
        check(container.write(content, made_at(parts)))

    assert raised.value.code == codes.input_.EVIDENCE_ALTERED
    assert (name if name in members.ALWAYS else "is missing") in str(raised.value)


def test_what_follows_from_the_journal_cannot_be_written_otherwise(
    parts: dict[str, bytes], check: Callable[[bytes], EvidenceCheck]
) -> None:
    """Somebody improves the body that was there before, the acceptances, the ids, the plan; and makes the sums anew."""
    for name in ("before.ndjson", "acceptances.json", "correlations.ndjson", "plan.json"):
        content = {**parts, name: parts[name].replace(b"sql", b"squ").replace(b"purge-protection", b"nothing")}
        assert content[name] != parts[name]
        assert list(altered(check(forged(content)))) == [name]


def test_a_journal_of_another_run_is_not_this_runs(
    parts: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory, check: Callable[[bytes], EvidenceCheck]
) -> None:
    other = unpacked(_made(tmp_path_factory.getbasetemp())[1])
    found = check(forged({**parts, "journal.ndjson": other["journal.ndjson"]}))

    assert "does not follow" in altered(found)["journal.ndjson:1"]
    assert found.exit_code == 3


def test_a_journal_cut_or_changed_in_the_middle_is_named_with_its_line(
    parts: dict[str, bytes], check: Callable[[bytes], EvidenceCheck]
) -> None:
    lines = parts["journal.ndjson"].splitlines(keepends=True)
    for journal, what in (
        (b"".join(lines[:3] + lines[4:]), "journal.ndjson:4"),
        (b"".join(lines)[:-5], "journal.ndjson"),
        (b"", "journal.ndjson"),
    ):
        assert what in altered(check(forged({**parts, "journal.ndjson": journal})))


def test_a_door_that_nobody_accepted_is_found(parts: dict[str, bytes], check: Callable[[bytes], EvidenceCheck]) -> None:
    """The chain is whole, for whoever wrote it computed it; but the review asks for an acceptance."""
    journal = records(parts)
    journal[0]["accepted"] = []
    run = journal[0]["run"]
    found = check(forged({**parts, "journal.ndjson": chained(run, journal)}))

    assert "not accepted: purge-protection:kv-cmk" in altered(found)["journal.ndjson"]


def test_a_step_or_a_resource_that_was_not_reviewed_is_found(
    parts: dict[str, bytes], check: Callable[[bytes], EvidenceCheck]
) -> None:
    journal = records(parts)
    index = next(number for number, one in enumerate(journal) if one["type"] == "intent")
    for name, value in (("resource_id", KEY.replace("kv-cmk", "kv-other")), ("step", "create_key.0123456789abcdef")):
        changed = [dict(one) for one in journal]
        changed[index][name] = value
        found = check(forged({**parts, "journal.ndjson": chained(journal[0]["run"], changed)}))
        assert value in altered(found)["journal.ndjson"]


def test_an_altered_review_is_found_whoever_computed_its_digest(
    parts: dict[str, bytes], check: Callable[[bytes], EvidenceCheck]
) -> None:
    review = json.loads(parts["review.json"])
    review["acknowledgements_required"] = []
    assert "review.json" in altered(check(forged({**parts, "review.json": json.dumps(review).encode()})))
    del review["digest"]
    resealed = json.dumps({**review, "digest": digest(review)}).encode()
    found = check(forged({**parts, "review.json": resealed}))

    assert "not of this run" in altered(found)["review.json"]


def test_a_body_that_was_improved_or_spoiled_is_judged_anew(
    parts: dict[str, bytes], check: Callable[[bytes], EvidenceCheck]
) -> None:
    """The protector is on the platform's key in the body, and the summary says that all is right."""
    rows = [json.loads(line) for line in parts["after.ndjson"].splitlines()]
    (row,) = [one for one in rows if one["resource_id"] == f"{SERVER}/encryptionProtector/current"]
    row["body"]["properties"]["serverKeyType"] = "ServiceManaged"
    after = b"".join(json.dumps(one).encode() + b"\n" for one in rows)
    found = check(forged({**parts, "after.ndjson": after}))

    assert f"{SERVER} is wrong" in altered(found)["after.ndjson"]
    assert found.exit_code == 3


def test_a_summary_that_says_otherwise_than_the_rest_is_found(
    parts: dict[str, bytes], check: Callable[[bytes], EvidenceCheck]
) -> None:
    manifest = json.loads(parts["evidence.json"])
    manifest["ends"][0]["end"] = "in progress"
    assert "ends" in altered(check(forged({**parts, "evidence.json": json.dumps(manifest).encode()})))["evidence.json"]
    manifest = json.loads(parts["evidence.json"])
    manifest["rolled_back_by"] = "0" * 64
    found = check(forged({**parts, "evidence.json": json.dumps(manifest).encode()}))
    assert "the journal says nothing" in altered(found)["evidence.json"]


def test_evidence_that_is_older_than_its_journal_is_found(
    parts: dict[str, bytes], check: Callable[[bytes], EvidenceCheck]
) -> None:
    manifest = json.loads(parts["evidence.json"])
    manifest["made"]["at"] = "2020-01-01T00:00:00Z"
    found = check(forged({**parts, "evidence.json": json.dumps(manifest).encode()}))

    assert "before the last record" in altered(found)["evidence.json"]


def test_what_another_version_made_is_not_called_altered(
    parts: dict[str, bytes], check: Callable[[bytes], EvidenceCheck]
) -> None:
    """A step of a later version, or another judgement: this version says that it cannot tell."""
    manifest = json.loads(parts["evidence.json"])
    manifest["made"]["with"] = "cmk_remediate 9.9.9"
    rows = parts["after.ndjson"].splitlines(keepends=True)
    found = check(forged({**parts, "evidence.json": json.dumps(manifest).encode(), "after.ndjson": b"".join(rows[1:])}))

    assert [part.verdict for part in found.parts if part.part == "after.ndjson"] == ["not judged"]
    assert found.verification is None
    assert found.exit_code in (2, 3)


def test_another_format_is_said_to_be_one(parts: dict[str, bytes], check: Callable[[bytes], EvidenceCheck]) -> None:
    manifest = json.loads(parts["evidence.json"])
    manifest["format_version"] = "2.0"
    with pytest.raises(cmk.CmkError) as raised:
        check(forged({**parts, "evidence.json": json.dumps(manifest).encode()}))

    assert raised.value.code == codes.input_.EVIDENCE_UNREADABLE
    assert "2.0" in raised.value.cause


def _zip(*entries: tuple[str, bytes], how: int = zipfile.ZIP_STORED, rights: int = 0o100644) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as file:
        for name, data in entries:
            info = zipfile.ZipInfo(name)
            info.external_attr, info.compress_type = rights << 16, how
            file.writestr(info, data)
    return out.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_made_to_do_harm_is_refused_at_once(check: Callable[[bytes], EvidenceCheck]) -> None:
    harm = {
        "bomb": _zip(("journal.ndjson", b"\0" * 50_000_000), how=zipfile.ZIP_DEFLATED),
        "up": _zip(("../../etc/cron.d/x", b"x")),
        "absolute": _zip(("/etc/passwd", b"x")),
        "drive": _zip(("C:\\x", b"x")),
        "link": _zip(("review.json", b"/etc/passwd"), rights=0o120777),
        "folder": _zip(("rollback/", b"")),
        "twice": _zip(("review.json", b"{}"), ("review.json", b"{ }")),
        "many": _zip(*((f"{number}.json", b"") for number in range(20_000))),
        "other case": _zip(("REVIEW.JSON", b"{}")),
        "empty": _zip(),
        "no zip": b"%PDF-1.7",
        "nothing": b"",
        "half": _zip(("review.json", b"{}" * 100))[:60],
    }
    for what, data in harm.items():
        with pytest.raises(cmk.CmkError) as raised:
            check(data)
        wanted = (codes.input_.EVIDENCE_UNREADABLE, codes.input_.EVIDENCE_ALTERED)
        assert raised.value.code in wanted, what


def test_a_file_that_is_not_there_or_a_folder_is_said(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.zip", tmp_path):
        with pytest.raises(cmk.CmkError) as raised:
            cmk.check_evidence(path)
        assert raised.value.code == codes.input_.EVIDENCE_UNREADABLE


WRITTEN = [one for one in members.ALWAYS if one not in (sums.NAME, members.README)]


@tries(25)
@given(
    name=st.sampled_from(WRITTEN),
    place=st.integers(0, 2**20),
    cut=st.integers(0, 200),
    put=st.sampled_from((b"", b"null", b"[]", b"{}", b"9" * 5000, b"\xff", b"\n", b"[" * 100_000)),
)
def test_members_with_anything_in_them_are_refused_or_found_altered(
    parts: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory, name: str, place: int, cut: int, put: bytes
) -> None:
    """By somebody who computes the sums: no traceback, whatever stands there.

    What only the sums hold, as who made it and a body that is judged as before, can be written anew: the page says so.
    """
    whole = parts[name]
    start = place % len(whole)
    content = whole[:start] + put + whole[start + cut :]
    if content == whole:
        return
    path = tmp_path_factory.getbasetemp() / "spliced.zip"
    path.write_bytes(forged({**parts, name: content}, parts))
    try:
        found = cmk.check_evidence(path)
    except cmk.CmkError as error:
        assert error.code != codes.engine.BUG  # noqa: PT017
    else:
        assert found.exit_code == 3 or name in ("evidence.json", members.AFTER)
