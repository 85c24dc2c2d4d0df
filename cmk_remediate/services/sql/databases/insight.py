"""What an assessment shows of a database and its replicas; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.services.insight import Insight, Use, of_key, online, owned, same_key, shown
from cmk_remediate.services.sql.databases import state
from cmk_remediate.steps.sql.register_server_key import protector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.findings import Evidence
    from cmk_remediate.services.sql.databases.facts import ReplicaFacts
    from cmk_remediate.services.sql.databases.target import Target


def of_target(target: Target) -> Insight:
    """Return what proves the state of the databases in *target*, and what moving them takes."""
    evidence = tuple(one for replica in target.replicas for one in _of_replica(target, replica))
    used = [replica.current for replica in target.replicas if replica.current is not None]
    keys = {one.key: one for one in used if one.key is not None}
    no_way_back = next((why for why in (_no_way_back(target, one) for one in target.replicas) if why), "")
    as_found = same_key([None, *keys.values()][-1])
    apart = state.as_found(target) if len(keys) > 1 else ""
    return Insight(evidence, tuple(_uses(target)), online(no_way_back), as_found, state=apart)


def _no_way_back(target: Target, replica: ReplicaFacts) -> str:
    return (target.returns_to(replica) if replica.own.uri else target.way_back(replica))[1]


def _uses(target: Target) -> Iterator[Use]:
    for replica in target.replicas:
        have = replica.own
        if replica.current is not None:
            yield Use(replica.id, have.uri, replica.current, "" if have.follows else have.key.version)


def _of_replica(target: Target, replica: ReplicaFacts) -> Iterator[Evidence]:
    have, server = replica.own, replica.id.top_level
    yield from shown(replica.id, replica.body, _paths(replica))
    if not have.uri:
        yield from shown(protector(server), replica.protector, ("properties.serverKeyType", "properties.serverKeyName"))
    yield from owned(server, replica.server, replica.group)
    kind = shown(server, replica.server, ("kind",))
    yield from (one for one in kind if "analytics" in str(one.value).lower())
    yield from of_key(replica.current, target.now, pinned=not have.follows)
    encryption = replica.id.child("transparentDataEncryption", "current")
    scanned = shown(encryption, replica.tde, ("properties.state", "properties.scanState"))
    yield from (one for one in scanned if str(one.value).lower() != "none")


def _paths(replica: ReplicaFacts) -> Iterator[str]:
    have = replica.own
    yield "properties.encryptionProtector"
    if have.uri:
        yield "properties.encryptionProtectorAutoRotation"
        yield "identity.userAssignedIdentities"
    if have.federated:
        yield "properties.federatedClientId"
    if have.inaccessible:
        yield "properties.status"
