"""The steps of one account and their order; pure.

Key, identity, grant; protect the vault; wait for access; the account's key, with the identity where it was on platform keys; then
the encryption scopes, where asked for. An account on a customer's key whose identity is gone gets another one first, in a request
of its own. Restrict the vault last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.json_types import at_path
from cmk_remediate.services.declared import preparation, wanted_key
from cmk_remediate.services.storage.choice import choose
from cmk_remediate.services.storage.facts import KEY_SIZES, KEY_TYPES
from cmk_remediate.services.storage.steps.enable_identity import EnableIdentity
from cmk_remediate.services.storage.steps.replace_identity import ReplaceIdentity
from cmk_remediate.services.storage.steps.set_key import SetKey
from cmk_remediate.services.storage.steps.set_scope_key import SetScopeKey
from cmk_remediate.steps import key_limits, network

if TYPE_CHECKING:
    from cmk_remediate.model.graph import GraphBuilder
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.model.step import Step
    from cmk_remediate.model.values import Grant, Ref
    from cmk_remediate.planfile.schema import PlanFile
    from cmk_remediate.services.service import RecipeContext
    from cmk_remediate.services.storage.facts import AccountFacts
    from cmk_remediate.steps.preparation import Principal


class Recipe:
    """Adds the steps of one account to a graph."""

    def __init__(self, facts: AccountFacts, plan: PlanFile, graph: GraphBuilder, context: RecipeContext) -> None:
        """Prepare; `add` does it."""
        self._facts = facts
        self._plan = plan
        self._choice = choose(facts)
        self._prepare = preparation(plan, graph, facts.id, context, KEY_TYPES, KEY_SIZES)

    def add(self) -> None:
        """Add every step."""
        facts, prepare = self._facts, self._prepare
        key = prepare.key(facts.key, pinned=bool(facts.version))
        principal = self._principal()
        grant = prepare.grant(facts.key, facts.wanted, principal)
        prepare.put(grant, key)
        ahead: list[Step] = []
        if prepare.switches_to_roles(facts.wanted):
            ahead.append(prepare.put(prepare.role_ahead(facts.key, principal), key))
        protect = prepare.protect(facts.vault, key, [grant])
        wait = prepare.wait(grant, facts.key, principal, self._seen, protect, key)
        first = self._replace(principal)
        done = prepare.put(self._set_key(wait.granted), key, protect, wait, first)
        moved = [prepare.put(self._set_scope_key(one, wait.granted), done) for one in facts.to_move]
        prepare.restrict(facts.vault, [principal], [facts.id], [done, *moved, *ahead], private_endpoint=False)

    @property
    def _seen(self) -> ResourceId | None:
        """The identity, whose age the wait counts; None where it was not shown: then only the grant's counts."""
        identity = self._choice.identity
        return identity if identity is not None and identity.key in self._facts.identities else None

    def _principal(self) -> Principal:
        """Return whom the grant is for, making the identity if need be."""
        choice, facts = self._choice, self._facts
        if choice.principal is not None:
            return choice.principal
        if choice.identity is None:
            enable = EnableIdentity(facts.id)
            self._prepare.put(enable)
            return enable.principal_id
        shared = facts.wishes.identity_is_shared
        beside = at_path(facts.wanted.vault if shared else facts.body, "location")
        location = at_path(facts.identities.get(choice.identity.key), "location") or beside
        return self._prepare.identity(choice.identity, str(location).replace(" ", "").lower()).principal_id

    def _replace(self, principal: Principal) -> Step | None:
        """Let another identity read the key in use, where the one it has is gone."""
        current, choice = self._facts.current, self._choice
        if choice.how == "keeps" or current is None or current.key is None:
            return None
        grant = self._prepare.grant(current.key, current, principal)
        found = self._prepare.key(current.key, pinned=True)
        self._prepare.put(grant, found)
        protect = self._prepare.protect(current.key.top_level, found, [grant])
        wait = self._prepare.wait(grant, current.key, principal, self._seen, protect, found)
        return self._prepare.put(ReplaceIdentity(self._facts.id, choice.identity, choice.replaces, wait.granted), wait)

    def _set_key(self, access: Ref[Grant]) -> SetKey:
        facts, choice = self._facts, self._choice
        previous, no_way_back = facts.way_back
        wanted = wanted_key(self._plan, facts.wishes, "storage", KEY_TYPES, KEY_SIZES)
        verdict = key_limits.reaches(facts.vault, facts.wanted.vault or {}, wanted)
        return SetKey(
            facts.id,
            facts.key,
            facts.wanted.host,
            facts.version,
            choice.identity,
            choice.replaces if facts.current is None else None,
            previous,
            no_way_back,
            access,
            facts.vault if isinstance(verdict, network.Acknowledge) else None,
            self._plan.allow_expiring_pinned_key,
        )

    def _set_scope_key(self, scope: ResourceId, access: Ref[Grant]) -> SetScopeKey:
        facts = self._facts
        uri = "/".join([facts.wanted.host, "keys", facts.key.name, *([facts.version] if facts.version else [])])
        return SetScopeKey(scope, uri, access)
