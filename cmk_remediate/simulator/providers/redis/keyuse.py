"""Whether a cluster can use a key, and what it says when it cannot.

No answer of the service about a key was recorded: what it passes on of Key Vault is the text that other services pass on
(github.com/hashicorp/terraform-provider-azurerm/issues/27817); all else is unconfirmed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator.declare import UNCONFIRMED, ArmError, Json, Switch
from cmk_remediate.simulator.providers.common import bad_request, properties_of
from cmk_remediate.simulator.providers.key_access import hindrance, may_use, named_key, out_of_date
from cmk_remediate.simulator.providers.keyvault.vaults import protected
from cmk_remediate.simulator.providers.redis.names import USER_ASSIGNED, key_of, key_url, principal_of

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.world import World

DOC = "learn.microsoft.com: Configure disk encryption for Azure Managed Redis using customer managed keys"
PASSED_ON = "github.com/hashicorp/terraform-provider-azurerm/issues/27817"
SDK = "azure-mgmt-redisenterprise ClusterPropertiesEncryptionCustomerManagedKeyEncryption.key_encryption_key_url"
CHECKS_PROTECTION = Switch(
    "redis-checks-protection", "A cluster refuses a key whose vault lacks soft delete or purge protection."
)


def form_refusal(body: Json | None) -> ArmError | None:
    """Return why the key in *body* is refused by its form alone, or None."""
    text, said = key_url(body), key_of(body).get("keyEncryptionKeyIdentity") or {}
    if str(said.get("identityType") or "").lower() != USER_ASSIGNED.lower():
        return bad_request("BadRequest", "Only userAssignedIdentity is supported for keyEncryptionKeyIdentity.", SDK)
    parts = text.removeprefix("https://").strip("/").split("/")
    if len(parts) != 4 or not text.startswith("https://"):  # noqa: PLR2004 - host, keys, name, version
        return bad_request(
            "BadRequest", f"keyEncryptionKeyUrl '{text}' is invalid: a versioned key URL is needed.", SDK
        )
    return None


def key_refusal(world: World, cluster: ResourceId, body: Json | None) -> ArmError | None:
    """Return why *cluster* is refused the key that *body* names, or None."""
    text = key_url(body)
    named = named_key(world, text)
    if named is None or world.get(named.key) is None:
        return _forbidden(f"The key '{text}' was not found.", "KeyNotFound", UNCONFIRMED)
    there, here = (str((one or {}).get("location") or "") for one in (world.get(named.vault), body))
    if there.replace(" ", "").lower() != here.replace(" ", "").lower():
        said = f"The key vault '{named.vault.name}' must be in the region of the cluster."
        return bad_request("BadRequest", said, DOC)
    if not world.reachable(cluster, named.vault):
        said = "Client address is not authorized and caller is not a trusted service. Client address: 203.0.113.78"
        return _forbidden(f"{said} Vault: {named.vault.name}", "ForbiddenByFirewall", PASSED_ON)
    if not may_use(world, principal_of(world, body), named.key):
        said = (
            f"Caller is not authorized to perform action on resource. Resource: {named.key}. If role assignments, deny "
            "assignments or role definitions were changed recently, please observe propagation time."
        )
        return _forbidden(said, "ForbiddenByRbac", PASSED_ON)
    version = named.version(world)
    state = out_of_date(world, version)
    if version is None or state:
        code = {"disabled": "KeyDisabled", "expired": "KeyExpired"}.get(state, "KeyNotFound")
        return _forbidden(f"The key '{text}' cannot be used.", code, UNCONFIRMED)
    if str(properties_of(version).get("kty") or "RSA").upper() != "RSA":
        return bad_request("BadRequest", f"The key '{text}' is not an RSA key.", DOC)
    if world.switch(CHECKS_PROTECTION.name) and not protected(world, named.vault):
        said = f"The key vault '{named.vault.name}' must have soft delete and purge protection enabled."
        return bad_request("BadRequest", said, DOC)
    return None


def _forbidden(text: str, inner: str, source: str) -> ArmError:
    return ArmError(403, "Forbidden", text, source, inner=inner)


def usable(world: World, cluster: ResourceId) -> bool:
    """Say whether a cluster can use its present key at this moment; a vault outside this Azure counts as well."""
    body = world.get(cluster)
    text = key_url(body)
    return not text or not hindrance(world, cluster, principal_of(world, body), text)
