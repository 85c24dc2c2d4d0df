"""Microsoft.ManagedIdentity/userAssignedIdentities."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cmk_remediate.simulator.declare import (
    GONE,
    SYNC,
    Answer,
    ArmError,
    Json,
    Provider,
    ResourceType,
    RoleDefinition,
    Rule,
    SetPrincipal,
    SetResource,
    Write,
)
from cmk_remediate.simulator.providers.common import access_changed, bad_request, properties_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Change
    from cmk_remediate.simulator.world import World

IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,127}")


def _prepare(write: Write) -> Json:
    body, world = write.new or {}, write.world
    properties = dict(properties_of(body))
    if write.creates:
        properties["tenantId"] = world.tenant(write.id)
        properties["principalId"] = world.new_guid("principal", write.id.key)
        properties["clientId"] = world.new_guid("client", write.id.key)
    return {**body, "properties": properties}


def _name(write: Write) -> ArmError | None:
    if not write.creates or _NAME.fullmatch(write.id.name):
        return None
    text = f"The identity name '{write.id.name}' is invalid: 3 to 128 letters, digits, hyphens and underscores."
    return bad_request("BadRequest", text, "learn.microsoft.com: Naming rules and restrictions for Azure resources")


def _principal(identity: ResourceId, body: Json) -> SetPrincipal:
    properties = properties_of(body)
    return SetPrincipal(
        str(properties["principalId"]),
        {
            "kind": "ServicePrincipal",
            "clientId": properties.get("clientId"),
            "tenantId": properties.get("tenantId"),
            "name": identity.name,
            "resource": str(identity),
        },
    )


def _on_write(write: Write) -> Iterator[Change]:
    if write.method == "DELETE":
        principal = properties_of(write.old).get("principalId")
        if principal:
            yield SetPrincipal(str(principal), None)
        yield from access_changed(write.world, write.id)
    elif write.creates:
        yield _principal(write.id, write.new or {})


IDENTITIES = ResourceType(
    type=IDENTITY,
    api_versions=("2025-05-31-preview", "2024-11-30", "2023-01-31", "2022-01-31-preview", "2018-11-30"),
    answers={
        "GET": SYNC,
        "LIST": SYNC,
        "PUT": Answer(status=200, created=201, location=True),
        "PATCH": SYNC,
        "DELETE": GONE,
    },
    read_only=("properties.principalId", "properties.clientId", "properties.tenantId"),
    create_only=("location",),
    defaults={"tags": {}},
    prepare=_prepare,
    rules=(Rule(_name),),
    on_write=(_on_write,),
)
"""azure-mgmt-msi UserAssignedIdentitiesOperations; PUT again keeps principalId and clientId, and replaces the tags."""


def _seed(world: World) -> Iterator[Change]:
    for identity, body in world.by_type(IDENTITY):
        properties = {
            "tenantId": world.tenant(identity),
            "principalId": world.new_guid("principal", identity.key),
            "clientId": world.new_guid("client", identity.key),
            **properties_of(body),
        }
        whole = {"tags": {}, **body, "properties": properties}
        if whole != body:
            yield SetResource(identity, whole)
        yield _principal(identity, whole)


IDENTITY_PROVIDER = Provider(
    namespace="Microsoft.ManagedIdentity",
    types=(IDENTITIES,),
    roles=(
        RoleDefinition(
            "f1a07417-d97a-45cb-824c-7a7467783830",
            "Managed Identity Operator",
            "learn.microsoft.com: Azure built-in roles for Identity",
            actions=(
                f"{IDENTITY}/*/read",
                f"{IDENTITY}/*/assign/action",
                "Microsoft.Authorization/*/read",
                "Microsoft.Insights/alertRules/*",
                "Microsoft.Resources/subscriptions/resourceGroups/read",
                "Microsoft.Resources/deployments/*",
                "Microsoft.Support/*",
            ),
        ),
        RoleDefinition(
            "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59",
            "Managed Identity Contributor",
            "learn.microsoft.com: Azure built-in roles for Identity",
            actions=(
                f"{IDENTITY}/read",
                f"{IDENTITY}/write",
                f"{IDENTITY}/delete",
                "Microsoft.Authorization/*/read",
                "Microsoft.Insights/alertRules/*",
                "Microsoft.Resources/subscriptions/resourceGroups/read",
                "Microsoft.Resources/deployments/*",
                "Microsoft.Support/*",
            ),
        ),
    ),
    seed=_seed,
)
"""The resource provider."""
