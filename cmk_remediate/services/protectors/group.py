"""Servers that can only be moved together, as one value: what a recipe and the limits work on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmk_remediate.planfile.wishes import Wishes, entry_of, wishes
from cmk_remediate.services.protectors.choice import Choice, choose
from cmk_remediate.services.protectors.facts import ServerFacts, SqlFacts
from cmk_remediate.services.protectors.joined import OnPlansKey, joined
from cmk_remediate.steps import key_state, previous_key
from cmk_remediate.steps.sql import geo, sorts
from cmk_remediate.steps.sql.names import Protector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.planfile.schema import PlanFile

KEY_TYPES = ("RSA", "RSA-HSM")
KEY_SIZES = (2048, 3072)
"""What Azure SQL takes as a protector (learn.microsoft.com, "TDE with customer-managed key")."""


@dataclass(frozen=True)
class Group(OnPlansKey):
    """One target: a server, or a geo pair.

    Attributes:
        servers: secondaries first, the primary last: the order in which protectors are set.
    """

    servers: tuple[ServerFacts, ...]

    @property
    def parts(self) -> tuple[Any, ...]:
        """Its servers."""
        return self.servers

    def leads(self, server: ServerFacts) -> bool:
        """Say whether *server* is the primary of a failover group or of a link."""
        return geo.is_primary(server.failover_groups, server.replication_links)

    def choice(self, server: ServerFacts) -> Choice:
        """Return which identity *server* uses."""
        return choose(server, self.wishes, compliant=self.uses_wanted(server))

    def uses_wanted(self, server: ServerFacts) -> bool:
        """Say whether *server* uses the plan's key, and follows it or pins it as the plan wants; and the key can be used."""
        current = Protector.of(server.protector or {})
        if not current.names(self.key) or bool(current.follows) == self.wishes.pinned or self.wanted.body is None:
            return False
        if self.wishes.pinned and current.version != self.wishes.key.key_version:
            return False
        return key_state.judge_key(self.key, self.wanted.body, self.now) is None

    def way_back(self, server: ServerFacts) -> tuple[ResourceId | None, str]:
        """Return the customer key that a rollback of *server* can return to, or why it cannot; neither on platform keys.

        The previous key is judged as the new one is: usable, its vault recoverable and within reach.
        """
        if Protector.of(server.protector or {}).names(self.key):
            return None, ""
        return self.returns_to(server)

    def returns_to(self, server: ServerFacts) -> tuple[ResourceId | None, str]:
        """Return the same, whatever key the plan wants."""
        endpoint = self.wishes.private_endpoint
        kind = sorts.network_kind(server.id)
        return previous_key.way_back(
            server.current, kind, self.now, types=KEY_TYPES, sizes=KEY_SIZES, private_endpoint=endpoint
        )


def groups(found: Sequence[SqlFacts], plan: PlanFile) -> tuple[Group, ...]:
    """Return what was read about the plan's targets, joined where servers replicate to each other."""
    alike = joined(found, lambda facts: {one.id for one in facts.servers} | {facts.target})
    return tuple(_group(facts, plan) for facts in alike)


def _group(found: Sequence[SqlFacts], plan: PlanFile) -> Group:
    first = found[0]
    servers = {server.id: server for facts in found for server in facts.servers}
    ordered = sorted(servers.values(), key=lambda server: (_leads(server), server.id.key))
    lost = dict.fromkeys(name for facts in found for name in facts.unlocated)
    return Group(
        first.target,
        tuple(dict.fromkeys(facts.target for facts in found)),
        tuple(lost),
        first.wanted,
        wishes(plan, entry_of(plan, first.target)),
        first.now,
        tuple(ordered),
    )


def _leads(server: ServerFacts) -> bool:
    return geo.is_primary(server.failover_groups, server.replication_links)


def head(servers: Sequence[ServerFacts], wanted: Wishes) -> ResourceId:
    """Return the server that the key of a geo pair is called after.

    The one whose key the pair uses already, so that a failover renames nothing; else the primary; else the first.
    """
    using = [Protector.of(server.protector or {}) for server in servers]
    for server in servers:
        if any(current.names(wanted.key_id(server.id)) for current in using):
            return server.id
    leading = sorted(server.id for server in servers if _leads(server))
    return leading[0] if leading else servers[0].id
