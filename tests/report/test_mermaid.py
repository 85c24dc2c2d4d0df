"""Without these the picture of a review could hide a door, or a resource's name draw what it likes."""

from __future__ import annotations

import re

from cmk_remediate.report.mermaid import MOST, flowchart
from cmk_remediate.report.view import ReviewView
from tests.report import sample
from tests.report.test_text import HOSTILE

NODE = re.compile(r"^ *s(\d+)[\[({]")


def test_steps_that_do_something_are_drawn_with_what_they_wait_for() -> None:
    view = ReviewView(sample.review())
    chart = flowchart(view)
    drawn = {int(found[1]) for line in chart.splitlines() if (found := NODE.match(line))}
    assert drawn == {view.numbers[step.id] for step in sample.steps() if step.action not in ("none", "keep")}
    for door in view.doors:
        (line,) = [line for line in chart.splitlines() if line.strip().startswith(f"s{view.numbers[door.step.id]}{{{{")]
        assert line.endswith(":::door")
    assert {int(name) for edge in re.findall(r"s(\d+) (?:-->|==>|-\.->) s(\d+)", chart) for name in edge} <= drawn


def test_brackets_are_marked_and_what_follows_from_other_edges_is_not_drawn() -> None:
    stop = sample.step("deallocate", sample.SERVER, "stop")
    move = sample.step("set_protector", sample.SERVER, "update", needs=(stop.id,))
    start = sample.step("start", sample.SERVER, "start", needs=(stop.id,), after=(move.id,), closes=stop.id)
    review = sample.review(steps=(stop, move, start), targets=(sample.target(stop.id, move.id, start.id),))
    chart = flowchart(ReviewView(review))
    assert re.search(r's1\(\[".*: opens a bracket"\]\):::bracket', chart)
    assert re.search(r's3\(\[".*: closes the bracket"\]\):::bracket', chart)
    assert re.findall(r"s\d .*> s\d", chart) == ["s1 --> s2", "s2 -.-> s3"]


def test_a_hostile_name_draws_nothing() -> None:
    steps = (sample.step("set_protector", f"{sample.SERVER}{HOSTILE}", "update", reason=HOSTILE),)
    chart = flowchart(ReviewView(sample.review(steps=steps, targets=(sample.target(steps[0].id),))))
    labels = re.findall(r'"([^"]*)"', chart)
    assert labels
    assert all(re.fullmatch(r"[0-9A-Za-z .,:/_()#;-]*", label) for label in labels)
    assert len(chart.splitlines()) == 6


def test_targets_that_look_alike_are_drawn_once_and_the_chart_stays_readable() -> None:
    steps, targets = [], []
    for number in range(400):
        server = f"{sample.GROUP}/providers/Microsoft.Sql/servers/sql-{number}"
        mine = sample.step("set_protector", server, "update", id=f"set_protector.{number}")
        steps.append(mine)
        targets.append(sample.target(mine.id, id=server))
    chart = flowchart(ReviewView(sample.review(steps=tuple(steps), targets=tuple(targets))))
    assert 'subgraph target1["sql-0 and 399 alike"]' in chart
    assert len([line for line in chart.splitlines() if NODE.match(line)]) == 1


def test_more_than_can_be_read_is_counted() -> None:
    steps = tuple(sample.step(f"kind_{number}", sample.SERVER, "update") for number in range(MOST + 5))
    chart = flowchart(ReviewView(sample.review(steps=steps, targets=(sample.target(*(one.id for one in steps)),))))
    assert len([line for line in chart.splitlines() if NODE.match(line)]) == MOST
    assert "5 steps not drawn" in chart


def test_nothing_to_do_is_not_drawn() -> None:
    steps = (sample.step("set_protector", sample.SERVER, "none"),)
    assert flowchart(ReviewView(sample.review(steps=steps, targets=(sample.target(steps[0].id),)))) == ""
