"""Whether AI services can use a key, and what they say when they cannot; judged when the change of the key is asked for.

DOC: learn.microsoft.com, "Customer-managed keys for Microsoft Foundry". SMP: microsoft-foundry/foundry-samples, the template
with customer-managed keys and a user-assigned identity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.declare import UNCONFIRMED, ArmError, Json, Switch
from cmk_remediate.simulator.providers.ai_services.names import kind_of, principal_of, uri_of
from cmk_remediate.simulator.providers.common import bad_request, properties_of
from cmk_remediate.simulator.providers.key_access import Hindrance, NamedKey, hindrance, may_use, named_key, out_of_date
from cmk_remediate.simulator.providers.keyvault.vaults import protected

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.world import World

DOC = "learn.microsoft.com: Customer-managed keys for Microsoft Foundry, common errors"
SMP = "microsoft-foundry/foundry-samples: customer-managed keys with a user-assigned identity"
ISSUE = "github.com/hashicorp/terraform-provider-azurerm/issues/32855"
CHECKS_PROTECTION = Switch(
    "ai-checks-protection", "AI services refuse a key whose vault lacks soft delete or purge protection."
)
CHECKS_REGION = Switch("ai-checks-region", "AI services refuse a key from a vault in another region.")
_BOTH_READERS = ("aiservices", "face", "speechservices")
_SIZE = 2048


def key_refusal(world: World, account: ResourceId, body: Json | None, named: Json) -> ArmError | None:
    """Return why AI services refuse the key *named* for *account*, whose body is *body*; or None."""
    found = named_key(world, uri_of(named))
    if found is None or world.get(found.key) is None:
        return _invalid(SMP)
    if world.tenant(found.vault) != world.tenant(account):
        return _invalid(UNCONFIRMED)
    if world.switch(CHECKS_REGION.name) and _region(world.get(found.vault)) != _region(body):
        return bad_request("BadRequest", f"Key store not found: {found.uri.host}", DOC)
    refused = _reader_refused(world, account, body, named)
    if refused is not None:
        return refused
    if not _has_right(world, account, body, named, found):
        return _no_right(world, account)
    version = found.version(world)
    if version is None or out_of_date(world, version):
        return _invalid(UNCONFIRMED)
    properties = properties_of(version)
    if str(properties.get("kty", "")).upper() not in ("RSA", "RSA-HSM") or properties.get("keySize") != _SIZE:
        return bad_request("BadRequest", "Key version not supported: the key has to be RSA of 2048 bits.", DOC)
    if world.switch(CHECKS_PROTECTION.name) and not protected(world, found.vault):
        return bad_request("BadRequest", "The encryption key must be recoverable and not purgeable.", SMP)
    return None


def _invalid(source: str) -> ArmError:
    return bad_request("BadRequest", "KeyVaultProperties is invalid.", source)


def _region(body: Json | None) -> str:
    return str((body or {}).get("location") or "").replace(" ", "").lower()


def _reader_refused(world: World, account: ResourceId, body: Json | None, named: Json) -> ArmError | None:
    """Refuse an identity that the account does not have, or that its kind does not read keys with."""
    client, kind = str(named.get("identityClientId") or ""), kind_of(body)
    if not principal_of(world, body, named):
        text = f"The identity {client or 'of the account itself'} is not assigned to {account.name}."
        return bad_request("InvalidIdentity", text, UNCONFIRMED)
    alone = kind == "openai" or (kind not in _BOTH_READERS and world.doubt(doubts.AI_USER_ASSIGNED) == "refused")
    if not client or not alone:
        return None
    text = f"Accounts of the kind {kind} read their key with a system-assigned identity."
    return bad_request("InvalidIdentity", text, UNCONFIRMED)


def _has_right(world: World, account: ResourceId, body: Json | None, named: Json, found: NamedKey) -> bool:
    on_roles = bool(properties_of(world.get(found.vault)).get("enableRbacAuthorization"))
    if on_roles and kind_of(body) == "openai" and world.doubt(doubts.AI_OPENAI_ROLES) == "refused":
        return False
    scope = found.vault if on_roles and world.doubt(doubts.AI_GRANT_SCOPE) == "vault" else found.key
    return world.reachable(account, found.vault) and may_use(world, principal_of(world, body, named), scope)


def _no_right(world: World, account: ResourceId) -> ArmError:
    if world.doubt(doubts.AI_NO_RIGHT) == "policy":
        text = f"The managed identity of {account.name} is forbidden on the key vault; it needs the right to wrap & unwrap."
        return ArmError(400, "AccessPolicyNotConfiguredForKeyVault", text, ISSUE)
    text = f"{account.name} could not authenticate to the key vault."
    return ArmError(400, "KeyVaultAuthenticationFailure", text, ISSUE)


def trouble(world: World, account: ResourceId, named: Json) -> Hindrance:
    """Return why *account* cannot use the key *named* now; empty where it can, and for a key outside this Azure."""
    return hindrance(world, account, principal_of(world, world.get(account), named), uri_of(named))
