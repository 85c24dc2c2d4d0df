"""``properties.encryption`` as our PATCHes word it, and as lines show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmk_remediate.model.decisions import Line, Reversibility
from cmk_remediate.model.values import Unknown
from cmk_remediate.services.ai_services.account import KEY_VAULT, PLATFORM, Account

if TYPE_CHECKING:
    from collections.abc import Iterator

_HERE = "properties.encryption"
_KEY = f"{_HERE}.keyVaultProperties"


@dataclass(frozen=True)
class Encryption:
    """What an account's encryption is to be.

    Attributes:
        vault_uri: the vault's address without a slash at its end; empty for platform keys.
        key_name: the key's name.
        version: the version it names, empty for none.
        client: the client id of the identity it reads the key with; empty for the system-assigned one.
    """

    vault_uri: str = ""
    key_name: str = ""
    version: str | Unknown = ""
    client: str | Unknown = ""

    @classmethod
    def of(cls, have: Account) -> Encryption:
        """Return what *have* shows."""
        return cls(have.vault_uri, have.key_name, have.version, have.client) if have.is_customer else cls()

    def body(self, have: Account) -> dict[str, Any]:
        """Return it as a PATCH of *have* sends it.

        The version is sent empty where there is none: left out, it could not be taken from an account that names one. An empty
        client id is left out (hashicorp/terraform-provider-azurerm, pull request 24231), or null where there is one to take away.
        """
        if not self.vault_uri:
            return {"properties": {"encryption": {"keySource": PLATFORM}}}
        key: dict[str, Any] = {
            "keyVaultUri": f"{self.vault_uri}/",
            "keyName": self.key_name,
            "keyVersion": self.version,
        }
        if self.client or have.client:
            key["identityClientId"] = self.client or None
        return {"properties": {"encryption": {"keySource": KEY_VAULT, "keyVaultProperties": key}}}

    def lines(self, have: Account, way: Reversibility, version: str | Unknown | None = None) -> Iterator[Line]:
        """Yield what changes, and what the body carries unchanged; *version*: what to show for it, if not itself."""
        was = Encryption.of(have)
        source = KEY_VAULT if self.vault_uri else PLATFORM
        yield _line(f"{_HERE}.keySource", have.source or None, source, way)
        yield _line(f"{_KEY}.keyVaultUri", was.vault_uri or None, self.vault_uri or None, way)
        yield _line(f"{_KEY}.keyName", was.key_name or None, self.key_name or None, way)
        after = self.version if version is None else version
        yield _line(
            f"{_KEY}.keyVersion", was.version if was.vault_uri else None, after if self.vault_uri else None, way
        )
        if was.client or self.client:
            yield _line(f"{_KEY}.identityClientId", was.client or None, self.client or None, way)


def _line(path: str, before: Any, after: Any, way: Reversibility) -> Line:
    same = before == after or (isinstance(before, str) and isinstance(after, str) and before.lower() == after.lower())
    return Line(path, before, after, "carried") if same else Line(path, before, after, reversibility=way)
