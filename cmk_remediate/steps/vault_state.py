"""What a vault's body says, and what forbids using it; shared by the steps and the services.

Facts: azure-mgmt-keyvault `VaultProperties`; learn.microsoft.com, "Azure Key Vault soft-delete overview" and "Provide
access to Key Vault with Azure role-based access control" (null means access policies).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.model.decisions import Blocked, Pending
from cmk_remediate.model.json_types import at_path

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId

Body = Mapping[str, Any]

DNS_SECONDS = 30
"""How long to wait before asking again for a vault whose host name is being registered."""


def region(vault: Body) -> str:
    """Return the vault's region as Azure names it in ids: lower case, no spaces; empty if the body has none."""
    return str(at_path(vault, "location") or "").replace(" ", "").lower()


def tenant(vault: Body) -> str:
    """Return the vault's tenant id in lower case."""
    return str(at_path(vault, "properties.tenantId") or "").lower()


def uri(vault: Body) -> str:
    """Return the vault's own endpoint, without a trailing slash."""
    return str(at_path(vault, "properties.vaultUri") or "").rstrip("/")


def has_soft_delete(vault: Body) -> bool:
    """Say whether soft delete is on; absent counts as off, as turning it on again changes nothing."""
    return at_path(vault, "properties.enableSoftDelete") is True


def has_purge_protection(vault: Body) -> bool:
    """Say whether purge protection is on."""
    return at_path(vault, "properties.enablePurgeProtection") is True


def is_protected(vault: Body) -> bool:
    """Say whether neither the vault nor a key in it can be lost for good by a deletion."""
    return has_soft_delete(vault) and has_purge_protection(vault)


def uses_roles(vault: Body) -> bool:
    """Say whether the vault's data plane honours role assignments (else access policies)."""
    return at_path(vault, "properties.enableRbacAuthorization") is True


def default_action(vault: Body) -> str:
    """Return ``Allow`` or ``Deny``: what the firewall does with callers that no rule names."""
    return "Deny" if str(at_path(vault, "properties.networkAcls.defaultAction") or "").lower() == "deny" else "Allow"


def bypass(vault: Body) -> str:
    """Return ``AzureServices`` or ``None``: who passes the firewall; ``AzureServices`` is Azure's default."""
    return "None" if str(at_path(vault, "properties.networkAcls.bypass") or "").lower() == "none" else "AzureServices"


def public_network_access(vault: Body) -> str:
    """Return ``Enabled``, ``Disabled`` or ``SecuredByPerimeter``; older bodies leave it out, which is ``Enabled``."""
    found = str(at_path(vault, "properties.publicNetworkAccess") or "").lower()
    return {"disabled": "Disabled", "securedbyperimeter": "SecuredByPerimeter"}.get(found, "Enabled")


def is_open(vault: Body) -> bool:
    """Say whether the vault answers callers from every network."""
    return public_network_access(vault) == "Enabled" and default_action(vault) == "Allow"


def absent(vault: ResourceId, deleted: Iterable[Body] = ()) -> Blocked:
    """Return why *vault*, which does not exist, refuses its targets.

    Args:
        vault: its id.
        deleted: the deleted vaults of its subscription, if they were asked for. Vault names are unique in the whole
            cloud, so a deleted vault is recognised by its former id or its name.
    """
    for item in deleted:
        former = str(at_path(item, "properties.vaultId") or "")
        if former.lower() == vault.key or str(at_path(item, "name") or "").lower() == vault.name.lower():
            deleted_on, until = (at_path(item, f"properties.{name}") for name in ("deletionDate", "scheduledPurgeDate"))
            return Blocked(
                codes.vault.VAULT_SOFT_DELETED,
                f"the vault {vault.name} was deleted on {deleted_on} and can be recovered until {until}; "
                "its role assignments are gone",
                resource=vault.text,
            )
    return Blocked(codes.vault.VAULT_ABSENT, f"the vault {vault.name} does not exist", resource=vault.text)


def judge_vault(vault: ResourceId, body: Body, wanted_tenant: str = "") -> Blocked | Pending | None:
    """Return what forbids touching *vault*, or makes it wait, or None.

    Args:
        vault: its id.
        body: as found.
        wanted_tenant: the plan's tenant id; empty when it does not matter.
    """
    if wanted_tenant and tenant(body) != wanted_tenant.lower():
        return Blocked(
            codes.vault.VAULT_OTHER_TENANT,
            f"properties.tenantId of {vault.name} is {tenant(body)}, the plan's tenant is {wanted_tenant.lower()}",
            resource=vault.text,
        )
    state = at_path(body, "properties.provisioningState")
    if state == "RegisteringDns":
        return Pending(
            f"the host name of {vault.name} is being registered (provisioningState RegisteringDns)", DNS_SECONDS
        )
    if state not in (None, "Succeeded"):
        return Blocked(
            codes.vault.VAULT_NOT_READY,
            f"properties.provisioningState of {vault.name} is {state}",
            resource=vault.text,
        )
    return None
