"""What the engine itself declares: the general types every Azure has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator.access import covers
from cmk_remediate.simulator.declare import (
    GONE,
    SYNC,
    Answer,
    Json,
    LongRunning,
    Provider,
    ResourceType,
    RoleDefinition,
)
from cmk_remediate.simulator.index import owner
from cmk_remediate.simulator.operations import EVENTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.world import World

RESOURCES_VERSIONS = (
    "2025-04-01",
    "2025-03-01",
    "2024-11-01",
    "2024-07-01",
    "2024-03-01",
    "2023-07-01",
    "2022-12-01",
    "2022-09-01",
    "2021-04-01",
    "2021-01-01",
    "2020-06-01",
    "2020-01-01",
    "2019-10-01",
    "2019-06-01",
    "2016-06-01",
    "2015-11-01",
)
"""For subscriptions, groups, providers, tags and the list of resources."""
PERMISSIONS_VERSIONS = ("2022-05-01-preview", "2022-04-01", "2018-07-01", "2018-01-01-preview", "2015-07-01")
RESTRICTIONS_VERSIONS = ("2024-10-01", "2023-03-01", "2022-03-01", "2020-07-01")
_CREATED = Answer(status=200, created=201)


def _locks_around(scope: ResourceId, world: World) -> Iterable[ResourceId]:
    return _at_above_below(scope, world, "microsoft.authorization/locks")


def _deny_around(scope: ResourceId, world: World) -> Iterable[ResourceId]:
    return _at_above_below(scope, world, "microsoft.authorization/denyassignments")


def _policies_around(scope: ResourceId, world: World) -> Iterable[ResourceId]:
    return _at_above_below(scope, world, "microsoft.authorization/policyassignments")


def _at_above_below(scope: ResourceId, world: World, kind: str) -> list[ResourceId]:
    """Return the extensions of *kind* that apply at *scope* or hang below it."""
    found = []
    for resource, _ in world.by_type(kind):
        at = owner(resource.key)
        if covers(at, scope.key) or at.startswith(scope.key + "/"):
            found.append(resource)
    return found


def _at_scope_filter(body: Json, wanted: str, _world: World, scope: ResourceId) -> bool:
    """Know ``atScope()``: what applies at the scope, not what hangs below it."""
    at = owner(str(body["id"]).lower())
    return not at.startswith(scope.key + "/") if "atscope()" in wanted.lower() else True


_REMOVAL = LongRunning(
    seconds=(30.0, 180.0),
    path="/operationresults/{id}",
    style="location",
    gone=200,
    read_action="Microsoft.Resources/subscriptions/operationresults/read",
)
"""Recorded: Azure/azure-service-operator, every test's end."""

GROUPS = ResourceType(
    type="Microsoft.Resources/resourceGroups",
    api_versions=RESOURCES_VERSIONS,
    answers={
        "GET": SYNC,
        "HEAD": Answer(204, body="none"),
        "LIST": SYNC,
        "PUT": _CREATED,
        "PATCH": SYNC,
        "DELETE": Answer(202, body="none", operation=_REMOVAL),
    },
    read_only=("properties",),
    create_only=("managedBy",),
    permissions={
        "GET": "Microsoft.Resources/subscriptions/resourceGroups/read",
        "HEAD": "Microsoft.Resources/subscriptions/resourceGroups/read",
        "LIST": "Microsoft.Resources/subscriptions/resourceGroups/read",
        "PUT": "Microsoft.Resources/subscriptions/resourceGroups/write",
        "PATCH": "Microsoft.Resources/subscriptions/resourceGroups/write",
        "DELETE": "Microsoft.Resources/subscriptions/resourceGroups/delete",
    },
    replaced=("tags",),
    prepare=lambda write: {**(write.new or {}), "properties": {"provisioningState": "Succeeded"}},
)

LOCKS = ResourceType(
    type="Microsoft.Authorization/locks",
    api_versions=("2020-05-01", "2017-04-01", "2016-09-01", "2015-01-01"),
    answers={"GET": SYNC, "LIST": SYNC, "PUT": _CREATED, "DELETE": GONE},
    tracked=False,
    extension=True,
    list_under=_locks_around,
    list_filter=_at_scope_filter,
)

DENY_ASSIGNMENTS = ResourceType(
    type="Microsoft.Authorization/denyAssignments",
    api_versions=("2022-04-01", "2018-07-01-preview"),
    answers={"GET": SYNC, "LIST": SYNC},
    tracked=False,
    extension=True,
    list_under=_deny_around,
    list_filter=_at_scope_filter,
)

POLICY_ASSIGNMENTS = ResourceType(
    type="Microsoft.Authorization/policyAssignments",
    api_versions=(
        "2025-03-01",
        "2025-01-01",
        "2024-05-01",
        "2024-04-01",
        "2023-04-01",
        "2022-06-01",
        "2021-06-01",
        "2020-09-01",
    ),
    answers={"GET": SYNC, "LIST": SYNC, "PUT": Answer(201), "DELETE": GONE},
    tracked=False,
    extension=True,
    list_under=_policies_around,
    list_filter=_at_scope_filter,
)

POLICY_DEFINITIONS = ResourceType(
    type="Microsoft.Authorization/policyDefinitions",
    api_versions=("2025-03-01", "2025-01-01", "2024-05-01", "2023-04-01", "2021-06-01", "2020-09-01"),
    answers={"GET": SYNC, "LIST": SYNC, "PUT": Answer(201), "DELETE": GONE},
    tracked=False,
    extension=True,
)

POLICY_SETS = ResourceType(
    type="Microsoft.Authorization/policySetDefinitions",
    api_versions=("2025-03-01", "2025-01-01", "2024-05-01", "2023-04-01", "2021-06-01", "2020-09-01"),
    answers={"GET": SYNC, "LIST": SYNC, "PUT": Answer(201), "DELETE": GONE},
    tracked=False,
    extension=True,
)

ROLE_DEFINITIONS = ResourceType(
    type="Microsoft.Authorization/roleDefinitions",
    api_versions=("2022-05-01-preview", "2022-04-01", "2018-01-01-preview", "2015-07-01"),
    answers={"GET": SYNC, "LIST": SYNC, "PUT": Answer(201), "DELETE": GONE},
    tracked=False,
    extension=True,
)

PERMISSIONS = ResourceType(
    type="Microsoft.Authorization/permissions",
    api_versions=PERMISSIONS_VERSIONS,
    answers={"LIST": SYNC},
    tracked=False,
    extension=True,
)

_GENERAL = "learn.microsoft.com: Azure built-in roles, general"

ROLES = (
    RoleDefinition("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", _GENERAL, actions=("*",)),
    RoleDefinition(
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "Contributor",
        _GENERAL,
        actions=("*",),
        not_actions=(
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
            "Microsoft.Blueprint/blueprintAssignments/write",
            "Microsoft.Blueprint/blueprintAssignments/delete",
            "Microsoft.Compute/galleries/share/action",
        ),
    ),
    RoleDefinition("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", _GENERAL, actions=("*/read",)),
    RoleDefinition(
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        "User Access Administrator",
        _GENERAL,
        actions=("*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"),
    ),
)

CORE = (
    Provider(namespace="Microsoft.Resources", types=(GROUPS,), events=EVENTS),
    Provider(
        namespace="Microsoft.Authorization",
        roles=ROLES,
        types=(
            LOCKS,
            DENY_ASSIGNMENTS,
            POLICY_ASSIGNMENTS,
            POLICY_DEFINITIONS,
            POLICY_SETS,
            ROLE_DEFINITIONS,
            PERMISSIONS,
        ),
    ),
    Provider(namespace="Microsoft.PolicyInsights", types=()),
    Provider(namespace="Microsoft.ResourceGraph", types=()),
)
"""Declared beside the providers of every embedded Azure."""
