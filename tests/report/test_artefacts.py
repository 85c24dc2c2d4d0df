"""Files made beside a review. Without these a reader could approve other files than those that are carried out by hand, or a
review from elsewhere could write where it likes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.errors import InputError, ReviewError
from cmk_remediate.model.artefacts import ArtefactFile, folder_name, is_file_name
from cmk_remediate.model.review import Artefact, Review
from cmk_remediate.report import renderer
from tests.report import sample

if TYPE_CHECKING:
    from pathlib import Path

FILES = (
    ArtefactFile("pack-one/green.bicep", b"resource\n"),
    ArtefactFile("pack-one/checklist.md", "größer\n".encode()),
)


def review(*files: ArtefactFile, runs: str = "/runs") -> Review:
    named = tuple(Artefact(name=one.name, sha256=one.sha256) for one in files)
    return sample.review(artefacts=named, runs=runs).with_files(files)


def test_files_are_saved_as_the_review_names_them(tmp_path: Path) -> None:
    where = cmk.save_artefacts(review(*FILES), tmp_path / "new" / "folder")

    assert [one.removeprefix(f"{tmp_path}/new/folder/") for one in where] == [one.name for one in FILES]
    for path, file in zip(where, FILES, strict=True):
        with open(path, "rb") as found:  # noqa: PTH123 - a text, as the verb returns it
            assert hashlib.sha256(found.read()).hexdigest() == file.sha256


def test_a_review_saved_in_its_run_store_has_its_files_beside_it(tmp_path: Path) -> None:
    made = review(*FILES, runs=str(tmp_path))
    path = cmk.save_review(made)

    assert cmk.load_review(path).digest == made.digest
    for one in FILES:
        assert (tmp_path / "reviews" / made.digest / one.name).read_bytes() == one.content
    assert cmk.runs(tmp_path) == ()


def test_files_a_review_only_names_are_not_made_up(tmp_path: Path) -> None:
    cmk.save_review(review(*FILES), tmp_path / "review.json")
    with pytest.raises(InputError) as failure:
        cmk.save_artefacts(cmk.load_review(tmp_path / "review.json"), tmp_path)
    assert failure.value.code == codes.input_.ARTEFACT_NOT_AT_HAND


def test_a_file_that_is_not_the_reviewed_one_is_not_saved(tmp_path: Path) -> None:
    other = review(*FILES).with_files([ArtefactFile(FILES[0].name, b"another\n"), FILES[1]])
    with pytest.raises(InputError) as failure:
        cmk.save_artefacts(other, tmp_path)
    assert failure.value.code == codes.input_.ARTEFACT_NOT_AT_HAND
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError) as failure:
        cmk.save_artefacts(review(*FILES), tmp_path / "file")
    assert failure.value.code == codes.input_.OUTPUT_UNWRITABLE


def test_digests_are_within_the_reviews_own() -> None:
    assert review(*FILES).digest != review(FILES[0], ArtefactFile(FILES[1].name, b"")).digest


@pytest.mark.parametrize(
    "name", ["../x", "/etc/x", "a/../b", "a//b", "con", "a/NUL.txt", "a b", "a\\b", "", ".x", "a/", "ä", "a\n"]
)
def test_a_review_that_names_a_file_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    made = sample.review(artefacts=(Artefact(name=name, sha256="0" * 64),))
    cmk.save_review(made, tmp_path / "review.json")
    with pytest.raises(ReviewError) as failure:
        cmk.load_review(tmp_path / "review.json")
    assert failure.value.code == codes.input_.REVIEW_UNREADABLE
    with pytest.raises(ValueError, match="is no name of an artefact"):
        ArtefactFile(name, b"")


def test_two_files_of_one_name_are_refused_also_where_case_does_not_count(tmp_path: Path) -> None:
    made = sample.review(artefacts=(Artefact(name="a.md", sha256="0" * 64), Artefact(name="A.md", sha256="1" * 64)))
    cmk.save_review(made, tmp_path / "review.json")
    with pytest.raises(ReviewError):
        cmk.load_review(tmp_path / "review.json")


@given(st.text(), st.text())
def test_any_name_of_azure_makes_a_folder_of_its_own(one: str, other: str) -> None:
    assert is_file_name(folder_name(one, one))
    assert (folder_name(one, one) == folder_name(one, other)) is (one == other)


def test_a_reader_sees_names_and_digests_and_can_check_them() -> None:
    shown = renderer("text").review(review(*FILES))

    assert all(f"\n  {one.sha256}  {one.name}\n" in shown for one in FILES)
    assert all(one.sha256 in renderer("markdown").review(review(*FILES)) for one in FILES)
    assert "FILES MADE" not in renderer("text").review(review())
