"""A key as services name it: by URI, ``https://<host>/keys/<name>`` or ``.../<version>`` (learn.microsoft.com, "About keys")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId


@dataclass(frozen=True)
class NamedKey:
    """What a key's URI says; all empty where there is none.

    Attributes:
        uri: as shown, without a slash at its end.
        host: the vault's, lower case.
        key: the key's name.
        version: the version; empty where none is named.
    """

    uri: str = ""
    host: str = ""
    key: str = ""
    version: str = ""

    @classmethod
    def of(cls, text: object) -> NamedKey:
        """Return what *text* names; nothing for None."""
        uri = str(text or "").rstrip("/")
        parts = urlsplit(uri)
        names = [*parts.path.strip("/").split("/"), "", "", ""]
        return cls(uri, (parts.hostname or "").lower(), names[1], names[2].lower())

    @property
    def vault(self) -> str:
        """The vault's name: the first label of the host."""
        return self.host.split(".")[0]

    @property
    def in_managed_hsm(self) -> bool:
        """Whether the key lies in a managed HSM (its host is ``<name>.managedhsm...``)."""
        return ".managedhsm." in self.host

    def is_of(self, key: ResourceId) -> bool:
        """Say whether it is *key*, in whichever version; the names of vaults are unique in a cloud."""
        return (self.vault, self.key.lower()) == (key.top_level.name.lower(), key.name.lower())
