"""What in a review no dry run has written, though its digest is right: whoever alters a file can compute a digest, too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError

from cmk_remediate.clock import is_utc
from cmk_remediate.engine.journal_lines import DIGEST
from cmk_remediate.model.artefacts import is_file_name
from cmk_remediate.planfile.schema import Canary, Limits, Window, seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.model.review import Review

_SHOWN = 300
PARTS: Mapping[str, type[BaseModel]] = {"limits": Limits, "window": Window, "canary": Canary}
"""What of the plan a run goes by."""


def nonsense(review: Review) -> str:
    """Return the first thing in *review* that cannot be, in one sentence; empty where there is none."""
    return _times(review) or _undone(review) or _plan(review) or _graph(review) or _artefacts(review)


def _times(review: Review) -> str:
    times = {"made.at": review.made.at, "expires": review.expires}
    return next((f"{name} is no time" for name, text in times.items() if not is_utc(text)), "")


def _undone(review: Review) -> str:
    named = {"undoes is no run": review.undoes, "undoes_at is no line of a journal": review.undoes_at}
    return next((wrong for wrong, text in named.items() if text is not None and not DIGEST.fullmatch(text)), "")


def _plan(review: Review) -> str:
    for name, schema in PARTS.items():
        content = review.plan.content.get(name)
        if not content:
            continue
        try:
            schema.model_validate_json(json.dumps(content))
        except ValidationError:
            return f"plan.content.{name} is not of a plan's schema"
    if (expires := review.plan.content.get("review_expires")) is not None:
        try:
            seconds(str(expires))
        except (ValueError, OverflowError):
            return "plan.content.review_expires is no duration"
    return ""


def _artefacts(review: Review) -> str:
    names = [one.name for one in review.artefacts]
    odd = next((name for name in names if not is_file_name(name)), None)
    if odd is not None:
        return f"the artefact {odd[:_SHOWN]!r} has a name that could lead anywhere"
    return "two artefacts have one name" if len({name.lower() for name in names}) < len(names) else ""


def _graph(review: Review) -> str:
    """Return what is wrong with the steps' order: each comes once, after all it waits for."""
    seen: set[str] = set()
    kept = {step.id for step in review.steps if step.action == "keep"}
    for step in review.steps:
        if step.id in seen:
            return f"the step {step.id} stands twice"
        seen.add(step.id)
        before = [*step.needs, *step.after, *([step.closes] if step.closes else [])]
        if missing := [one for one in before if one not in seen or one == step.id or one in kept]:
            return f"the step {step.id} waits for {missing[0]}, which does not come before it"
    for target in review.targets:
        if unknown := [one for one in target.steps if one not in seen]:
            return f"the target {target.id} has no step {unknown[0]}"
    return ""
