"""Azure AI services as the rest of the library knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cmk_remediate.model.codec import Registry
from cmk_remediate.model.inventory import Kind
from cmk_remediate.services.ai_services import limits, remarks, state
from cmk_remediate.services.ai_services.account import ACCOUNT
from cmk_remediate.services.ai_services.detect import detect
from cmk_remediate.services.ai_services.facts import KEY_SIZES, KEY_TYPES
from cmk_remediate.services.ai_services.recipe import Recipe
from cmk_remediate.services.ai_services.steps.attach_identity import AttachIdentity
from cmk_remediate.services.ai_services.steps.restore_encryption import RestoreEncryption
from cmk_remediate.services.ai_services.steps.set_key import SetKey
from cmk_remediate.services.declared import check_key
from cmk_remediate.services.service import Candidate, RecipeContext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmk_remediate.model.graph import GraphBuilder
    from cmk_remediate.model.outcomes import Reader
    from cmk_remediate.planfile.schema import PlanFile, TargetEntry
    from cmk_remediate.services.ai_services.facts import AccountFacts


class AiService:
    """Azure AI services accounts: Foundry, Azure OpenAI and the single services."""

    name: ClassVar[str] = "ai-services"
    resource_type: ClassVar[str] = ACCOUNT
    steps: ClassVar[Registry] = Registry(AttachIdentity, SetKey, RestoreEncryption)
    kinds: ClassVar[tuple[Kind, ...]] = (Kind(ACCOUNT),)

    def check(self, plan: PlanFile) -> None:
        """Refuse a plan that no account could carry out.

        Raises:
            InputError: CMK107 when it declares a key that AI services do not take.
        """
        check_key(plan, "Azure AI services", KEY_TYPES, KEY_SIZES)

    async def detect(self, reader: Reader, target: TargetEntry, plan: PlanFile) -> AccountFacts:
        """Read *target* and the keys in question; only reads.

        Raises:
            InputError: CMK107, as `check`: before anything is read.
        """
        self.check(plan)
        return await detect(reader, plan, target)

    def candidates(self, facts: Sequence[AccountFacts], plan: PlanFile) -> tuple[Candidate, ...]:
        """Judge what was read; pure."""
        return tuple(_candidate(one, plan) for one in facts)

    def recipe(self, candidate: Candidate, plan: PlanFile, graph: GraphBuilder, context: RecipeContext) -> None:
        """Add *candidate*'s steps and edges to *graph*; pure."""
        Recipe(candidate.facts, plan, graph, context).add()


def _candidate(facts: AccountFacts, plan: PlanFile) -> Candidate:
    blocked = limits.judge(facts, plan)
    notes = remarks.of_account(facts, blocked=blocked is not None)
    return Candidate(facts.id, (facts.id,), state.of_account(facts), facts.compliant, blocked, notes, facts)
