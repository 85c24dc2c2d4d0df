"""The steps of one cluster and their order; pure.

Key, identity, grant; protect the vault; wait for access; one PATCH that attaches the identity and sets the key. Restrict the vault
last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from cmk_remediate.model.json_types import at_path
from cmk_remediate.services.declared import preparation, wanted_key
from cmk_remediate.services.redis_enterprise.facts import KEY_SIZES, KEY_TYPES
from cmk_remediate.services.redis_enterprise.steps.set_cluster_key import SetClusterKey
from cmk_remediate.steps import key_limits, network, vault_state

if TYPE_CHECKING:
    from cmk_remediate.model.graph import GraphBuilder
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.planfile.schema import PlanFile
    from cmk_remediate.services.redis_enterprise.facts import ClusterFacts
    from cmk_remediate.services.service import RecipeContext
    from cmk_remediate.steps.preparation import Principal


class Recipe:
    """Adds the steps of one cluster to a graph."""

    def __init__(self, facts: ClusterFacts, plan: PlanFile, graph: GraphBuilder, context: RecipeContext) -> None:
        """Prepare; `add` does it."""
        self._facts = facts
        self._plan = plan
        self._prepare = preparation(plan, graph, facts.id, context, KEY_TYPES, KEY_SIZES, probe=False)

    def add(self) -> None:
        """Add every step."""
        facts, prepare = self._facts, self._prepare
        identity = cast("ResourceId", facts.choice.identity)  # the limits refuse a cluster that has none
        key = prepare.key(facts.key, pinned=facts.wishes.pinned)
        principal = self._principal(identity)
        grant = prepare.grant(facts.key, facts.wanted, principal)
        prepare.put(grant, key)
        ahead = []
        if prepare.switches_to_roles(facts.wanted):
            ahead.append(prepare.put(prepare.role_ahead(facts.key, principal), key))
        protect = prepare.protect(facts.vault, key, [grant])
        wait = prepare.wait(grant, facts.key, principal, identity, protect, key)
        done = prepare.put(
            SetClusterKey(
                facts.id,
                facts.key,
                prepare.uri(key, facts.key, facts.wanted, facts.wishes.key.key_version),
                identity,
                pinned=facts.wishes.pinned,
                leaves=facts.cluster.key.version if facts.version_unusable else "",
                no_way_back=facts.no_way_back,
                previous=facts.current.key if facts.current is not None else None,
                access=wait.granted,
                unconfirmed=self._unconfirmed(),
                may_expire=self._plan.allow_expiring_pinned_key,
                gone=tuple(one for one in facts.gone if one in facts.cluster.identities.attached),
                beside=tuple(
                    one for one in facts.cluster.identities.attached if one != identity and one not in facts.gone
                ),
                partners=tuple(facts.partners),
            ),
            key,
            protect,
            wait,
        )
        prepare.restrict(facts.vault, [principal], [facts.id], [done, *ahead], private_endpoint=False)

    def _principal(self, identity: ResourceId) -> Principal:
        """Return whom the grant is for, making the identity if need be."""
        facts, choice = self._facts, self._facts.choice
        if choice.how == "keeps" and choice.principal is not None:
            return choice.principal
        beside = facts.wanted.vault if facts.wishes.identity_is_shared else facts.body
        location = at_path(facts.identity, "location") or vault_state.region(beside or {})
        return self._prepare.identity(identity, str(location)).principal_id

    def _unconfirmed(self) -> ResourceId | None:
        """Return the vault, where nobody has confirmed that its firewall lets a cluster pass."""
        facts = self._facts
        wanted = wanted_key(self._plan, facts.wishes, "redis", KEY_TYPES, KEY_SIZES)
        verdict = key_limits.reaches(facts.vault, facts.wanted.vault or {}, wanted)
        return facts.vault if isinstance(verdict, network.Acknowledge) else None
