"""What an account's body says.

azure-mgmt-cognitiveservices `AccountProperties`, `Encryption`, `KeyVaultProperties`. An account without ``encryption`` is on
platform keys: Azure does not show its default (hashicorp/terraform-provider-azurerm, pull request 28368).
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cmk_remediate import codes
from cmk_remediate.model.decisions import Blocked
from cmk_remediate.model.json_types import at_path
from cmk_remediate.services.ai_services.kinds import EXCLUDED, KindRow, row_of
from cmk_remediate.steps.identities import Identities

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId

ACCOUNT = "Microsoft.CognitiveServices/accounts"
KEY_VAULT, PLATFORM = "Microsoft.KeyVault", "Microsoft.CognitiveServices"
"""The values of ``keySource`` (azure-mgmt-cognitiveservices `KeySource`)."""
_CAPABLE = "CustomerManagedKey"
"""The name of the capability; "for reference only", says azure-mgmt-cognitiveservices `AccountProperties.capabilities`."""
VAULT_URI = "properties.encryption.keyVaultProperties.keyVaultUri"
"""The property that names the vault."""
_RESTING = ("succeeded", "failed", "canceled")
"""The values of ``provisioningState`` that no operation is behind (azure-mgmt-cognitiveservices `ProvisioningState`)."""


@dataclass(frozen=True)
class Account:
    """An account.

    Attributes:
        state: ``provisioningState``.
        identities: its managed identities.
        kind: as shown.
        sku: the name of its pricing tier.
        projects: whether it may have projects: then it is a Foundry resource.
        capable: whether its capabilities name customer-managed keys; None where none are shown.
        clients: their client ids in lower case, by lower-case id.
        source: ``keySource`` as shown; empty where there is none.
        vault_uri: the vault's address without a slash at its end; empty on platform keys.
        key_name: the key's name; empty on platform keys.
        version: the version it names; empty where it names none.
        client: the client id of the identity it reads its key with, in lower case; empty for the system-assigned one.
    """

    state: str
    identities: Identities
    kind: str
    sku: str
    projects: bool
    capable: bool | None
    clients: Mapping[str, str]
    source: str
    vault_uri: str
    key_name: str
    version: str
    client: str

    @classmethod
    def of(cls, body: Mapping[str, Any] | None) -> Account:
        """Return what *body* says."""
        named = at_path(body, "identity.userAssignedIdentities") or {}
        listed = at_path(body, "properties.capabilities")
        source = str(at_path(body, "properties.encryption.keySource") or "")
        shown = at_path(body, "properties.encryption.keyVaultProperties") if _same(source, KEY_VAULT) else None
        return cls(
            state=str(at_path(body, "properties.provisioningState") or ""),
            kind=str(at_path(body, "kind") or ""),
            sku=str(at_path(body, "sku.name") or ""),
            projects=at_path(body, "properties.allowProjectManagement") is True,
            capable=None if listed is None else any(_same(str(at_path(one, "name")), _CAPABLE) for one in listed),
            identities=Identities.of(body),
            clients={str(key).lower(): str(at_path(value, "clientId") or "").lower() for key, value in named.items()},
            source=source,
            vault_uri=str(at_path(shown, "keyVaultUri") or "").rstrip("/"),
            key_name=str(at_path(shown, "keyName") or ""),
            version=str(at_path(shown, "keyVersion") or ""),
            client=str(at_path(shown, "identityClientId") or "").lower(),
        )

    @property
    def row(self) -> KindRow:
        """What its kind allows."""
        return row_of(self.kind, projects=self.projects)

    @property
    def key_unconfirmed(self) -> bool:
        """Whether neither its capabilities nor a page about its kind say that it takes a customer-managed key."""
        return self.row.key == "unconfirmed" if self.capable is None else not self.capable

    @property
    def tier_unconfirmed(self) -> bool:
        """Whether a page about its kind says that another pricing tier takes a customer-managed key."""
        return bool(self.row.tier) and not _same(self.sku, self.row.tier)

    @property
    def is_customer(self) -> bool:
        """Whether it is on a customer's key; compared as Azure Policy does, in any casing."""
        return _same(self.source, KEY_VAULT)

    @property
    def satisfies_policy(self) -> bool:
        """Whether Azure Policy's definition, its parameters left alone, finds nothing wrong with it."""
        return self.is_customer or self.kind.lower() in EXCLUDED

    @property
    def rests(self) -> bool:
        """Whether no change of it runs."""
        return self.state.lower() in _RESTING

    @property
    def vault_name(self) -> str:
        """The first label of the vault's host."""
        return (urlsplit(self.vault_uri).hostname or "").split(".")[0]

    @property
    def in_managed_hsm(self) -> bool:
        """Whether the key lies in a managed HSM (its host is ``<name>.managedhsm...``)."""
        return ".managedhsm." in (urlsplit(self.vault_uri).hostname or "")

    @property
    def reader(self) -> ResourceId | None:
        """The attached user-assigned identity it reads its key with; None for any other."""
        return next(
            (one for one in self.identities.attached if self.client and self.clients[one.key] == self.client), None
        )

    @property
    def has_its_reader(self) -> bool:
        """Whether it has the identity that it reads its key with."""
        return self.reader is not None if self.client else self.identities.system

    @property
    def reader_principal(self) -> str:
        """The object id of who reads its key; empty where it does not have that one, or does not show it."""
        if not self.client:
            return self.identities.system_principal
        return "" if self.reader is None else self.identities.principals[self.reader.key]

    @property
    def reader_words(self) -> str:
        """Who reads its key, for a sentence."""
        return self.reader.name if self.reader is not None else "its system-assigned identity"

    @property
    def key_words(self) -> str:
        """The key in use, for a sentence."""
        return f"{self.key_name} in {self.vault_name}" if self.is_customer else "Azure's own"

    def names(self, vault_uri: str, key: str) -> bool:
        """Say whether it uses *key* of the vault at *vault_uri*, in whatever version."""
        same_vault = self.vault_uri.lower() == vault_uri.rstrip("/").lower()
        return self.is_customer and same_vault and _same(self.key_name, key)

    def with_identities(self, identity: ResourceId | None, gone: Container[ResourceId] = ()) -> dict[str, Any]:
        """Return ``identity`` as a PATCH sends it: everything there is, and *identity*; None for the system-assigned one.

        What is *gone* is taken off: Azure refuses a body with an identity that does not exist (unconfirmed).
        """
        named: dict[str, Any] = {item.text: None if item in gone else {} for item in self.identities.attached}
        if identity is not None and identity not in self.identities.attached:
            named[identity.text] = {}
        system = self.identities.system or identity is None
        kinds = ["SystemAssigned"] if system else []
        if any(value is not None for value in named.values()):
            kinds.append("UserAssigned")
        return {"type": ", ".join(kinds), **({"userAssignedIdentities": named} if named else {})}


def _same(one: str, other: str) -> bool:
    return one.lower() == other.lower()


def absent(account: ResourceId) -> Blocked:
    """Return that *account* does not exist."""
    return Blocked(
        codes.ai_services.ACCOUNT_ABSENT, f"the account {account.name} does not exist", resource=account.text
    )
