"""How a run ended, target by target, and as one number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.engine.precheck import Refusal
from cmk_remediate.engine.settlement import Settlement
from cmk_remediate.model.graph import Graph
from cmk_remediate.model.result import RunResult, TargetEnd, TargetResult
from cmk_remediate.model.review import Review, ReviewedTarget

if TYPE_CHECKING:
    from cmk_remediate.engine.journal_state import JournalState
    from cmk_remediate.errors import LeaseLost

_WORST_FIRST = ("failed", "drifted", "blocked", "skipped", "manual", "in progress", "done", "already done")
_TARGET_END: Mapping[str, TargetEnd] = {
    "failed": "failed",
    "drifted": "failed",
    "blocked": "failed",
    "skipped": "skipped",
    "manual": "manual",
    "in progress": "in progress",
    "done": "done",
    "already done": "done",
}


@dataclass(frozen=True)
class RunEnd:
    """What there is to sum up.

    Attributes:
        review: what was carried out.
        graph: what was left of it after the pre-check.
        ended: how each step ended.
        refused: targets the pre-check refused.
        sent_before: steps an earlier process of this run sent a write for.
        writes: writes this process sent.
        changed: whether any write of the run, an earlier process's too, may have changed something.
        interrupted: why somebody asked the run to end; empty if nobody did.
    """

    review: Review
    graph: Graph
    ended: Mapping[str, Settlement]
    refused: Mapping[str, Refusal]
    sent_before: Collection[str]
    writes: int
    changed: bool
    interrupted: str


def sum_up(end: RunEnd) -> RunResult:
    """Return how the run ended."""
    uses = Counter(step for target in end.review.targets for step in target.steps)
    targets = tuple(_target(target, end, uses) for target in end.review.targets)
    exit_code = _exit_code(targets, end)
    counts = ", ".join(
        f"{sum(target.end == word for target in targets)} {word}"
        for word in ("done", "in progress", "manual", "blocked", "failed", "skipped")
        if any(target.end == word for target in targets)
    )
    noun = "rollback" if end.review.undoes else "apply"
    shared = any(number > 1 and step in end.ended and end.ended[step].sent for step, number in uses.items())
    once = ", each shared one counted once" if shared else ""
    text = f"{noun}: {counts or 'nothing to do'}; {_writes(end.writes)} sent{once}"
    return RunResult(end.review.digest, targets, end.writes, exit_code, tuple(_alarms(end)), text)


def taken_over(review: Review, graph: Graph, journal: JournalState, lost: LeaseLost) -> RunResult:
    """Return how a process ended that *lost* its run before it began; what the *journal* says by now is another's work."""
    ended = {node.id: Settlement("skipped", lost.code, lost.cause, node.step, stopped=True) for node in graph.nodes}
    changed = any(state.changed for state in journal.steps.values())
    return sum_up(RunEnd(review, graph, ended, {}, (), 0, changed, ""))


def _target(target: ReviewedTarget, end: RunEnd, uses: Mapping[str, int]) -> TargetResult:
    changed = any(step in end.ended and end.ended[step].sent for step in target.steps)
    if target.blocked is not None:
        return TargetResult(target.id, "blocked", target.blocked.code, target.blocked.why, changed)
    if target.id in end.refused:
        refusal = end.refused[target.id]
        return TargetResult(target.id, "failed", refusal.code, refusal.text, changed)
    mine = [end.ended[step] for step in target.steps if step in end.ended]
    if not mine:
        return TargetResult(target.id, "done", "", "nothing to do")
    worst = min(mine, key=lambda item: _WORST_FIRST.index(item.end))
    if worst.succeeded and worst.end != "in progress":
        return TargetResult(target.id, "done", "", _share(target, end, uses) or "already done", changed)
    return TargetResult(target.id, _TARGET_END[worst.end], worst.code, f"{worst.step.kind}: {worst.text}", changed)


def _share(target: ReviewedTarget, end: RunEnd, uses: Mapping[str, int]) -> str:
    """Return the writes for *target* in words; a write for several targets belongs to each, and is named as shared."""
    sent = {step: end.ended[step].sent for step in target.steps if step in end.ended}
    total, shared = sum(sent.values()), sum(number for step, number in sent.items() if uses[step] > 1)
    if not total:
        return ""
    return f"{_writes(total)}, {shared} of them shared with other targets" if shared else _writes(total)


def _writes(count: int) -> str:
    return f"{count} write" if count == 1 else f"{count} writes"


def _exit_code(targets: Collection[TargetResult], end: RunEnd) -> int:
    bad = [target for target in targets if target.end in ("failed", "skipped")]
    blocked = end.review.undoes is not None and any(target.end == "blocked" for target in targets)
    if not bad and not blocked:
        return 0
    if end.review.undoes is not None and (blocked or not _next_time(bad)):
        return 6
    if end.changed:
        return 5
    if end.interrupted:
        return 130
    otherwise = (codes.engine.DRIFT, codes.input_.REVIEW_EXPIRED)
    if all(target.id in end.refused or target.code in otherwise for target in bad):
        return 3
    held = (codes.engine.OUTSIDE_WINDOW, codes.engine.STOPPED)
    return 4 if all(target.code in held for target in bad) else 1


def _next_time(bad: Collection[TargetResult]) -> bool:
    """Say whether all of *bad* was only put off: the same command goes on with it."""
    return all(target.end == "skipped" and target.code == codes.engine.STOPPED for target in bad)


def _alarms(end: RunEnd) -> list[str]:
    """Return what must be the first lines: a machine left stopped, a group that is half moved."""
    alarms = []
    for opener, closer in end.graph.closing.items():
        opened = end.ended[opener].sent or opener in end.sent_before or end.graph.by_id[opener].left_open
        if opened and not end.ended[closer].succeeded:
            where = end.graph.by_id[closer].step.address()
            alarms.append(f"[{codes.engine.MACHINE_LEFT_STOPPED}] {where}: {end.ended[closer].text}")
    for target in end.review.targets:
        kinds: dict[str, list[Settlement]] = {}
        for step in target.steps:
            if step in end.ended and (end.ended[step].sent or end.ended[step].end in ("failed", "skipped", "drifted")):
                kinds.setdefault(end.ended[step].step.kind, []).append(end.ended[step])
        for kind, items in kinds.items():
            moved = [str(item.step.address()) for item in items if item.succeeded]
            left = [str(item.step.address()) for item in items if not item.succeeded]
            if moved and left and len({item.step.address() for item in items}) > 1:
                alarms.append(f"mixed: {kind} is done on {', '.join(moved)} and not on {', '.join(left)}")
    return alarms
