"""Microsoft.KeyVault: vaults, keys and their versions, deleted vaults, and the keys data plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.declare import Event, Provider
from cmk_remediate.simulator.providers.common import VAULT
from cmk_remediate.simulator.providers.keyvault import (
    conflicts,
    dataplane,
    keys,
    policies,
    roles,
    rotation,
    vaultrules,
    vaults,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.simulator.declare import Change
    from cmk_remediate.simulator.world import World


def _seed(world: World) -> Iterator[Change]:
    for vault, body in world.by_type(VAULT):
        yield from vaults.seeded(world, vault, body)
    for key, body in world.by_type(f"{VAULT}/keys"):
        yield from rotation.seeded(world, key, body)
    for gone, body in world.by_type(keys.DELETED_KEYS):
        yield from rotation.seeded_deleted(world, gone, body)


KEYVAULT = Provider(
    namespace="Microsoft.KeyVault",
    types=(
        vaults.VAULTS,
        policies.ACCESS_POLICIES,
        policies.DELETED,
        policies.DELETED_LIST,
        keys.KEYS,
        keys.VERSIONS,
        keys.DELETED,
    ),
    events=(Event(vaults.DNS_READY, vaults.dns_ready), *rotation.EVENTS),
    roles=roles.ROLES,
    doubts=doubts.KEYVAULT,
    switches=(
        conflicts.CONFLICTS,
        vaults.LATE_PROTECTION,
        vaults.REGISTERING,
        vaultrules.NEEDS_SOFT_DELETE,
        rotation.ROTATION,
        rotation.EXPIRY,
    ),
    data_planes=(dataplane.DATA_PLANE,),
    seed=_seed,
)
"""The resource provider."""
