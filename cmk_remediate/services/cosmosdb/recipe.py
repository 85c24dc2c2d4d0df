"""The steps of one account and their order; pure.

Key, identity, grant; protect the vault; wait for access; attach the identity, make it the default, set the key: three PATCHes,
since Azure takes no two of them together. Restrict the vault last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.json_types import at_path
from cmk_remediate.services.cosmosdb.account import default_of
from cmk_remediate.services.cosmosdb.facts import KEY_SIZES, KEY_TYPES
from cmk_remediate.services.cosmosdb.steps.attach_identity import AttachIdentity
from cmk_remediate.services.cosmosdb.steps.set_default_identity import SetDefaultIdentity
from cmk_remediate.services.cosmosdb.steps.set_key import SetKey
from cmk_remediate.services.declared import preparation

if TYPE_CHECKING:
    from cmk_remediate.model.graph import GraphBuilder
    from cmk_remediate.model.step import Step
    from cmk_remediate.model.values import PrincipalId, Ref
    from cmk_remediate.planfile.schema import PlanFile
    from cmk_remediate.services.cosmosdb.facts import AccountFacts
    from cmk_remediate.services.service import RecipeContext
    from cmk_remediate.steps import WaitForAccess


class Recipe:
    """Adds the steps of one account to a graph."""

    def __init__(self, facts: AccountFacts, plan: PlanFile, graph: GraphBuilder, context: RecipeContext) -> None:
        """Prepare; `add` does it."""
        self._facts = facts
        self._choice = facts.choice
        self._prepare = preparation(plan, graph, facts.id, context, KEY_TYPES, KEY_SIZES, probe=False)

    def add(self) -> None:
        """Add every step."""
        facts, prepare = self._facts, self._prepare
        key = prepare.key(facts.key, pinned=False)
        principal = self._principal()
        waits: list[WaitForAccess] = []
        ahead: list[Step] = []
        if principal is None:
            protect = prepare.protect(facts.vault, key, [])
        else:
            grant = prepare.grant(facts.key, facts.wanted, principal)
            prepare.put(grant, key)
            if prepare.switches_to_roles(facts.wanted):
                ahead.append(prepare.put(prepare.role_ahead(facts.key, principal), key))
            protect = prepare.protect(facts.vault, key, [grant])
            waits.append(prepare.wait(grant, facts.key, principal, self._choice.identity, protect, key))
            waits.extend(self._old_key(principal))
        before = self._identity(waits)
        previous, no_way_back = facts.way_back
        access = waits[0].granted if waits else None
        done = prepare.put(
            SetKey(facts.id, facts.key, facts.uri, previous, no_way_back, access), key, protect, *waits, before
        )
        prepare.restrict(
            facts.vault,
            [] if principal is None else [principal],
            [facts.id],
            [done, *ahead],
            private_endpoint=False,
        )

    def _principal(self) -> PrincipalId | Ref[PrincipalId] | None:
        """Return whom the grant is for, making the identity if need be; None for Cosmos DB's own, which has its right."""
        choice, facts = self._choice, self._facts
        if choice.identity is None or (choice.how == "keeps" and choice.principal is not None):
            return choice.principal
        shared = facts.wishes.identity_is_shared
        beside = at_path(facts.wanted.vault if shared else facts.body, "location")
        location = at_path(facts.identity, "location") or str(beside).replace(" ", "").lower()
        return self._prepare.identity(choice.identity, str(location)).principal_id

    def _old_key(self, principal: PrincipalId | Ref[PrincipalId]) -> list[WaitForAccess]:
        """Let our identity use the key the account is on: it reads that one until the plan's is set, and backups later."""
        current = self._facts.current
        if self._choice.how != "ours" or current is None or current.key is None or current.body is None:
            return []
        if current.key == self._facts.key:
            return []
        grant = self._prepare.grant(current.key, current, principal)
        self._prepare.put(grant)
        return [self._prepare.wait(grant, current.key, principal, self._choice.identity)]

    def _identity(self, waits: list[WaitForAccess]) -> Step | None:
        """Attach ours, then make it the default; the pair goes together, since the first may reset the second."""
        identity = self._choice.identity
        if self._choice.how != "ours" or identity is None:
            return None
        attach = self._prepare.put(AttachIdentity(self._facts.id, identity), *waits)
        return self._prepare.put(SetDefaultIdentity(self._facts.id, default_of(identity)), attach)
