"""What a dry run says of a change window that some targets can never fit into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.clock import room_of, span
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.review import Note
from cmk_remediate.planfile.schema import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.review import Review


def with_window_notes(review: Review) -> Review:
    """Return *review*, not sealed yet, with a note on each target whose worst case is longer than the plan's whole window.

    A rollback asks for no window.
    """
    content = review.plan.content.get("window")
    if not content or review.undoes is not None:
        return review
    window = Window.model_validate(content)
    return review.model_copy(update={"notes": (*review.notes, *_notes(review, room_of(window.opens, window.closes)))})


def _notes(review: Review, room: int) -> Iterator[Note]:
    times = review.times()
    for target in review.targets:
        needed = times[target.id].worst
        if target.blocked is None and needed >= room:
            text = (
                f"{ResourceId.parse(target.id).name} needs {span(needed)} at worst, the window has {span(room)}: it will never be "
                "started; make the window longer, or move it with a plan of its own"
            )
            yield Note(code=str(codes.notes.WINDOW_TOO_SHORT), scope=target.id, text=text)
