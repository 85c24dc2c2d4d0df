"""Every plan in plans/, from dry run to the verified way back. Fails: a plan that we ship does not do what its page says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.stage import rows, told, writes
from tests.faults.plans import shipped
from tests.laws import law_1

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cmk_remediate.model.result import RunResult
    from cmk_remediate.model.review import Review
    from tests.e2e.conftest import Azure
    from tests.e2e.stage import Stage
    from tests.faults.plans import Case

HEAD = ("plan", "service", "targets", "reads", "writes", "doors", "minutes", "result")


def test_every_plan_from_dry_run_to_the_verified_way_back(azure: Azure, figures: Callable[[str], None]) -> None:
    cases = shipped()
    assert cases
    found = [HEAD, *(_driven(azure(case.scene), case) for case in cases)]
    widths = [max(len(row[column]) for row in found) for column in range(len(HEAD))]
    for row in found:
        figures("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _driven(stage: Stage, case: Case) -> tuple[str, ...]:
    """Drive one plan; return its row: reads, writes and minutes are those of dry run and apply."""
    began = stage.azure.clock.stamp()
    review = stage.dry_run()
    assert law_1(rows(stage.since(0))) == [], case.name
    result = stage.apply(review)
    assert result.exit_code == 0, told(result)
    assert [line for line in stage.journal(review.digest) if b"changed meanwhile" in line] == [], "nobody did"
    log, minutes = stage.since(0), (stage.azure.clock.stamp() - began) / 60
    stage.at_rest()
    mark = stage.seen()
    again = stage.apply(review)
    assert again.exit_code == 0, told(again)
    assert stage.verify().exit_code == 0, case.name
    assert [one.url for one in writes(stage.since(mark))] == [], case.name
    stage.rolled_back(review.digest)
    stage.at_rest()
    assert stage.verify(review.digest).exit_code == 0, case.name
    stage.lawful()
    service = str(case.scene.plan.get("service", "several"))
    counted = (len(result.targets), sum(one.reads for one in log), len(writes(log)), len(_doors(review)))
    return (case.name, service, *map(str, counted), f"{minutes:.0f}", _ends(result, again))


def _doors(review: Review) -> set[str]:
    """Return what is accepted by name for what Azure cannot undo."""
    return {
        line.accept
        for step in review.steps
        for line in step.lines
        if line.accept and line.reversibility is not None and line.reversibility.kind == "one-way"
    }


def _ends(*results: RunResult) -> str:
    """Return how the targets ended, at the end of apply and once Azure was at rest where that differs."""
    said = [", ".join(_counted(one.end for one in result.targets)) for result in results]
    return " then ".join(dict.fromkeys(said))


def _counted(ends: Iterable[str]) -> list[str]:
    listed = list(ends)
    return [f"{listed.count(end)} {end}" for end in dict.fromkeys(listed)]
