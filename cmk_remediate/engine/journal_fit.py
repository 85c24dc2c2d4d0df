"""Whether a journal is about what its review is about: it can be edited, and what it names is read, waited for and undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.errors import InputError, RunStoreError
from cmk_remediate.model.ids import ResourceId

if TYPE_CHECKING:
    from collections.abc import Collection

    from cmk_remediate.engine.journal_state import JournalState
    from cmk_remediate.model.records import Intent, OperationBegan
    from cmk_remediate.model.review import Review


def check_fits(review: Review, journal: JournalState) -> None:
    """Refuse a journal that names a step or a resource which its review does not.

    A child's own name may be another by then, as that of a server key after a rotation. A step whose address only the run could
    know may have written anywhere in the subscriptions of the review.
    A status URL is not judged here: one on another host or in another subscription is never followed.

    Raises:
        RunStoreError: CMK511; nothing was sent.
    """
    addresses = {step.id: step.resource_id for step in review.steps}
    known = [text for text in (*addresses.values(), *(target.id for target in review.targets)) if text is not None]
    within = {ResourceId.parse(text).subscription.lower() for text in known}
    for key, state in journal.steps.items():
        if key not in addresses:
            raise _damaged(f"it records {key}, which is no step of its review")
        operation = [state.operation] if state.operation is not None else []
        records: list[Intent | OperationBegan] = [*state.intents, *operation]
        for record in records:
            if not _fits(record.resource_id, addresses[key], within):
                raise _damaged(f"it says that {key} wrote {record.resource_id}, which its review does not")


def _fits(written: str, reviewed: str | None, within: Collection[str]) -> bool:
    try:
        found = ResourceId.parse(written)
    except InputError:
        return False
    if reviewed is None:
        return found.subscription.lower() in within
    known = ResourceId.parse(reviewed)
    nested = known != known.top_level
    return found == known or (nested and found.key.rpartition("/")[0] == known.key.rpartition("/")[0])


def _damaged(cause: str) -> RunStoreError:
    return RunStoreError(codes.engine.JOURNAL_DAMAGED, cause)
