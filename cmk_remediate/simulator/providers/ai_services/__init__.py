"""Microsoft.CognitiveServices: AI services accounts, their identities and their customer-managed keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.declare import Provider, RoleDefinition, SetResource
from cmk_remediate.simulator.providers.ai_services import accounts, consumer, keyuse, made, names
from cmk_remediate.simulator.providers.common import properties_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.simulator.declare import Change
    from cmk_remediate.simulator.world import World


def _seed(world: World) -> Iterator[Change]:
    """Complete accounts."""
    for account, body in world.by_type(names.ACCOUNT):
        given = {"provisioningState": "Succeeded", **properties_of(body)}
        properties = made.whole(account, body, given)
        if properties != properties_of(body):
            yield SetResource(account, {**body, "properties": properties})


AI_SERVICES = Provider(
    namespace="Microsoft.CognitiveServices",
    types=(accounts.ACCOUNTS,),
    roles=(
        RoleDefinition(
            "25fbc0a9-bd7c-42a3-aa1a-3b75d497ee68",
            "Cognitive Services Contributor",
            "learn.microsoft.com: Azure built-in roles for AI + machine learning",
            actions=(
                "Microsoft.Authorization/*/read",
                "Microsoft.CognitiveServices/*",
                "Microsoft.Features/features/read",
                "Microsoft.Features/providers/features/read",
                "Microsoft.Insights/alertRules/*",
                "Microsoft.Insights/diagnosticSettings/*",
                "Microsoft.Resources/deployments/*",
                "Microsoft.Resources/subscriptions/resourceGroups/read",
            ),
        ),
    ),
    doubts=doubts.AI_SERVICES,
    switches=(keyuse.CHECKS_PROTECTION, keyuse.CHECKS_REGION),
    consumers=(consumer.ACCOUNTS,),
    seed=_seed,
)
"""The resource provider."""
