"""Storage accounts as the rest of the library knows them."""

from __future__ import annotations

from cmk_remediate.model.codec import Registry
from cmk_remediate.model.inventory import Child, Kind
from cmk_remediate.services.single import Parts, SingleService
from cmk_remediate.services.storage import limits, remarks, state
from cmk_remediate.services.storage.account import ACCOUNT
from cmk_remediate.services.storage.detect import SCOPES, detect
from cmk_remediate.services.storage.facts import KEY_SIZES, KEY_TYPES
from cmk_remediate.services.storage.insight import of_account
from cmk_remediate.services.storage.recipe import Recipe
from cmk_remediate.services.storage.steps.enable_identity import EnableIdentity
from cmk_remediate.services.storage.steps.replace_identity import ReplaceIdentity
from cmk_remediate.services.storage.steps.restore_key import RestoreKey
from cmk_remediate.services.storage.steps.set_key import SetKey
from cmk_remediate.services.storage.steps.set_scope_key import SetScopeKey


class StorageService(SingleService):
    """Storage accounts: the account's customer-managed key, and its encryption scopes."""

    name = "storage"
    resource_type = ACCOUNT
    steps = Registry(EnableIdentity, ReplaceIdentity, RestoreKey, SetKey, SetScopeKey)
    looked_for = (ACCOUNT,)
    kinds = (Kind(ACCOUNT, children=(Child("encryptionScopes", SCOPES),)),)
    called = "a storage account"
    key_types = KEY_TYPES
    key_sizes = KEY_SIZES
    parts = Parts(detect, limits.judge, state.of_account, remarks.of_account, Recipe, of_account)
