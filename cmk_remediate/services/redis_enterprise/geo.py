"""Clusters whose databases replicate to each other: one at a time, and never the last good copy.

Facts: azure-mgmt-redisenterprise `LinkedDatabase.state`. That linked clusters are to be changed one after the other is inferred:
during the maintenance a cluster serves nobody, and its partners do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.model.decisions import Blocked, Pending
from cmk_remediate.services.redis_enterprise.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cmk_remediate.model.ids import ResourceId

HEALTHY, ON_ITS_WAY = "Linked", "Linking"
WAIT = 30
"""Seconds until it is worth asking again."""


def lock(cluster: ResourceId, partners: Iterable[ResourceId]) -> str:
    """Return the name that all clusters of *cluster*'s group share."""
    return f"geo:{min(one.key for one in (cluster, *partners))}"


def judge(
    links: Iterable[tuple[ResourceId, str]], partners: Mapping[ResourceId, Mapping[str, Any] | None], here: ResourceId
) -> Blocked | None:
    """Return why *here* must not be taken down, by its *links* and the bodies of its *partners*; None where it may."""
    found = judge_now(links, partners, here)
    if not isinstance(found, Pending):
        return found
    return Blocked(codes.redis_enterprise.PARTNER_NOT_AT_REST, found.why, resource=here.text)


def judge_now(
    links: Iterable[tuple[ResourceId, str]], partners: Mapping[ResourceId, Mapping[str, Any] | None], here: ResourceId
) -> Blocked | Pending | None:
    """Return the same, or what to wait for: a partner whose change runs comes back."""
    for linked, state in links:
        why = f"properties.geoReplication of {here.name}: the link with {linked.top_level.name} is {state}"
        if state == ON_ITS_WAY:
            return Pending(why, WAIT)
        if state != HEALTHY:
            return Blocked(codes.redis_enterprise.LINK_UNHEALTHY, why, resource=here.text)
    for partner, body in partners.items():
        if body is None:
            why = f"{here.name} is linked with {partner.name}, which was not shown"
            return Blocked(codes.redis_enterprise.PARTNER_UNREADABLE, why, resource=partner.text)
        other = Cluster.of(body)
        why = f"{here.name} is linked with {partner.name}, which has {other.states}"
        if other.busy:
            return Pending(why, WAIT)
        if not other.at_rest:
            return Blocked(codes.redis_enterprise.PARTNER_NOT_AT_REST, why, resource=partner.text)
    return None
