"""What the caller may do, as far as the permissions API says.

It answers for the caller only, and sees neither conditions nor deny assignments nor data actions (azure-mgmt-authorization,
`permissions.list_for_resource_group`, `list_for_resource`). An answer is a list of sets; each allows its actions less its
notActions, and they add up (learn.microsoft.com, "Understand Azure role definitions").
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cmk_remediate.model.decisions import Read
from cmk_remediate.model.json_types import at_path
from cmk_remediate.model.permissions import Permission, Permissions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cmk_remediate.engine.preflight.asking import Asking
    from cmk_remediate.model.ids import ResourceId

OWN_READ = "Microsoft.Authorization/permissions/read"
_VERB = "permissions"


async def check_rights(needs: Permissions, asking: Asking) -> tuple[Permissions, Permissions]:
    """Return what the caller lacks of *needs*, and what cannot be known.

    Asked at the resource groups first, one read each. Only what a group's answer lacks is asked at the resource (a role may
    be given there), then at the child resource; of these, one that does not exist yet answers nothing.
    """
    asked = [need for need in needs if need.checkable and not need.data and need.scope.resource_group]
    unchecked = tuple(need for need in needs if not (need.checkable and not need.data and need.scope.resource_group))
    lacking = list(asked)
    for level in (_group, _top_level, _itself):
        reads = {need: Read(level(need.scope), _VERB) for need in lacking}
        await asking.about(reads.values())
        lacking = [need for need in lacking if not allows(asking.items(reads[need]), need.action)]
    # Where no level could be asked, it is the right to ask that is missing for certain.
    silent = {need for need in lacking if all(_refused(asking, level(need.scope)) for level in (_group, _top_level))}
    ask = {Permission(OWN_READ, need.scope.group_id, need.split) for need in silent}
    missing = {need for need in lacking if need not in silent} | ask
    unknown = [need for need in asked if need in silent and need not in ask]
    return tuple(sorted(missing, key=_order)), (*unchecked, *unknown)


def allows(sets: Iterable[Any], action: str) -> bool:
    """Say whether any of *sets* allows *action*: its actions less its notActions, ``*`` standing for anything."""
    return any(
        _any_matches(at_path(one, "actions"), action) and not _any_matches(at_path(one, "notActions"), action)
        for one in sets
    )


def _any_matches(patterns: Any, action: str) -> bool:
    return isinstance(patterns, list) and any(_pattern(str(pattern)).fullmatch(action) for pattern in patterns)


@lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in text.split("*")), re.IGNORECASE)


def _refused(asking: Asking, scope: ResourceId) -> bool:
    return asking.refused(Read(scope, _VERB)) is not None


def _group(scope: ResourceId) -> ResourceId:
    return scope.group_id


def _top_level(scope: ResourceId) -> ResourceId:
    return scope.top_level


def _itself(scope: ResourceId) -> ResourceId:
    return scope


def _order(need: Permission) -> tuple[str, str]:
    return need.scope.key, need.action.lower()
