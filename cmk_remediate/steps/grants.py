"""Grants, role assignments and access policies alike, stay after a rollback; and why.

Who uses one by then cannot be known for certain: another run may have found it there and sent nothing for it, the runs of another
store are not seen, and a search for users shows only what its caller may read, minutes late. One on a key for an identity that
nobody uses does no harm; one that is missed makes databases inaccessible.
"""

from __future__ import annotations

from cmk_remediate import codes
from cmk_remediate.model.decisions import Keep, Reversibility

OPEN_TO_OTHERS = Reversibility(
    "kept", "others may use it as soon as it is there, and not all of them can be seen", codes.vault.GRANT_KEPT
)
FOR_GOOD = Reversibility("kept", "what it is for stays and may serve others", codes.vault.GRANT_KEPT)


def after_rollback(*, for_good: bool) -> Reversibility:
    """Return how a rollback treats a grant; *for_good*: its principal is that of a resource that stays."""
    return FOR_GOOD if for_good else OPEN_TO_OTHERS


def keep(what: str, *, used: bool, for_good: bool) -> Keep:
    """Return why the grant called *what*, which a run made, stays.

    Args:
        what: as "role assignment".
        used: something that stands on it was sent.
        for_good: as `after_rollback`.
    """
    if used:
        return Keep(f"something that needs this {what} was sent, so it stays", codes.vault.GRANT_KEPT)
    if for_good:
        return Keep(FOR_GOOD.why, codes.vault.GRANT_KEPT)
    return Keep(f"nothing of this run used this {what}, but {OPEN_TO_OTHERS.why}: it stays", codes.vault.GRANT_KEPT)


def left_alone(what: str) -> str:
    """Return what is said of a grant that a rollback reviewed by an earlier version was to remove."""
    return f"the {what} stays: {OPEN_TO_OTHERS.why}"
