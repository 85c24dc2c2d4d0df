"""Figures that are kept while seeds are told. Fails: a campaign that was cut short is told as whole, or counts a share twice."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.faults import crashing, recording
from tests.faults.crashes import Tally
from tests.faults.story import Sum

if TYPE_CHECKING:
    from pathlib import Path


def part(*broken: tuple[int, str]) -> Sum:
    return Sum(
        seeds=20,
        struck=18,
        kills=3,
        requests=2000,
        scenes=Counter({"one server": 20}),
        mishaps=Counter({"lock": 4}),
        disturbed=Counter({"done": 15, "CMK206": 5}),
        after=Counter({("resume", "done"): 12, ("rollback", "done"): 18}),
        broken=list(broken),
    )


def test_what_was_kept_adds_up_and_a_line_cut_short_counts_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "record.ndjson"
    assert recording.begin(path).done == set()
    recording.add(path, 0, part(), 4.5)
    recording.add(path, 40, part((43, "law 6: twice")), 5.5)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"first": 60, "seeds": 20')
    kept = recording.begin(path)
    assert kept.done == {*range(20), *range(40, 60)}
    figures = kept.to_json()["seeds"]
    assert (figures["seeds"], figures["first"], figures["last"], figures["processor_seconds"]) == (40, 0, 59, 10)
    assert figures["disturbed"] == {"CMK206": 10, "done": 30}
    assert figures["after"] == {"resume": {"done": 24}, "rollback": {"done": 36}}
    assert figures["broken"] == [[43, "law 6: twice"]]
    assert recording.summed(recording.plain(part((1, "x")))) == part((1, "x"))


def test_seeds_that_meant_something_else_are_not_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "record.ndjson"
    recording.begin(path)
    with pytest.raises(recording.OtherSeedsError):
        recording.begin(path, "one server")
    head = json.loads(path.read_text("utf-8"))
    for other in ({"scenes": ["of old"]}, {"mishaps": ["of old"]}, {"readings": 1}):
        path.write_text(json.dumps({**head, **other}) + "\n", "utf-8")
        with pytest.raises(recording.OtherSeedsError):
            recording.begin(path)


def test_deaths_that_were_cut_short_go_on_and_their_figures_leave_those_of_the_seeds(tmp_path: Path) -> None:
    path, figures = tmp_path / "record.ndjson", tmp_path / "figures.json"
    recording.begin(path)
    tally = Tally("a plan", Counter({"before a request of apply": 3}), 6, Counter({"set_tde": 1}), ["law 6: twice"])
    recording.add_job(path, "a plan, apply 1", tally, 2.0)
    recording.add_job(path, "a plan, again 1", Tally("a plan", Counter({"in a resume": 1}), 2), 1.0)
    kept = recording.begin(path)
    assert kept.jobs == {"a plan, apply 1", "a plan, again 1"}
    assert not any(job.name in kept.jobs for job in crashing.jobs(0)), "the real plans are left to do"
    figures.write_text('{"seeds": {"seeds": 20}}', "utf-8")
    recording.write_figures(figures, kept)
    assert json.loads(figures.read_text("utf-8")) == {
        "seeds": {"seeds": 20},
        "deaths": {
            "python": kept.python,
            "began": kept.began,
            "processor_seconds": 3,
            "plans": {
                "a plan": {
                    "heirs": 8,
                    "points": {"before a request of apply": 3, "in a resume": 1},
                    "again": {"set_tde": 1},
                    "broken": ["law 6: twice"],
                }
            },
        },
    }


def test_every_request_of_every_plan_is_in_exactly_one_share() -> None:
    moments = list(range(1003))
    found = [one for share in range(crashing.SHARES) for one in crashing.shared(moments, share)]
    assert found == moments
    names = [job.name for job in crashing.jobs(0)]
    assert len(names) == len(set(names)) == len(crashing.cases()) * (crashing.SHARES + 2)
