"""The states a target is found in, as reviews and assessments call them; docs/how-it-works.md says what each means."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

PLATFORM = "platform"
HEALTHY = "customer (healthy)"
WRONG = "customer (wrong)"
NOT_CHECKABLE = "customer, not checkable"
SYSTEM_ASSIGNED = "customer, system-assigned"
CROSS_TENANT = "cross-tenant"
MANAGED_HSM = "managed HSM"
INACCESSIBLE = "inaccessible"
MIXED = "mixed"
IN_PROGRESS = "in progress"
FOREIGN = "foreign"

_NOT_WRONG = (CROSS_TENANT, MANAGED_HSM, NOT_CHECKABLE, IN_PROGRESS, HEALTHY, SYSTEM_ASSIGNED)
"""What a customer's key is found in where nothing says that it is wrong: what is known least first."""


def joined(found: Iterable[str]) -> str:
    """Return the state of a target whose parts are in the states *found*: inaccessible if one of them is, or there is none.

    It is mixed where they differ, but not where all are on customer's keys and none is known to be wrong: then it is what is
    known least of one of them.
    """
    each = set(found)
    if not each or INACCESSIBLE in each:
        return INACCESSIBLE
    if len(each) == 1:
        return each.pop()
    return next(one for one in _NOT_WRONG if one in each) if each <= set(_NOT_WRONG) else MIXED
