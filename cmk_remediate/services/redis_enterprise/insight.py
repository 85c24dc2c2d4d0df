"""What an assessment shows of a cluster; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.findings import Cost
from cmk_remediate.services.insight import Insight, Use, absent, of_key, of_reader, owned, same_key, shown
from cmk_remediate.services.redis_enterprise.cluster import KEY_PATH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.findings import Evidence
    from cmk_remediate.services.redis_enterprise.facts import ClusterFacts

_PATHS = (
    f"{KEY_PATH}.keyEncryptionKeyUrl",
    f"{KEY_PATH}.keyEncryptionKeyIdentity.identityType",
    f"{KEY_PATH}.keyEncryptionKeyIdentity.userAssignedIdentityResourceId",
)


def of_cluster(facts: ClusterFacts) -> Insight:
    """Return what proves the state of the cluster in *facts*, and what moving it takes."""
    have, current = facts.cluster, facts.current
    evidence = shown(facts.id, facts.body, _paths(facts)) + owned(facts.id, facts.body, facts.group)
    evidence += of_reader(facts, have.identity) + tuple(_of_key(facts))
    uses = () if current is None else (Use(facts.id, have.key.uri, current, have.key.version),)
    return Insight(evidence, uses, _cost(facts), same_key(current, have.identity))


def _cost(facts: ClusterFacts) -> Cost:
    lost = "; what it holds may be lost: it is not replicated, or not on disk" if facts.may_lose_data else ""
    return Cost(downtime="disruption", one_way=facts.no_way_back, text=f"its connections break while it is moved{lost}")


def _paths(facts: ClusterFacts) -> Iterator[str]:
    have = facts.cluster
    if not have.is_customer:
        yield KEY_PATH
    else:
        yield from _PATHS
        if not facts.reader_works:
            yield "identity.type"
            yield "identity.userAssignedIdentities"
    if not have.at_rest:
        yield "properties.provisioningState"
        yield "properties.resourceState"


def _of_key(facts: ClusterFacts) -> Iterator[Evidence]:
    """Yield what forbids using the key in the version that is named, now or one day; or that none is named."""
    current = facts.current
    yield from of_key(current, facts.now, pinned=bool(facts.deadline))
    if current is not None and current.key is not None and current.body is not None and not facts.cluster.key.version:
        yield absent(current.key.child("versions", "(none)"))
