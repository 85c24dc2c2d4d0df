"""What the body of an encryption scope says (azure-mgmt-storage `EncryptionScope`, `EncryptionScopeProperties`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmk_remediate.model.json_types import at_path

if TYPE_CHECKING:
    from collections.abc import Mapping

CUSTOMER, PLATFORM = "Microsoft.KeyVault", "Microsoft.Storage"
"""``source``: spelled otherwise than an account's ``keySource``."""


@dataclass(frozen=True)
class Scope:
    """A scope: a key of its own for some blobs of an account, read through the account's identity.

    Attributes:
        enabled: whether blobs in it can be used.
        is_customer: whether it is on a customer's key.
        uri: the key's URI; empty on platform keys.
        infrastructure: ``requireInfrastructureEncryption``; None where it is not shown.
    """

    enabled: bool
    is_customer: bool
    uri: str
    infrastructure: bool | None

    @classmethod
    def of(cls, body: Mapping[str, Any] | None) -> Scope:
        """Return what *body* says."""
        customer = str(at_path(body, "properties.source") or "").lower() == CUSTOMER.lower()
        return cls(
            enabled=str(at_path(body, "properties.state") or "Enabled").lower() == "enabled",
            is_customer=customer,
            uri=str(at_path(body, "properties.keyVaultProperties.keyUri") or "").rstrip("/") if customer else "",
            infrastructure=at_path(body, "properties.requireInfrastructureEncryption"),
        )

    @property
    def words(self) -> str:
        """The key in use, in words."""
        return self.uri if self.is_customer else "Azure's own"
