"""What an account's body says.

Grammar of ``defaultIdentity``: ``FirstPartyIdentity``, ``SystemAssignedIdentity``, ``UserAssignedIdentity=<id>``, the last
followed by ``&FederatedClientId=<app>`` across tenants; ``Undefined`` where the identity it named is gone (azure-mgmt-cosmosdb
`DatabaseAccountGetResults.default_identity`; recorded by Azure/azure-cli, test_cosmosdb_managed_service_identity).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cmk_remediate import codes
from cmk_remediate.model.decisions import Blocked
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.steps.identities import Identities

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT = "Microsoft.DocumentDB/databaseAccounts"
FIRST_PARTY, SYSTEM, UNDEFINED = "FirstPartyIdentity", "SystemAssignedIdentity", "Undefined"
_USER, _FEDERATED = "UserAssignedIdentity=", "&FederatedClientId="
_REVOKED = "access to your account is currently revoked"
FLAGS = {
    "enableFullFidelityChangeFeed": codes.cosmosdb.CHANGE_FEED,
    "enableMaterializedViews": codes.cosmosdb.MATERIALIZED_VIEWS,
}
"""What excludes a customer-managed key and is shown by some api-versions only."""
_CAPABILITIES = {
    "enablecassandra": codes.cosmosdb.CASSANDRA,
    "enablenosqlvectorsearch": codes.cosmosdb.VECTOR_SEARCH,
}


@dataclass(frozen=True)
class Account:
    """An account.

    Attributes:
        state: ``provisioningState``.
        identities: its managed identities.
        default: the default identity as shown; `UNDEFINED` where none is.
        federated: whether it names a client of another tenant.
        named: the user-assigned identity it names, attached or not; else None.
        uri: the key's URI without a slash at its end; empty on platform keys.
        status: what Azure says of its access to the key.
        capabilities: their names.
    """

    state: str
    identities: Identities
    default: str
    federated: bool
    named: ResourceId | None
    uri: str
    status: str
    capabilities: tuple[str, ...]

    @classmethod
    def of(cls, body: Mapping[str, Any] | None) -> Account:
        """Return what *body* says."""
        default, _, client = str(at_path(body, "properties.defaultIdentity") or UNDEFINED).partition(_FEDERATED)
        return cls(
            state=str(at_path(body, "properties.provisioningState") or ""),
            default=default,
            federated=bool(client),
            named=ResourceId.parse(default.removeprefix(_USER)) if default.startswith(_USER) else None,
            identities=Identities.of(body),
            uri=str(at_path(body, "properties.keyVaultKeyUri") or "").rstrip("/"),
            status=str(at_path(body, "properties.customerManagedKeyStatus") or ""),
            capabilities=tuple(str(item.get("name")) for item in at_path(body, "properties.capabilities") or ()),
        )

    @property
    def is_customer(self) -> bool:
        """Whether it is on a customer's key."""
        return bool(self.uri)

    @property
    def revoked(self) -> bool:
        """Whether Azure says that it has lost its key."""
        return self.status.lower().startswith(_REVOKED)

    @property
    def vault_name(self) -> str:
        """The first label of the key's host."""
        return (urlsplit(self.uri).hostname or "").split(".")[0]

    @property
    def key_name(self) -> str:
        """The key's name."""
        return "".join(self._names[1:2])

    @property
    def pinned(self) -> bool:
        """Whether the URI names a version."""
        return len(self._names) > 2  # noqa: PLR2004 - keys, name, version

    @property
    def in_managed_hsm(self) -> bool:
        """Whether the key lies in a managed HSM (its host is ``<name>.managedhsm...``)."""
        return ".managedhsm." in (urlsplit(self.uri).hostname or "")

    @property
    def default_works(self) -> bool:
        """Whether the default identity is one that the account has."""
        if self.named is not None:
            return self.named in self.identities.attached
        return self.default == FIRST_PARTY or (self.default == SYSTEM and self.identities.system)

    @property
    def stands_for(self) -> str:
        """The default identity, or `FIRST_PARTY` for one that is absent, Undefined or not attached."""
        return self.default if self.default_works else FIRST_PARTY

    @property
    def _names(self) -> list[str]:
        return urlsplit(self.uri).path.strip("/").split("/")

    def with_attached(self, identity: ResourceId) -> dict[str, Any]:
        """Return ``identity`` as a PATCH sends it: everything there is, and *identity*."""
        named: dict[str, Any] = {item.text: {} for item in (*self.identities.attached, identity)}
        return {
            "type": "SystemAssigned,UserAssigned" if self.identities.system else "UserAssigned",
            "userAssignedIdentities": named,
        }


def default_of(identity: ResourceId) -> str:
    """Return the value of ``defaultIdentity`` that names *identity*."""
    return f"{_USER}{identity.text}"


def same_default(one: str, other: str) -> bool:
    """Say whether two values of ``defaultIdentity`` name the same; ids come in any casing."""
    return one.lower() == other.lower()


def absent(account: ResourceId) -> Blocked:
    """Return that *account* does not exist."""
    return Blocked(codes.cosmosdb.ACCOUNT_ABSENT, f"the account {account.name} does not exist", resource=account.text)


def revoked(account: ResourceId, have: Account) -> Blocked:
    """Return that *account* has lost its key."""
    why = f"properties.customerManagedKeyStatus of {account.name} is {have.status.strip()}"
    return Blocked(codes.cosmosdb.REVOKED, why, resource=account.text)


def excluded(account: ResourceId, have: Account, features: Mapping[str, Any] | None) -> Blocked | None:
    """Return which feature excludes a first customer-managed key on *account*, or None."""
    for name in have.capabilities:
        code = _CAPABILITIES.get(name.lower())
        if code is not None:
            why = f"properties.capabilities of {account.name} has {name}"
            return Blocked(code, why, resource=account.text)
    for flag, code in FLAGS.items():
        if at_path(features, f"properties.{flag}"):
            return Blocked(code, f"properties.{flag} of {account.name} is true", resource=account.text)
    return None
