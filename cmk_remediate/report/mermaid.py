"""The order of a review's steps as a Mermaid flowchart: doors and brackets marked, targets that look alike drawn once.

Syntax: mermaid.js.org, "Flowcharts - Basic Syntax". A page draws at most 500 edges (its `maxEdges`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from cmk_remediate.model.review import ReviewedStep
from cmk_remediate.report.view import WRITING
from cmk_remediate.report.words import ACTIONS, count, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cmk_remediate.model.review import ReviewedTarget
    from cmk_remediate.report.view import ReviewView

MOST = 120
"""Steps drawn at most; more cannot be read."""
_ALL = 60
"""Up to so many steps every target is drawn, above that each kind of target once."""
_DRAWN = (*WRITING, "wait", "manual")
_PLAIN = re.compile(r"[^0-9A-Za-z .,:/_()-]")
_SHARED = "shared"


@dataclass(frozen=True)
class _Box:
    """A frame with the steps that one target alone needs."""

    name: str
    title: str
    steps: tuple[ReviewedStep, ...]


def flowchart(view: ReviewView) -> str:
    """Return the flowchart of *view*'s steps that do something; empty where none does."""
    return _Drawing(view).text()


class _Drawing:
    """What is drawn of a review."""

    def __init__(self, view: ReviewView) -> None:
        """Choose what of *view* is drawn."""
        self._view = view
        self._doors = {door.step.id for door in view.doors}
        self._openers = {step.closes for step in view.review.steps if step.closes}

    @cached_property
    def _groups(self) -> list[list[ReviewedTarget]]:
        """The targets that have something to do; those of one kind together, the first of each is drawn."""
        busy = [target for target in self._view.review.targets if any(map(self._is_drawn, self._steps_of(target)))]
        together: dict[object, list[ReviewedTarget]] = {}
        single = sum(map(self._is_drawn, self._view.review.steps)) <= _ALL
        for target in busy:
            kind = target.id if single else (target.service, tuple(map(self._kind, self._steps_of(target))))
            together.setdefault(kind, []).append(target)
        return list(together.values())

    def _steps_of(self, target: ReviewedTarget) -> list[ReviewedStep]:
        return [self._view.steps[key] for key in target.steps if key in self._view.steps]

    def _kind(self, step: ReviewedStep) -> tuple[str, str, bool, bool]:
        return step.kind, step.action, step.id in self._doors, self._is_shared(step)

    def _is_drawn(self, step: ReviewedStep) -> bool:
        return step.action in _DRAWN

    def _is_shared(self, step: ReviewedStep) -> bool:
        return len(self._view.targets_of.get(step.id, ())) > 1

    def text(self) -> str:
        boxes, left_out = self._boxes()
        if not boxes:
            return ""
        drawn = [step for box in boxes for step in box.steps]
        lines = ["flowchart LR"]
        for box in boxes:
            lines.append(f'  subgraph {box.name}["{_label(box.title)}"]')
            lines.extend(f"    {self._node(step)}" for step in box.steps)
            lines.append("  end")
        lines.extend(f"  {edge}" for edge in self._edges(drawn))
        if left_out:
            lines.append(f'  more["{_label(count(left_out, "step"))} not drawn"]')
        lines.append("  classDef door stroke:#c00,stroke-width:3px")
        lines.append("  classDef bracket stroke-dasharray:6 4,stroke-width:2px")
        return "\n".join(lines)

    def _boxes(self) -> tuple[list[_Box], int]:
        """Return the frames, and how many steps had no room in them."""
        room, left_out = MOST, 0
        shared: dict[str, ReviewedStep] = {}
        own: list[_Box] = []
        for index, alike in enumerate(self._groups, start=1):
            steps = [step for step in self._steps_of(alike[0]) if self._is_drawn(step)]
            new = [step for step in steps if step.id not in shared]
            left_out += max(0, len(new) - room)
            new = new[:room]
            room -= len(new)
            shared.update({step.id: step for step in new if self._is_shared(step)})
            others = f" and {len(alike) - 1} alike" if len(alike) > 1 else ""
            mine = tuple(step for step in new if not self._is_shared(step))
            if mine:
                own.append(_Box(f"target{index}", f"{self._view.names(alike[0].id)}{others}", mine))
        together = [_Box(_SHARED, "shared by several targets", tuple(shared.values()))] if shared else []
        return [*together, *own], left_out

    def _node(self, step: ReviewedStep) -> str:
        said = f"{self._view.numbers[step.id]}. {ACTIONS[step.action]} {self._view.step_name(step)}"
        name, text = f"s{self._view.numbers[step.id]}", _label(said)
        if step.id in self._doors:
            return f'{name}{{{{"{text}: cannot be undone"}}}}:::door'
        if step.id in self._openers or step.closes:
            end = "closes the bracket" if step.closes else "opens a bracket"
            return f'{name}(["{text}: {end}"]):::bracket'
        return f'{name}["{text}"]'

    def _edges(self, drawn: Sequence[ReviewedStep]) -> Iterator[str]:
        """Yield what waits for what; what follows from other edges is left out."""
        known = {step.id for step in drawn}
        above: dict[str, set[str]] = {}
        for step in self._view.review.steps:  # each comes after all it waits for
            direct = {key for before in _waits_for(step) for key in ({before} if before in known else above[before])}
            through = {key for one in direct for key in above.get(one, ()) if one in known}
            if step.id not in known:
                above[step.id] = direct | through
                continue
            above[step.id] = direct | through
            for key in sorted(direct - through, key=self._view.numbers.__getitem__):
                arrow = "==>" if key == step.closes else "-->" if key in step.needs else "-.->"
                yield f"s{self._view.numbers[key]} {arrow} s{self._view.numbers[step.id]}"


def _waits_for(step: ReviewedStep) -> Iterable[str]:
    return dict.fromkeys((*step.needs, *step.after, *([step.closes] if step.closes else [])))


def _label(text: str) -> str:
    """Return *text* so that nothing in it ends a label or is obeyed: other signs as Mermaid's entity codes."""
    return _PLAIN.sub(lambda sign: f"#{ord(sign[0])};", plain(text))
