"""The least-privilege roles a run needs, as custom roles that Azure imports.

Shape: learn.microsoft.com, "Azure custom roles", the JSON that ``az role definition create --role-definition`` and
``New-AzRoleDefinition -InputFile`` take.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.model.permissions import Permission

ORDER = ("vault", "identity", "service", "partner", "run store")


def custom_roles(permissions: Iterable[Permission], name_prefix: str) -> tuple[dict[str, Any], ...]:
    """Return one custom role a team and kind of scope, sorted, each action in it needed at each of its scopes' kind.

    A role is split by `Permission.split`, so that two teams can hold the halves, and by whether its actions are needed on
    resource groups or on whole subscriptions. Azure assigns custom roles at groups and subscriptions, not at resources;
    whoever assigns one may do so at a single resource below them.

    Args:
        permissions: what steps, polling and preflight need; see `Preflight.needed`.
        name_prefix: begins each role's name, which must be unique in the tenant.
    """
    wanted: dict[tuple[int, bool], list[Permission]] = {}
    for need in permissions:
        wanted.setdefault((ORDER.index(need.split), not need.scope.resource_group), []).append(need)
    return tuple(_role(name_prefix, *key, needs) for key, needs in sorted(wanted.items(), key=lambda item: item[0]))


def _role(prefix: str, split: int, above: bool, needs: Iterable[Permission]) -> dict[str, Any]:  # noqa: FBT001
    where = "subscription" if above else "resource group"
    needs = tuple(needs)
    return {
        "Name": f"{prefix} {ORDER[split]}{' (subscription)' if above else ''}",
        "IsCustom": True,
        "Description": f"What cmk_remediate needs of the {ORDER[split]} at the {where}.",
        "Actions": _sorted(need.action for need in needs if not need.data),
        "NotActions": [],
        "DataActions": _sorted(need.action for need in needs if need.data),
        "NotDataActions": [],
        "AssignableScopes": _scopes(need.scope for need in needs),
    }


def _scopes(scopes: Iterable[ResourceId]) -> list[str]:
    return [scope.text for scope in sorted({scope.group_id for scope in scopes})]


def _sorted(actions: Iterable[str]) -> list[str]:
    by_key = {action.lower(): action for action in sorted(actions, reverse=True)}
    return [by_key[key] for key in sorted(by_key)]
