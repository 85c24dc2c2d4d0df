"""Microsoft.DocumentDB: Cosmos DB accounts, their identities and their customer-managed keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.declare import Provider, RoleDefinition, SetResource
from cmk_remediate.simulator.providers.common import properties_of
from cmk_remediate.simulator.providers.cosmosdb import accounts, clock, consumer, keyuse, made, names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.simulator.declare import Change
    from cmk_remediate.simulator.world import World


def _seed(world: World) -> Iterator[Change]:
    """Complete accounts on keys of this Azure: the version in use."""
    for account, body in world.by_type(names.ACCOUNT):
        properties = made.whole(account, body, {"provisioningState": "Succeeded", **properties_of(body)})
        version = names.version_in_use(world, str(properties.get("keyVaultKeyUri") or ""))
        if version:
            yield clock.watches(world, account)
            properties = {"keyVaultKeyUriVersion": version, "customerManagedKeyStatus": names.CONFIRMED, **properties}
        if properties != properties_of(body):
            yield SetResource(account, {**body, "properties": properties})


COSMOSDB = Provider(
    namespace="Microsoft.DocumentDB",
    types=(accounts.ACCOUNTS,),
    events=clock.EVENTS,
    roles=(
        RoleDefinition(
            "230815da-be43-4aae-9cb4-875f7bd000aa",
            "Cosmos DB Operator",
            "learn.microsoft.com: Azure built-in roles for Databases",
            actions=(
                "Microsoft.DocumentDb/databaseAccounts/*",
                "Microsoft.Insights/alertRules/*",
                "Microsoft.Authorization/*/read",
                "Microsoft.ResourceHealth/availabilityStatuses/read",
                "Microsoft.Resources/deployments/*",
                "Microsoft.Resources/subscriptions/resourceGroups/read",
                "Microsoft.Support/*",
                "Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action",
            ),
            not_actions=(
                "Microsoft.DocumentDB/databaseAccounts/dataTransferJobs/*",
                "Microsoft.DocumentDB/databaseAccounts/readonlyKeys/*",
                "Microsoft.DocumentDB/databaseAccounts/regenerateKey/*",
                "Microsoft.DocumentDB/databaseAccounts/listKeys/*",
                "Microsoft.DocumentDB/databaseAccounts/listConnectionStrings/*",
                "Microsoft.DocumentDB/databaseAccounts/sqlRoleDefinitions/write",
                "Microsoft.DocumentDB/databaseAccounts/sqlRoleDefinitions/delete",
                "Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments/write",
                "Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments/delete",
            ),
        ),
    ),
    doubts=doubts.COSMOSDB,
    switches=(
        accounts.COMBINED,
        accounts.RESETS,
        accounts.KEY_ALONE,
        keyuse.CHECKS_PROTECTION,
        names.SLOW,
        clock.CONSEQUENCES,
        clock.ROTATION,
    ),
    consumers=(consumer.ACCOUNTS,),
    seed=_seed,
)
"""The resource provider."""
