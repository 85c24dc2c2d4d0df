"""Names and URIs of keys, as Azure SQL and Key Vault write them.

A server key is called ``<vault>_<key>_<version>``, or ``<vault>_<key>`` without a version; the vault is the first label of
its host (SDK `ServerKeys.begin_create_or_update`; learn.microsoft.com, "TDE with customer-managed key"). Names of vaults and
keys hold no underscore, so the parts can be told apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cmk_remediate.model.json_types import at_path
from cmk_remediate.model.values import UNKNOWN, KeyUri, Maybe, Ref, ServerKeyName, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.model.ids import ResourceId

SERVICE_MANAGED = "ServiceManaged"
AZURE_KEY_VAULT = "AzureKeyVault"
NAME_LIMIT = 94
"""Characters for the names of vault and key together."""


@dataclass(frozen=True)
class Protector:
    """What a server's protector says.

    Attributes:
        kind: ``ServiceManaged`` or ``AzureKeyVault``.
        vault: the vault's name in lower case; empty for a service-managed protector.
        key: the key's name in lower case.
        version: the version in its name; empty for a versionless one.
        uri: the key's URI as shown; may be empty.
        follows: whether it follows new versions by itself; None where the body does not say.
    """

    kind: str
    vault: str = ""
    key: str = ""
    version: str = ""
    uri: str = ""
    follows: bool | None = None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Protector:
        """Return what *body*, of ``servers/encryptionProtector``, says."""
        properties = at_path(body, "properties") or {}
        name = str(properties.get("serverKeyName") or "")
        follows = properties.get("autoRotationEnabled")
        if str(properties.get("serverKeyType") or SERVICE_MANAGED).lower() != AZURE_KEY_VAULT.lower():
            return cls(SERVICE_MANAGED, follows=follows)
        vault, key, version = (*name.lower().split("_"), "", "")[:3]
        return cls(AZURE_KEY_VAULT, vault, key, version, str(properties.get("uri") or ""), follows)

    @property
    def is_customer(self) -> bool:
        """Whether it is a customer's key."""
        return self.kind == AZURE_KEY_VAULT

    @property
    def in_managed_hsm(self) -> bool:
        """Whether the key lies in a managed HSM (its host is ``<name>.managedhsm...``)."""
        return ".managedhsm." in (urlsplit(self.uri).hostname or "")

    def names(self, key: ResourceId) -> bool:
        """Say whether it names *key*, in any version."""
        return self.is_customer and (self.vault, self.key) == (key.names[0].lower(), key.name.lower())

    def words(self, *, version: bool = False) -> str:
        """Return the key's name as a review compares it: without a version, unless the plan pins one."""
        if not self.is_customer:
            return SERVICE_MANAGED
        return "_".join(part for part in (self.vault, self.key, self.version if version else "") if part)


def words(key: ResourceId, uri: Maybe[KeyUri], *, pinned: bool) -> str | Unknown:
    """Return *key*'s server key name as a review compares it: with its version only where the plan pins it."""
    if pinned:
        return lower(server_key_name(key, uri, versionless=False))
    return f"{key.names[0]}_{key.name}".lower()


def lower(name: str | Unknown) -> str | Unknown:
    """Return *name* in lower case, or `UNKNOWN`."""
    return name if isinstance(name, Unknown) else name.lower()


def server_key_name(key: ResourceId, uri: Maybe[KeyUri], *, versionless: bool) -> ServerKeyName | Unknown:
    """Return the server key's name for *key*, whose versioned URI is *uri*; `UNKNOWN` while that is a promise."""
    stem = f"{key.names[0]}_{key.name}"
    if versionless:
        return ServerKeyName(stem)
    return UNKNOWN if isinstance(uri, Ref) else ServerKeyName(f"{stem}_{version_of(uri)}")


def sent_uri(uri: Maybe[KeyUri], *, versionless: bool) -> str | Unknown:
    """Return the URI a server key is registered with: *uri*, without its version if *versionless*."""
    if isinstance(uri, Ref):
        return UNKNOWN
    return "/".join(uri.split("/")[:5]) if versionless else uri


def version_of(uri: str) -> str:
    """Return the version in a key's URI (``https://<host>/keys/<key>/<version>``), or an empty text."""
    return "".join(urlsplit(uri).path.strip("/").split("/")[2:])
