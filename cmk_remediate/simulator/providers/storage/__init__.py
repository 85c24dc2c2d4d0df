"""Microsoft.Storage: accounts, their encryption scopes and their customer-managed keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.declare import Provider, RoleDefinition, SetResource
from cmk_remediate.simulator.providers.common import properties_of
from cmk_remediate.simulator.providers.storage import accounts, clock, consumer, keyuse, rules, scopes
from cmk_remediate.simulator.providers.storage.made import whole
from cmk_remediate.simulator.providers.storage.names import ACCOUNT, SCOPE, encryption_of, on_customer_key, scope_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.simulator.declare import Change
    from cmk_remediate.simulator.world import World


def _seed(world: World) -> Iterator[Change]:
    """Complete accounts; on keys of this Azure: the version in use."""
    suffix = world.cloud.suffixes["storage"]
    for account, body in world.by_type(ACCOUNT):
        made = whole(account.name, body, world.iso(), suffix)
        encryption = encryption_of(made)
        if on_customer_key(made) and "currentVersionedKeyIdentifier" not in encryption["keyvaultproperties"]:
            encryption = {**encryption, "keyvaultproperties": accounts.in_use(world, encryption)}
            made = {**made, "properties": {**properties_of(made), "encryption": encryption}}
        if made != body:
            yield SetResource(account, made)
        if clock.keys_of(world, account):
            yield clock.watches(world, account)
    for scope, body in world.by_type(SCOPE):
        times = {"creationTime": world.iso(), "lastModifiedTime": world.iso()}
        properties = {"source": "Microsoft.Storage", "state": "Enabled", **times, **properties_of(body)}
        if properties != properties_of(body):
            yield SetResource(scope, {**body, "properties": properties})
        if scope_key(body):
            yield clock.watches(world, scope.top_level)


STORAGE = Provider(
    namespace="Microsoft.Storage",
    types=(accounts.ACCOUNTS, scopes.SCOPES),
    events=clock.EVENTS,
    roles=(
        RoleDefinition(
            "17d1049b-9a84-46fb-8f53-869881c3d3ab",
            "Storage Account Contributor",
            "learn.microsoft.com: Azure built-in roles for Storage",
            actions=(
                "Microsoft.Authorization/*/read",
                "Microsoft.Insights/alertRules/*",
                "Microsoft.Insights/diagnosticSettings/*",
                "Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action",
                "Microsoft.ResourceHealth/availabilityStatuses/read",
                "Microsoft.Resources/deployments/*",
                "Microsoft.Resources/subscriptions/resourceGroups/read",
                "Microsoft.Storage/storageAccounts/*",
                "Microsoft.Support/*",
            ),
        ),
    ),
    doubts=doubts.STORAGE,
    switches=(
        rules.ONE_IDENTITY,
        rules.ONE_AT_A_TIME,
        rules.INFRASTRUCTURE,
        keyuse.PROTECTION,
        clock.CONSEQUENCES,
        clock.ROTATION,
    ),
    consumers=(consumer.CONSUMER,),
    seed=_seed,
)
"""The resource provider."""
