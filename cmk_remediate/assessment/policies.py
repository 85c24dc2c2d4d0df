"""Azure Policy's view: what its built-in definitions that ask for a customer-managed key say of resources, where they are assigned.

Source of ids and conditions: Azure/azure-policy, built-in-policies/policyDefinitions. None of them looks at the key, its version,
its vault or the identity: they are shown beside our verdict, and never instead of it.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from cmk_remediate.assessment.discovery import batches
from cmk_remediate.errors import AzureError, InputError
from cmk_remediate.model.findings import NotRead, PolicyView
from cmk_remediate.model.ids import ResourceId

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmk_remediate.inventory import Gathering
    from cmk_remediate.model.findings import Finding
    from cmk_remediate.model.json_types import JsonObject

DEFINITIONS: Mapping[str, str] = MappingProxyType(
    {
        "0a370ff3-6cab-4e85-8995-295fd854c5b8": "SQL servers",
        "0d134df8-db83-46fb-ad72-fe0c9428c8dd": "SQL servers (deprecated)",
        "5105a3c5-4ad7-44fd-be94-149ca62920b7": "SQL servers (mission)",
        "ac01ad65-10e5-46df-bdd9-6b0cad13e1d2": "SQL managed instances",
        "048248b0-55cd-46da-b1ff-39efd52db260": "SQL managed instances (deprecated)",
        "1f905d99-2ab7-462c-a6b0-f709acca6c8f": "Cosmos DB accounts",
        "09aa11bb-87ec-409f-bf0b-49b7c1561a87": "Redis Enterprise",
        "7d7be79c-23ba-4033-84dd-45e2a5ccdd67": "disks of AKS clusters",
        "702dd420-7fcc-42c5-afe8-4026edd20fe0": "OS and data disks",
        "59953f11-df7f-48b1-870f-1780ed07348e": "disks and images (mission)",
        "6fac406b-40ca-413b-bf8e-0bf964659c25": "storage accounts",
        "f0e5abd0-2554-4736-b7c0-4ffef23475ef": "queues of storage accounts",
        "7c322315-e26d-4174-a99e-f49d351b4688": "tables of storage accounts",
        "b5ec538c-daa0-4006-8596-35468b9148e8": "encryption scopes of storage accounts",
        "67121cc7-ff39-4ab8-b7e3-95b84dab487d": "AI services",
    }
)
"""The definitions, by id, and what each is about."""
_STATES = (
    "policyresources | where type =~ 'microsoft.policyinsights/policystates' "
    "| where tostring(properties.policyDefinitionName) in~ ({names}) "
    "| project id, resource=tostring(properties.resourceId), state=tostring(properties.complianceState), "
    "definition=tostring(properties.policyDefinitionName) | order by id asc"
)


async def policy_views(
    gathering: Gathering, subscriptions: Sequence[ResourceId]
) -> tuple[Mapping[str, tuple[PolicyView, ...]], tuple[NotRead, ...]]:
    """Return what Azure Policy says in *subscriptions*, by the lower-case id of the top-level resource; and what was not read."""
    query = _STATES.format(names=", ".join(f"'{one}'" for one in DEFINITIONS))
    found: dict[str, dict[tuple[str, str], PolicyView]] = {}
    for batch in batches(subscriptions):
        try:
            rows = await gathering.search(batch[0], query, subscriptions=[one.subscription for one in batch])
        except AzureError as error:
            return {}, (NotRead(what="the states of Azure Policy", why=error.cause),)
        for row in rows:
            _add(found, row)
    return {key: tuple(views.values()) for key, views in found.items()}, ()


def _add(found: dict[str, dict[tuple[str, str], PolicyView]], row: JsonObject) -> None:
    """Add a state; one that is not compliant under any assignment is shown so."""
    try:
        resource = ResourceId.parse(str(row.get("resource")))
    except InputError:
        return
    definition = str(row.get("definition")).lower()
    view = PolicyView(
        definition=definition,
        name=DEFINITIONS.get(definition, definition),
        state=str(row.get("state")),
        resource=resource.text,
    )
    mine = found.setdefault(resource.top_level.key, {})
    if view.state.lower() != "compliant" or (resource.key, definition) not in mine:
        mine[resource.key, definition] = view


def with_policy(finding: Finding, views: Mapping[str, tuple[PolicyView, ...]]) -> Finding:
    """Return *finding* with what Azure Policy says of its members."""
    said = [view for member in finding.members for view in views.get(member.lower(), ())]
    return finding.model_copy(update={"policy": tuple(said)}) if said else finding
