"""Law 3: what key a request points a service at, and whether its vault is protected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator.providers.common import parse_key_uri, vault_named
from cmk_remediate.simulator.providers.keyvault.vaults import is_protected

if TYPE_CHECKING:
    from cmk_remediate.simulator.declare import Consumer, Json
    from cmk_remediate.simulator.world import World


def unprotected(world: World, consumer: Consumer, path: str, sent: Json) -> str:
    """Return the name of an unprotected vault whose key a write to *path* makes a *consumer* use or hold, or empty for none.

    *sent* are the properties in the request's body. A vault outside this Azure cannot be judged.
    """
    for text in (consumer.points(world, path, sent), *consumer.holds(sent)):
        uri = parse_key_uri(text)
        vault = vault_named(world, uri.vault) if uri else None
        if vault is not None and not is_protected(world.get(vault)):
            return vault.name
    return ""
