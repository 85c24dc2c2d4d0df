"""What a review says of the plan's keys beside its steps: one that may exist deleted, one that differs from the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.model.decisions import Change
from cmk_remediate.model.review import Note
from cmk_remediate.steps import CreateKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cmk_remediate.engine.project import Projected


def key_notes(projected: Mapping[str, Projected]) -> Iterator[Note]:
    """Yield the notes on each key that *projected* makes or uses, once a key."""
    for item in projected.values():
        step = item.step
        if not isinstance(step, CreateKey):
            continue
        where = f"{step.key_name} in {step.vault.name}"
        if isinstance(item.decision, Change) and step.may_exist_deleted(item.found):
            text = f"{where} may exist deleted: its own endpoint could not be asked from here"
            yield Note(code=str(codes.notes.KEY_MAY_BE_SOFT_DELETED), scope=step.address().text, text=text)
        elif item.found.body is not None:
            for text in step.differences(item.found.body):
                yield Note(
                    code=str(codes.notes.KEY_DIFFERS_FROM_PLAN), scope=step.address().text, text=f"{where}: {text}"
                )
