"""Azure Cosmos DB as the rest of the library knows it."""

from __future__ import annotations

from cmk_remediate.model.codec import Registry
from cmk_remediate.model.inventory import Kind
from cmk_remediate.services.cosmosdb import limits, remarks, state
from cmk_remediate.services.cosmosdb.account import ACCOUNT
from cmk_remediate.services.cosmosdb.detect import FEATURES, detect
from cmk_remediate.services.cosmosdb.facts import KEY_SIZES, KEY_TYPES
from cmk_remediate.services.cosmosdb.insight import of_account
from cmk_remediate.services.cosmosdb.recipe import Recipe
from cmk_remediate.services.cosmosdb.steps.attach_identity import AttachIdentity
from cmk_remediate.services.cosmosdb.steps.set_default_identity import SetDefaultIdentity
from cmk_remediate.services.cosmosdb.steps.set_key import SetKey
from cmk_remediate.services.single import Parts, SingleService


class CosmosService(SingleService):
    """Azure Cosmos DB accounts: the account-wide customer-managed key."""

    name = "cosmosdb"
    resource_type = ACCOUNT
    steps = Registry(AttachIdentity, SetDefaultIdentity, SetKey)
    kinds = (Kind(ACCOUNT, also=(FEATURES,)),)
    looked_for = (ACCOUNT,)
    called = "Cosmos DB"
    key_types = KEY_TYPES
    key_sizes = KEY_SIZES
    parts = Parts(detect, limits.judge, state.of_account, remarks.of_account, Recipe, of_account)
