"""Without these a page could ask for something, hide text from a reader with weak eyes, or not be usable without a mouse."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import cmk_remediate as cmk
from cmk_remediate import simulator
from cmk_remediate.report import renderer
from tests.report import looking, sample, sample_assessment
from tests.report.test_html import hostile, hostile_assessment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.report.browser import Browser, Page

PLANS = Path(__file__).parents[2] / "plans"


@cache
def document(name: str) -> str:
    """Return the page *name*: of a shipped plan's review, of a hand-made one, or of a result."""
    made = renderer("html")
    if name.endswith(".yaml"):
        return made.review(cmk.dry_run(str(PLANS / name), connection=simulator.open(), runs="runs"))
    if name == "run":
        return made.run(sample.result())
    if name == "verification":
        return made.verification(sample.VERIFICATION)
    if name == "assessment":
        return made.assessment(sample_assessment.whole())
    if name == "hostile assessment":
        return made.assessment(hostile_assessment())
    if name == "hostile run":
        targets = tuple(replace(one, text=f"{one.text}<script>pwned()</script>") for one in sample.result().targets)
        return made.run(sample.result(targets=targets, alarms=("<img src=x onerror=pwned()>" + "w" * 400,)))
    if name == "requests":
        return made.requests(sample.REQUESTS)
    reviews = {"review": sample.review, "bracket": sample.bracket, "rollback": sample.rollback, "hostile": hostile}
    return made.review(reviews[name]())


NAMES = (
    *("sql.yaml", "managed-disks.yaml", "redis-enterprise.yaml", "review", "bracket", "rollback", "hostile"),
    *("run", "verification", "hostile run", "requests", "assessment", "hostile assessment"),
)


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Return what opens a page by its name."""
    with browser.page() as page:

        def open_(name: str, width: int = 1200, scheme: str = "light") -> Page:
            path = tmp_path / "page.html"
            path.write_text(document(name), encoding="utf-8")
            page.window(width, scheme=scheme)
            page.show(path.as_uri())
            return page

        yield open_


@pytest.mark.parametrize("name", NAMES)
def test_a_page_asks_for_nothing_and_says_nothing(opened: Callable[..., Page], name: str) -> None:
    page = opened(name)
    page.ask(looking.UNFOLD)
    page.picture(whole=False)

    assert [Path(url).name for url in page.requests] == ["page.html"]
    assert page.said == []
    assert page.ask(looking.SCRIPTS) == 0
    assert page.ask("typeof pwned") == "undefined"


@pytest.mark.parametrize("name", NAMES)
def test_nothing_sticks_out_at_the_side(opened: Callable[..., Page], name: str) -> None:
    page = opened(name)
    page.ask(looking.UNFOLD)
    for width in (1200, 760, 400, 320):
        page.window(width)
        whole, window = page.ask(looking.WIDTHS)

        assert window == width
        assert whole <= width
        assert page.ask(looking.TOO_WIDE) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_text_stands_out_from_what_is_behind_it(
    opened: Callable[..., Page], name: str, figures: Callable[[str], None]
) -> None:
    page = opened(name)
    page.ask(looking.UNFOLD)
    for scheme in ("light", "dark"):
        page.window(1200, scheme=scheme)
        found = page.ask(looking.FAINT)

        figures(f"{scheme}: {found['measured']} texts, the faintest at {found['least']:.2f}")
        assert found["measured"] > 10
        assert found["faint"] == []
        assert found["least"] >= 4.5
        assert page.ask(looking.FAINT_DRAWN) == []


def test_light_and_dark_are_what_the_reader_asks_for(opened: Callable[..., Page]) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    page = opened("review")
    light = page.ask(ground)
    page.window(1200, scheme="dark")

    assert light == "rgb(246, 247, 249)"
    assert page.ask(ground) == "rgb(18, 22, 27)"


def test_the_check_of_contrast_finds_what_is_too_faint(opened: Callable[..., Page]) -> None:
    page = opened("review")
    page.ask("document.querySelector('h1').style.color = '#9aa'")

    assert [one.split(" ", 1)[1] for one in page.ask(looking.FAINT)["faint"]] == [
        f"Review {sample.review().short_digest}"
    ]


def test_the_check_of_width_finds_what_sticks_out(opened: Callable[..., Page]) -> None:
    page = opened("review", 400)
    page.ask("document.querySelector('h1').style.width = '500px'")

    assert page.ask(looking.WIDTHS)[0] > 400
    assert [one.split()[0] for one in page.ask(looking.TOO_WIDE)] == ["H1"]


def test_the_page_forbids_itself_to_ask_for_anything(opened: Callable[..., Page]) -> None:
    """Were anything smuggled into a page after all, its own policy would stop it."""
    page = opened("review")
    page.ask(
        "new Promise(done => { const one = new Image(); one.onerror = done; one.src = 'http://127.0.0.1:9/pixel' })"
    )

    assert any("Content Security Policy" in one for one in page.said)


@pytest.mark.parametrize("name", ["managed-disks.yaml", "hostile", "verification", "assessment"])
def test_a_keyboard_reaches_everything_in_its_order(opened: Callable[..., Page], name: str) -> None:
    page = opened(name)
    expected = page.ask(looking.FOCUSABLE)
    reached = []
    for _ in expected:
        page.press("Tab")
        focused = page.ask(looking.FOCUSED)
        reached.append(focused["name"])
        assert focused["ring"], focused
        assert focused["seen"], focused

    assert expected[0] == "A Skip to the content"
    assert reached == expected


def test_the_skip_link_leads_past_the_top(opened: Callable[..., Page]) -> None:
    page = opened("review")
    page.press("Tab")
    page.press("Enter")
    page.press("Tab")

    assert page.ask("document.activeElement.closest('main') !== null")


def test_what_is_folded_away_opens_with_a_key(opened: Callable[..., Page]) -> None:
    page = opened("review")
    page.ask("document.querySelector('summary').focus()")
    page.press("Enter")

    assert page.ask("document.querySelector('details').open")


def test_a_screen_reader_is_told_the_parts_and_keeps_its_tables_on_a_phone(opened: Callable[..., Page]) -> None:
    page = opened("bracket", 400)
    nodes = page.send("Accessibility.getFullAXTree")["nodes"]
    roles = [str(node.get("role", {}).get("value")) for node in nodes]
    pictures = [node["name"]["value"] for node in nodes if node.get("role", {}).get("value") in ("image", "img")]

    assert [roles.count(one) for one in ("banner", "navigation", "main", "contentinfo")] == [1, 1, 1, 1]
    assert roles.count("table") == page.ask("document.querySelectorAll('table').length")
    assert roles.count("rowheader") > 4
    assert "From 65 s to 95 s after the first step; at worst it takes 30 min" in " ".join(pictures)
    assert sum("A one-way door" in one for one in pictures) == 1
    assert sum("Within the outage" in one for one in pictures) == 3


def test_print_unfolds_everything_in_black_on_white(opened: Callable[..., Page]) -> None:
    page = opened("managed-disks.yaml", scheme="dark")
    folded = len(page.ask(looking.UNSEEN_IN_PRINT))
    page.window(800, scheme="dark", media="print")

    assert folded >= 3
    assert page.ask(looking.UNSEEN_IN_PRINT) == []
    assert page.ask("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.ask("document.querySelector('.decision').checkVisibility()")
    assert not page.ask("document.querySelector('nav').checkVisibility()")
    assert page.ask(looking.FAINT)["faint"] == []
    assert page.pdf().startswith(b"%PDF-")


def test_a_screen_reader_is_told_the_figures_of_an_assessment(opened: Callable[..., Page]) -> None:
    page = opened("assessment", 400)
    nodes = page.send("Accessibility.getFullAXTree")["nodes"]
    named = [(str(node.get("role", {}).get("value")), str(node.get("name", {}).get("value", ""))) for node in nodes]
    pictures = [name for role, name in named if role in ("image", "img")]

    assert pictures == ["5 not compliant, 1 unknown, 1 in progress, 1 not ours, 2 compliant"]
    assert {"Compliant, by service", "Compliant, by owner", "How the keys in use are rotated"} <= {
        name for role, name in named if role == "table"
    }
    assert ("cell", "20 %, 1 of 5 1 exempt, 1 not ours") in named


def test_print_unfolds_every_finding(opened: Callable[..., Page]) -> None:
    page = opened("assessment", scheme="dark")
    folded = len(page.ask(looking.UNSEEN_IN_PRINT))
    page.window(800, scheme="dark", media="print")

    assert folded > 10
    assert page.ask(looking.UNSEEN_IN_PRINT) == []
    assert page.ask(looking.FAINT)["faint"] == []
    assert page.pdf().startswith(b"%PDF-")
