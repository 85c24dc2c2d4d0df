"""What is left of a target that is right: part of it that its plan does not move, and that nobody may take for compliant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.errors import InputError
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.services import states

if TYPE_CHECKING:
    from cmk_remediate.model.review import Review, ReviewedTarget

_LEFT = (codes.sql.TDE_OFF, codes.sql.TDE_UNREADABLE, codes.storage.NOT_COVERED, codes.storage.SCOPES)
"""The notes on what the key does not cover."""


def found_right(target: ReviewedTarget, review: Review) -> str:
    """Return the state of *target*, which its plan need not change; of one that is mixed, what is not on its key."""
    if target.state != states.MIXED:
        return target.state
    steps = {step.id: step.resource_id for step in review.steps}
    members = {_top(one) for one in (target.id, *(steps.get(key) for key in target.steps)) if one}
    left = [f"{note.text} [{note.code}]" for note in review.notes if note.code in _LEFT and _top(note.scope) in members]
    return "; ".join(["on its key", *left]) if left else target.state


def _top(text: str) -> str:
    """Return the key of the top-level resource of the id *text*; of one that is none, the text."""
    try:
        return ResourceId.parse(text).top_level.key
    except InputError:
        return text.lower()
