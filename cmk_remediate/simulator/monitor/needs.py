"""What resources on customer-managed keys need: the keys that encrypt them, their replicas and their backups within retention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator.declare import CURRENT
from cmk_remediate.simulator.monitor.declared import Use, permits, reaches
from cmk_remediate.simulator.providers import PROVIDERS
from cmk_remediate.simulator.providers.common import KEY_ACTIONS, properties_of
from cmk_remediate.simulator.providers.key_access import named_key

if TYPE_CHECKING:
    from cmk_remediate.simulator.declare import Consumer
    from cmk_remediate.simulator.world import World

CONSUMERS: tuple[Consumer, ...] = tuple(one for provider in PROVIDERS for one in provider.consumers)
"""Every type whose resources use customer-managed keys."""


@dataclass(frozen=True)
class Need:
    """A key version a resource needs.

    Attributes:
        name: what tells it from the resource's other needs.
        why: what needs it.
        available: whether the resource can use it by what is declared.
        missing: what is in the way, or empty.
    """

    name: str
    why: str
    available: bool
    missing: str = ""


@dataclass(frozen=True)
class Standing:
    """A resource as its keys see it.

    Attributes:
        principal: the object id it reaches vaults with.
        vaults: the vaults its needs are in, lower case.
        needs: by name.
    """

    principal: str
    vaults: tuple[str, ...]
    needs: dict[str, Need]


def consumers_of(key: str) -> list[tuple[Consumer, str]]:
    """Return the consumers that *key*, a lower-case id, is or is below, the innermost first: its type, and its id."""
    found = [(consumer, consumer.resource_of(key)) for consumer in CONSUMERS]
    return sorted(((one, place) for one, place in found if place), key=lambda pair: -len(pair[1]))


def consumer_of(key: str) -> tuple[Consumer, str] | None:
    """Return the innermost consumer that *key* is or is below."""
    return next(iter(consumers_of(key)), None)


def standing(world: World, consumer: Consumer, resource: ResourceId) -> Standing:
    """Return what *resource* needs, and whether it has it."""
    principal = consumer.principal(world, resource).lower()
    vaults: dict[str, None] = {}
    needs: dict[str, Need] = {}
    for use in consumer.uses(world, resource):
        named = named_key(world, use.uri)
        if named is not None:
            vaults[named.vault.key] = None
        missing = use.missing or _missing(world, resource, principal, use.uri)
        needs[use.name] = Need(use.name, use.why, not missing, missing)
    return Standing(principal, tuple(vaults), needs)


def _missing(world: World, resource: ResourceId, principal: str, text: str) -> str:
    """Return what keeps *resource* from the key *text*, or empty; a vault outside this Azure counts as there."""
    named = named_key(world, text)
    if named is None:
        return ""
    version = named.version(world)
    if version is None:
        return "the key version"
    if (properties_of(version).get("attributes") or {}).get("enabled") is False:
        return "the key version, which is disabled"
    if not principal:
        return "the identity"
    if not reaches(world, str(resource), named.vault.key):
        return "the network path to the vault"
    if not all(permits(world, Use(principal, action, named.key.key)) for action in KEY_ACTIONS):
        return "the right to use the key"
    return ""


class Consumers:
    """Every consumer's standing, as the monitor last saw it.

    Attributes:
        standing: by the resource's id in lower case.
        helpless: who could not use the present key before anybody came.
    """

    def __init__(self, world: World) -> None:
        """Know none yet."""
        self._world = world
        self.standing: dict[str, Standing] = {}
        self.helpless: frozenset[str] = frozenset()
        self._by_principal: dict[str, dict[str, None]] = {}
        self._by_vault: dict[str, dict[str, None]] = {}

    def take(self) -> None:
        """Take every resource as it is now."""
        self.standing, self._by_principal, self._by_vault = {}, {}, {}
        for consumer in CONSUMERS:
            for key in self._world.index.of_type(consumer.type.lower()):
                self._keep(key, standing(self._world, consumer, ResourceId(key)))
        self.helpless = frozenset(
            key
            for key, one in self.standing.items()
            if any(need.why == CURRENT and not need.available for need in one.needs.values())
        )

    def _keep(self, resource: str, found: Standing) -> None:
        self.standing[resource] = found
        self._by_principal.setdefault(found.principal, {})[resource] = None
        for vault in found.vaults:
            self._by_vault.setdefault(vault, {})[resource] = None

    def in_vault(self, vault: str) -> dict[str, None]:
        """Return the resources with a need in *vault*."""
        return self._by_vault.get(vault, {})

    def with_principal(self, who: str) -> dict[str, None]:
        """Return the resources that reach vaults as *who*."""
        return self._by_principal.get(who, {})

    def lost(self, resource: str) -> list[tuple[Need, bool]]:
        """Look again; return the needs that are unmet now and were met, or that are new: (need, whether it is new)."""
        before = self.standing.get(resource)
        known = consumer_of(resource)
        if known is None or self._world.get(resource) is None:
            self.standing.pop(resource, None)
            return []
        after = standing(self._world, known[0], ResourceId(resource))
        self._keep(resource, after)
        found = []
        for name, need in after.needs.items():
            had = before.needs.get(name) if before else None
            newly = had is None and need.why == CURRENT
            if not need.available and (newly or (had is not None and had.available)):
                found.append((need, newly))
        return found
