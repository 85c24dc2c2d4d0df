"""Azure AI services as the rest of the library knows them."""

from __future__ import annotations

from cmk_remediate.model.codec import Registry
from cmk_remediate.model.inventory import Kind
from cmk_remediate.services.ai_services import limits, remarks, state
from cmk_remediate.services.ai_services.account import ACCOUNT
from cmk_remediate.services.ai_services.detect import detect
from cmk_remediate.services.ai_services.facts import KEY_SIZES, KEY_TYPES
from cmk_remediate.services.ai_services.insight import of_account
from cmk_remediate.services.ai_services.recipe import Recipe
from cmk_remediate.services.ai_services.steps.attach_identity import AttachIdentity
from cmk_remediate.services.ai_services.steps.restore_encryption import RestoreEncryption
from cmk_remediate.services.ai_services.steps.set_key import SetKey
from cmk_remediate.services.single import Parts, SingleService


class AiService(SingleService):
    """Azure AI services accounts: Foundry, Azure OpenAI and the single services."""

    name = "ai-services"
    resource_type = ACCOUNT
    steps = Registry(AttachIdentity, SetKey, RestoreEncryption)
    kinds = (Kind(ACCOUNT),)
    looked_for = (ACCOUNT,)
    called = "Azure AI services"
    key_types = KEY_TYPES
    key_sizes = KEY_SIZES
    parts = Parts(detect, limits.judge, state.of_account, remarks.of_account, Recipe, of_account)
