"""Storage accounts as the rest of the library knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cmk_remediate.model.codec import Registry
from cmk_remediate.model.inventory import Child, Kind
from cmk_remediate.services.declared import check_key
from cmk_remediate.services.service import Candidate, RecipeContext
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

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmk_remediate.model.graph import GraphBuilder
    from cmk_remediate.model.outcomes import Reader
    from cmk_remediate.planfile.schema import PlanFile, TargetEntry
    from cmk_remediate.services.insight import Insight
    from cmk_remediate.services.storage.facts import AccountFacts


class StorageService:
    """Storage accounts: the account's customer-managed key, and its encryption scopes."""

    name: ClassVar[str] = "storage"
    resource_type: ClassVar[str] = ACCOUNT
    steps: ClassVar[Registry] = Registry(EnableIdentity, ReplaceIdentity, RestoreKey, SetKey, SetScopeKey)
    looked_for: ClassVar[tuple[str, ...]] = (ACCOUNT,)
    kinds: ClassVar[tuple[Kind, ...]] = (Kind(ACCOUNT, children=(Child("encryptionScopes", SCOPES),)),)

    def check(self, plan: PlanFile) -> None:
        """Refuse a plan that no account could carry out.

        Raises:
            InputError: CMK107 when it declares a key that storage accounts do not take.
        """
        check_key(plan, "a storage account", KEY_TYPES, KEY_SIZES)

    async def detect(self, reader: Reader, target: TargetEntry, plan: PlanFile) -> AccountFacts:
        """Read *target*, its encryption scopes and the keys in question; only reads.

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

    def insight(self, candidate: Candidate) -> Insight:
        """Return what proves *candidate*'s state, and what moving it takes; pure."""
        return of_account(candidate.facts)


def _candidate(facts: AccountFacts, plan: PlanFile) -> Candidate:
    blocked = limits.judge(facts, plan)
    notes = remarks.of_account(facts, blocked=blocked is not None)
    return Candidate(facts.id, (facts.id,), state.of_account(facts), facts.compliant, blocked, notes, facts)
