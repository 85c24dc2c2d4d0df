"""The steps of one account and their order; pure.

Key, identity, grant; protect the vault; wait for access; attach the identity, then the key: two PATCHes. A system-assigned
identity is switched on first: only then there is somebody to grant the key to. Restrict the vault last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.json_types import at_path
from cmk_remediate.services.ai_services.facts import KEY_SIZES, KEY_TYPES
from cmk_remediate.services.ai_services.limits import reaches
from cmk_remediate.services.ai_services.remarks import doubts_roles
from cmk_remediate.services.ai_services.steps.attach_identity import AttachIdentity
from cmk_remediate.services.ai_services.steps.set_key import SetKey
from cmk_remediate.services.declared import preparation
from cmk_remediate.steps import network, vault_state

if TYPE_CHECKING:
    from cmk_remediate.model.graph import GraphBuilder
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.model.step import Step
    from cmk_remediate.model.values import ClientId, PrincipalId, Ref
    from cmk_remediate.planfile.schema import PlanFile
    from cmk_remediate.services.ai_services.facts import AccountFacts
    from cmk_remediate.services.service import RecipeContext
    from cmk_remediate.steps import CreateIdentity, WaitForAccess


class Recipe:
    """Adds the steps of one account to a graph."""

    def __init__(self, facts: AccountFacts, plan: PlanFile, graph: GraphBuilder, context: RecipeContext) -> None:
        """Prepare; `add` does it."""
        self._facts = facts
        self._plan = plan
        self._choice = facts.choice
        self._prepare = preparation(plan, graph, facts.id, context, KEY_TYPES, KEY_SIZES, probe=False)

    def add(self) -> None:
        """Add every step."""
        facts, prepare = self._facts, self._prepare
        key = prepare.key(facts.key, pinned=facts.wishes.pinned)
        principal, client, switched_on = self._reader(key)
        grant = prepare.grant(facts.key, facts.wanted, principal)
        prepare.put(grant, key)
        ahead: list[Step] = []
        if prepare.switches_to_roles(facts.wanted):
            ahead.append(prepare.put(prepare.role_ahead(facts.key, principal), key))
        protect = prepare.protect(facts.vault, key, [grant])
        waits = [prepare.wait(grant, facts.key, principal, self._choice.identity, protect, key)]
        waits.extend(self._old_key(principal))
        before = switched_on or self._attached(waits)
        uri = prepare.uri(key, facts.key, facts.wanted, facts.wishes.key.key_version)
        previous, no_way_back = facts.way_back
        doubtful = isinstance(reaches(facts, self._plan), network.Acknowledge)
        step = SetKey(
            facts.id,
            facts.key,
            facts.wanted.host,
            uri,
            self._choice.identity,
            client,
            facts.follows,
            facts.wishes.pinned,
            previous,
            no_way_back,
            waits[0].granted,
            facts.vault if doubtful else None,
            facts.vault if doubts_roles(facts) else None,
            self._plan.allow_expiring_pinned_key,
            facts.account.version if facts.unusable else "",
        )
        done = prepare.put(step, key, protect, *waits, before)
        prepare.restrict(facts.vault, [principal], [facts.id], [done, *ahead], private_endpoint=False)

    def _reader(
        self, key: Step
    ) -> tuple[PrincipalId | Ref[PrincipalId], ClientId | Ref[ClientId] | None, AttachIdentity | None]:
        """Return whom the grant is for and how the account names it, making or switching it on if need be."""
        choice = self._choice
        if choice.identity is None:
            if choice.principal is not None:
                return choice.principal, None, None
            gone = self._facts.gone
            beside = tuple(one for one in self._facts.account.identities.attached if one not in gone)
            attach = AttachIdentity(self._facts.id, None, beside, gone)
            self._prepare.put(attach, key)
            return attach.principal_id, None, attach
        if choice.principal is not None and choice.client is not None:
            return choice.principal, choice.client, None
        made = self._made(choice.identity)
        return made.principal_id, made.client_id, None

    def _made(self, identity: ResourceId) -> CreateIdentity:
        facts = self._facts
        shared = facts.wishes.identity_is_shared
        beside = vault_state.region((facts.wanted.vault if shared else facts.body) or {})
        return self._prepare.identity(identity, str(at_path(facts.identity, "location") or beside))

    def _old_key(self, principal: PrincipalId | Ref[PrincipalId]) -> list[WaitForAccess]:
        """Let the new reader use the key the account is on: what was encrypted with that one is read with it, too."""
        current = self._facts.current
        if self._choice.how == "keeps" or current is None or current.key is None or current.body is None:
            return []
        if current.key == self._facts.key:
            return []
        grant = self._prepare.grant(current.key, current, principal)
        self._prepare.put(grant)
        return [self._prepare.wait(grant, current.key, principal, self._choice.identity)]

    def _attached(self, waits: list[WaitForAccess]) -> Step | None:
        identity, have = self._choice.identity, self._facts.account
        if not self._facts.gone and (self._choice.how != "ours" or identity is None):
            return None
        beside = tuple(one for one in have.identities.attached if one != identity and one not in self._facts.gone)
        return self._prepare.put(AttachIdentity(self._facts.id, identity, beside, self._facts.gone), *waits)
