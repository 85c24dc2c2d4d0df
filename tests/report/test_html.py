"""Without these a change board could look at a page that lacks a door, obeys a resource's name, or needs a network."""

from __future__ import annotations

import json
import re
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.cli import main
from cmk_remediate.errors import InputError
from cmk_remediate.model.findings import Assessment
from cmk_remediate.model.review import Review
from cmk_remediate.report import render, renderer
from cmk_remediate.report.html import page
from cmk_remediate.report.words import plain
from tests.assessment.made import assessment
from tests.report import sample, sample_assessment
from tests.report.markup import Markup
from tests.report.test_text import HOSTILE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path


WORDS = ("action", "role", "format_version", "digest")
"""Members of a review that take one of a few words."""
WORDS_OF_ASSESSMENT = ("format_version", "verdict", "downtime", "state")
ELSEWHERE = re.compile(r"https?:|//|url\((?!#)|@import")


def changed(found: Any, change: Callable[[str], str], name: str = "", words: Collection[str] = WORDS) -> Any:
    """Return the JSON *found* with every text but those of a few *words* changed."""
    if isinstance(found, dict):
        literal = found.get("kind") in ("reversible", "kept", "one-way")
        return {
            key: one if literal and key == "kind" else changed(one, change, key, words) for key, one in found.items()
        }
    if isinstance(found, list):
        return [changed(one, change, name, words) for one in found]
    return change(found) if isinstance(found, str) and name not in words else found


def review_with(change: Callable[[str], str]) -> Review:
    document = changed(sample.review().to_json(), change)
    document["made"]["with_"] = document["made"].pop("with")
    return Review.model_validate_json(json.dumps(document)).sealed()


def assessment_with(change: Callable[[str], str]) -> Assessment:
    document = changed(sample_assessment.whole().to_json(), change, words=WORDS_OF_ASSESSMENT)
    document["made"]["with_"] = document["made"].pop("with")
    return Assessment.model_validate_json(json.dumps(document))


def armed(text: str) -> str:
    """Return *text* with all that a page could obey behind it."""
    return f'{text}{HOSTILE}\' onload="pwned()" --></style></title>{{{{ 7*7 }}}}' + "w" * 300


def tamed(text: str) -> str:
    """Return the same with what opens an element, an attribute or an entity taken out."""
    return armed(text).translate(str.maketrans("<>\"'&{}", "()__+()"))


def hostile() -> Review:
    """Return a review in which every name, reason and value does what it can."""
    return review_with(armed)


def hostile_assessment() -> Assessment:
    """Return an assessment in which every name, tag and value does what it can."""
    return assessment_with(armed)


def documents() -> Mapping[str, str]:
    made = renderer("html")
    return {
        "review": made.review(sample.review()),
        "bracket": made.review(sample.bracket()),
        "rollback": made.review(sample.rollback()),
        "hostile": made.review(hostile()),
        "run": made.run(sample.result()),
        "verification": made.verification(sample.VERIFICATION),
        "assessment": made.assessment(sample_assessment.whole()),
        "hostile assessment": made.assessment(hostile_assessment()),
        "empty assessment": made.assessment(assessment()),
        "evidence": made.evidence(sample.CHECK),
        "runs": made.runs(sample.RUNS),
        "requests": made.requests(sample.REQUESTS),
    }


NAMES = (
    *("review", "bracket", "rollback", "hostile", "run", "verification"),
    *("assessment", "hostile assessment", "empty assessment", "evidence", "runs", "requests"),
)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_one_file_that_needs_nothing_else(name: str) -> None:
    document = documents()[name]
    found = Markup(document)
    sheet = document[document.index("<style>") : document.index("</style>")]

    assert set(found.tags) & {"script", "iframe", "img", "object", "embed", "form", "input", "base", "audio"} == set()
    assert [one for one in found.attributes if one[1].startswith("on")] == []
    assert all(link.startswith(("#", "data:,")) for link in found.all_of("href"))
    assert found.all_of("src") == []
    assert ELSEWHERE.search(sheet) is None
    assert "default-src 'none'" in " ".join(found.all_of("content"))


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_in_order(name: str) -> None:
    document = documents()[name]
    found = Markup(document)
    ids = found.all_of("id")
    levels = [int(tag[1]) for tag in found.tags if re.fullmatch(r"h[1-6]", tag)]

    assert document.startswith("<!DOCTYPE html>\n")
    assert document.endswith("</html>\n")
    assert found.wrong == []
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in found.all_of("href") if link.startswith("#")} <= set(ids)
    assert {one for names in found.all_of("aria-labelledby") for one in names.split()} <= set(ids)
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels)), levels
    assert [found.tags.count(tag) for tag in ("header", "main", "footer", "title")] == [1, 1, 1, 1]
    assert found.tags.count("table") == found.tags.count("caption")
    assert found.all_of("lang") == ["en"]


@pytest.mark.parametrize("made", [review_with, assessment_with])
def test_every_text_of_a_hostile_report_stays_text(made: Callable[[Callable[[str], str]], Review | Assessment]) -> None:
    """The page has the same elements whether what would open one stands in its names or not."""
    document = render(made(armed), "html")

    assert document.isascii()
    assert all(one == "\n" or " " <= one <= "~" for one in document)
    assert Markup(document).tags == Markup(render(made(tamed), "html")).tags
    assert "{{ 7*7 }}" in Markup(document).said()


def test_the_page_holds_all_that_a_board_has_to_know() -> None:
    review = sample.review()
    said = Markup(render(review, "html")).said()
    of_steps = [
        text
        for step in review.steps
        for text in (step.waits or "", step.downtime, *(one.action for one in step.permissions))
        if text
    ]
    of_lines = [
        line.reversibility.why
        for step in review.steps
        if step.action != "none"
        for line in step.lines
        if line.reversibility
    ]
    of_notes = [note.text for note in review.notes]

    for text in (
        review.digest,
        review.expires,
        review.made.at,
        review.tenant,
        review.runs,
        *of_steps,
        *of_lines,
        *of_notes,
    ):
        assert plain(text) in said, text
    for target in review.targets:
        assert target.id in said
        assert target.state in said
        assert target.blocked is None or (target.blocked.why in said and target.blocked.next in said)
    for code in ("CMK301", "CMK309", "CMK206", "CMK601", "CMK603"):
        assert codes.CODES[code].meaning in said


def test_before_and_after_stand_beside_their_property() -> None:
    document = render(sample.review(), "html")
    rows = re.findall(r'<tr role="row"><th scope="row" role="rowheader">.*?</tr>', document, re.DOTALL)
    told = [re.sub(r"<[^>]+>", " ", row).split() for row in rows]

    assert ["properties.serverKeyType", "ServiceManaged", "AzureKeyVault"] in told
    assert ["properties.uri", "(none)", "(known", "after", "apply)"] in told
    assert ["properties.networkAcls", "{&#34;bypass&#34;:", "&#34;None&#34;}", "sent", "along", "unchanged"] in told


def test_doors_and_acceptances_stand_above_the_targets() -> None:
    names = ("purge-protection:kv-orders", "outage:vm-orders")
    document = render(sample.review(acknowledgements_required=names), "html")
    top = document[: document.index('id="targets"')]

    assert "nobody can turn purge protection off again" in top
    assert "<pre><code>purge-protection:kv-orders\noutage:vm-orders\n</code></pre>" in top
    assert "none for clients; new key operations wait a few seconds" in top


def test_the_page_of_a_rollback_says_what_it_undoes_and_how() -> None:
    document = render(sample.rollback(), "html")
    said = Markup(document).said()

    assert "What undoing a run would do Rollback review" in said
    assert "What stays as it is, and why" in said
    assert sample.KEPT.why in said
    named = render(Review(**{**dict(sample.rollback()), "acknowledgements_required": ("outage:vm",)}), "html")
    assert f"cmk-remediate rollback {sample.RUN[:8]} --accept-file" in Markup(named).said()


def test_every_drawing_is_told_in_words_or_only_decoration() -> None:
    document = render(sample.bracket(), "html")
    drawings = re.findall(r"<svg ([^>]*)>", document)
    outer = [one for one in drawings if 'x="' not in one]

    assert len(outer) > 5
    assert all("aria-hidden" in one or ('role="img"' in one and 'aria-label="From ' in one) for one in outer)
    assert "Of that it is down for 2 min 30 s as usual, 1 h 30 min at worst." in Markup(document).said()


def test_downtime_of_a_single_step_stands_under_its_picture() -> None:
    said = Markup(render(sample.review(), "html")).said()

    assert "Downtime in step 6: none for clients; new key operations wait a few seconds." in said
    assert "down for 2 min 30 s, at worst 1 h 30 min" in Markup(render(sample.bracket(), "html")).said()


def test_alarms_are_the_first_thing_of_a_run() -> None:
    said = Markup(render(sample.result(), "html")).said()

    assert said.index("mixed: set_protector") < said.index("How each target ended")


@pytest.fixture
def without_jinja2(monkeypatch: pytest.MonkeyPatch) -> None:
    page._environment.cache_clear()
    monkeypatch.setitem(sys.modules, "jinja2", None)


@pytest.mark.usefixtures("without_jinja2")
def test_a_library_without_the_extra_says_what_to_install() -> None:
    with pytest.raises(InputError) as caught:
        render(sample.review(), "html")

    assert caught.value.code == codes.input_.REPORT_EXTRA_MISSING
    assert "cmk-remediate[report]" in caught.value.hint
    assert render(sample.review(), "text").startswith("Review ")


@pytest.mark.usefixtures("without_jinja2")
def test_it_says_so_before_any_work_is_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--simulate", str(tmp_path / "az.json"), "dry-run", str(tmp_path / "no.yaml"), "--format", "html"])

    assert code == 1
    assert "error[CMK141]" in capsys.readouterr().err
    assert not (tmp_path / "az.json").exists()


def test_a_page_grows_with_its_targets_and_no_faster(figures: Callable[[str], None]) -> None:
    sizes = []
    for number in (100, 400):
        made = sample.review().targets[0]
        targets = tuple(made.model_copy(update={"id": f"{sample.SERVER}{index}"}) for index in range(number))
        sizes.append(len(render(sample.review(targets=targets), "html")))

    figures(f"a page of 100 targets has {sizes[0]} bytes, of 400 {sizes[1]}")
    assert sizes[1] < 4 * sizes[0]


def test_render_is_public() -> None:
    assert cmk.render(sample.review(), "html").startswith("<!DOCTYPE html>")
