"""The resource providers of the embedded Azure: what each declares; the engine does the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator.providers.ai_services import AI_SERVICES
from cmk_remediate.simulator.providers.common import REVIEWS
from cmk_remediate.simulator.providers.compute import COMPUTE, NETWORK
from cmk_remediate.simulator.providers.containerservice import CONTAINERSERVICE
from cmk_remediate.simulator.providers.cosmosdb import COSMOSDB
from cmk_remediate.simulator.providers.grants import GRANT_PROVIDER
from cmk_remediate.simulator.providers.identity import IDENTITY_PROVIDER
from cmk_remediate.simulator.providers.insights import INSIGHTS
from cmk_remediate.simulator.providers.keyvault import KEYVAULT
from cmk_remediate.simulator.providers.redis import REDIS
from cmk_remediate.simulator.providers.sql import SQL
from cmk_remediate.simulator.providers.storage import STORAGE

if TYPE_CHECKING:
    from cmk_remediate.simulator.declare import Provider

PROVIDERS: tuple[Provider, ...] = (
    IDENTITY_PROVIDER,
    GRANT_PROVIDER,
    KEYVAULT,
    SQL,
    COMPUTE,
    NETWORK,
    CONTAINERSERVICE,
    INSIGHTS,
    COSMOSDB,
    REDIS,
    AI_SERVICES,
    STORAGE,
    REVIEWS,
)
"""All there are; seeded in this order."""
