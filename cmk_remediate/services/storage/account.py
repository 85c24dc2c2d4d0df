"""What the body of a storage account says, and the bodies that change it.

Names: azure-mgmt-storage `StorageAccount`, `Encryption`, `EncryptionServices`, `KeyVaultProperties`, `EncryptionIdentity`
(``keyvaultproperties``, ``keyname``, ``keyvaulturi``, ``keyversion`` are spelled in lower case). Recorded bodies (Azure/azure-cli,
test_customer_managed_key and test_user_assigned_identity) have ``keyversion`` absent or empty where new versions are followed, and
``userAssignedIdentity`` absent or empty where the system-assigned identity reads the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.steps.identities import Identities
from cmk_remediate.steps.named_key import NamedKey

ACCOUNT = "Microsoft.Storage/storageAccounts"
PLATFORM, CUSTOMER = "Microsoft.Storage", "Microsoft.Keyvault"
_ALWAYS = ("blob", "file")
_OPTIONAL = ("queue", "table")
_WITH_QUEUES = ("storage", "storagev2")
_MOVING = ("failoverInProgress", "accountMigrationInProgress")


@dataclass(frozen=True)
class Account:
    """An account.

    Attributes:
        state: ``provisioningState``.
        identities: its managed identities.
        moving: the property that says a failover or a migration runs; empty for none.
        kind: ``kind``.
        is_customer: whether it is on a customer's key.
        vault_uri: the vault's endpoint, without a slash at its end; empty on platform keys.
        key_name: the key's name; empty on platform keys.
        version: the version it is pinned to; empty where new versions are followed.
        shown_version: the version that Azure says it uses; empty where it does not say.
        reads_as: the user-assigned identity that ``encryption.identity`` names; None for the system-assigned one.
        federated: whether the key is in another tenant.
        services: ``encryption.services`` as a request sends it: what is on, and the type of its key.
        infrastructure: ``requireInfrastructureEncryption``; None where it is not shown.
        uncovered: the services whose key the account's does not cover.
    """

    state: str
    identities: Identities
    moving: str
    kind: str
    is_customer: bool
    vault_uri: str
    key_name: str
    version: str
    shown_version: str
    reads_as: ResourceId | None
    federated: bool
    services: Mapping[str, Any]
    infrastructure: bool | None
    uncovered: tuple[str, ...]

    @classmethod
    def of(cls, body: Mapping[str, Any] | None) -> Account:
        """Return what *body* says."""
        encryption = at_path(body, "properties.encryption") or {}
        key = at_path(encryption, "keyvaultproperties") or {}
        customer = str(at_path(encryption, "keySource") or "").lower() == CUSTOMER.lower()
        reads_as = str(at_path(encryption, "identity.userAssignedIdentity") or "")
        return cls(
            state=str(at_path(body, "properties.provisioningState") or ""),
            moving=next((name for name in _MOVING if at_path(body, f"properties.{name}")), ""),
            kind=str(at_path(body, "kind") or ""),
            is_customer=customer,
            vault_uri=str(key.get("keyvaulturi") or "").rstrip("/") if customer else "",
            key_name=str(key.get("keyname") or "") if customer else "",
            version=str(key.get("keyversion") or "") if customer else "",
            shown_version=NamedKey.of(key.get("currentVersionedKeyIdentifier")).version if customer else "",
            reads_as=ResourceId.parse(reads_as) if reads_as else None,
            federated=bool(at_path(encryption, "identity.federatedIdentityClientId")),
            identities=Identities.of(body),
            services=_services(encryption),
            infrastructure=at_path(encryption, "requireInfrastructureEncryption"),
            uncovered=_uncovered(body, encryption),
        )

    @property
    def vault_name(self) -> str:
        """The first label of the vault's host."""
        return (urlsplit(self.vault_uri).hostname or "").split(".")[0]

    @property
    def in_managed_hsm(self) -> bool:
        """Whether the key lies in a managed HSM (its host is ``<name>.managedhsm...``)."""
        return ".managedhsm." in (urlsplit(self.vault_uri).hostname or "")

    @property
    def reader(self) -> str:
        """The object id of who reads its key; empty where the account does not have it, or does not show it."""
        return (
            self.identities.system_principal
            if self.reads_as is None
            else self.identities.principals.get(self.reads_as.key, "")
        )

    @property
    def reader_words(self) -> str:
        """Who reads its key, for a sentence."""
        return "its system-assigned identity" if self.reads_as is None else self.reads_as.name

    @property
    def words(self) -> str:
        """The key in use, in words."""
        if not self.is_customer:
            return "Azure's own"
        return f"{self.key_name} in {self.vault_name}{f' at version {self.version}' if self.version else ''}"

    def names(self, uri: str, key: str) -> bool:
        """Say whether it uses the key called *key* of the vault at *uri*, whatever the version."""
        mine, other = (self.vault_uri.lower(), self.key_name.lower()), (uri.rstrip("/").lower(), key.lower())
        return self.is_customer and mine == other

    def encryption(self, **changed: Any) -> dict[str, Any]:
        """Return ``encryption`` as a PATCH sends it, whole: *changed*, and what else must be carried along.

        Whether Azure merges the object or replaces it is not confirmed. Without ``requireInfrastructureEncryption`` an account
        that has it is refused (hashicorp/terraform-provider-azurerm, storage_account_resource.go).
        """
        carried: dict[str, Any] = {"services": dict(self.services)}
        if self.infrastructure is not None:
            carried["requireInfrastructureEncryption"] = self.infrastructure
        return {**carried, **changed}

    def with_identity(self, identity: ResourceId | None, replaces: ResourceId | None = None) -> dict[str, Any]:
        """Return ``identity`` as a PATCH sends it: *identity* (None: the system-assigned one) and what else there is.

        *replaces* goes: Azure permits one user-assigned identity, and a PATCH merges the map (azure-mgmt-storage `Identity`).
        """
        users: dict[str, Any] = {
            one.text: None if one == replaces else {} for one in self.identities.attached if one != identity
        }
        if identity is not None:
            users[identity.text] = {}
        kinds = ["SystemAssigned"] if self.identities.system or identity is None else []
        if any(value is not None for value in users.values()):
            kinds.append("UserAssigned")
        return {"type": ",".join(kinds), **({"userAssignedIdentities": users} if users else {})}


def _services(encryption: Mapping[str, Any]) -> dict[str, Any]:
    found = at_path(encryption, "services") or {}
    sent: dict[str, Any] = {}
    for name in (*_ALWAYS, *_OPTIONAL):
        shown = found.get(name)
        if shown is None and name in _OPTIONAL:
            continue
        kind = at_path(shown, "keyType")
        sent[name] = {"enabled": at_path(shown, "enabled", default=True), **({"keyType": kind} if kind else {})}
    return sent


def _uncovered(body: Mapping[str, Any] | None, encryption: Mapping[str, Any]) -> tuple[str, ...]:
    """Return queues and tables, where the account has them and their key is not the account's.

    Premium accounts have neither (learn.microsoft.com, "Storage account overview").
    """
    standard = not str(at_path(body, "sku.name") or "").lower().startswith("premium")
    if not standard or str(at_path(body, "kind") or "").lower() not in _WITH_QUEUES:
        return ()
    kinds = {name: str(at_path(encryption, f"services.{name}.keyType") or "Service") for name in _OPTIONAL}
    return tuple(name for name, kind in kinds.items() if kind.lower() != "account")
