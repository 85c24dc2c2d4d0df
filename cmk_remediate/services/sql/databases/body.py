"""What a database's body says about keys of its own, and what in it forbids every change.

A GET shows identity and protector; the keys only with ``$expand=keys`` (azure-mgmt-sql `DatabasesOperations.get`;
learn.microsoft.com, "TDE with customer-managed keys at the database level").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cmk_remediate import codes
from cmk_remediate.model.decisions import Blocked, Read
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path

DATABASE = "Microsoft.Sql/servers/databases"
HYPERSCALE = "hyperscale"
_READY = ("online", "paused")

Body = Mapping[str, Any]


@dataclass(frozen=True)
class NamedKey:
    """A key as a database names it: ``https://<vault host>/keys/<name>/<version>``.

    Attributes:
        vault: the vault's name in lower case.
        key: the key's name in lower case.
        version: its version; may be empty.
    """

    vault: str
    key: str
    version: str

    @classmethod
    def of(cls, uri: str) -> NamedKey:
        """Return the key that *uri* names; its parts are empty where there are none."""
        parts = urlsplit(uri.lower())
        key, version = (*parts.path.strip("/").split("/")[1:3], "", "")[:2]
        return cls((parts.hostname or "").split(".")[0], key, version)

    @property
    def words(self) -> str:
        """As a review compares it: without its version."""
        return f"{self.vault}_{self.key}"

    def is_in(self, key: ResourceId) -> bool:
        """Say whether it is *key*, in any version."""
        return (self.vault, self.key) == (key.names[0].lower(), key.name.lower())


def without_port(uri: str) -> str:
    """Return *uri* as a database names it: some answers of Key Vault have a port, and one key in two spellings would be two."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.hostname}{parts.path}"


def words_of(uris: Iterable[str]) -> list[str]:
    """Return the keys of *uris* as a review compares them: each once, without versions."""
    return sorted({NamedKey.of(uri).words for uri in uris})


@dataclass(frozen=True)
class OwnKey:
    """What a database's body says.

    Attributes:
        uri: its protector; empty where it uses its server's.
        follows: whether it follows new versions by itself; None where the body does not say.
        attached: its user-assigned identities, as spelled in the body.
        system: the type of its identity names a system-assigned one.
        principal: the object id of its only identity; empty if not shown.
        keys: the URIs registered on it, as spelled.
        federated: the client id its keys are reached with across tenants.
        status: ``Online``, ``Paused``, ``Inaccessible`` and so on.
    """

    uri: str
    follows: bool | None
    attached: tuple[ResourceId, ...]
    system: bool
    principal: str
    keys: tuple[str, ...]
    federated: str
    status: str

    @classmethod
    def of(cls, body: Body | None) -> OwnKey:
        """Return what *body* says."""
        named = at_path(body, "identity.userAssignedIdentities") or {}
        principals = [str(at_path(value, "principalId") or "") for value in named.values()]
        keys = at_path(body, "properties.keys")
        return cls(
            uri=str(at_path(body, "properties.encryptionProtector") or ""),
            follows=at_path(body, "properties.encryptionProtectorAutoRotation"),
            attached=tuple(ResourceId.parse(item) for item in named),
            system="systemassigned" in str(at_path(body, "identity.type") or "").lower(),
            principal=principals[0] if len(principals) == 1 else "",
            keys=tuple(keys) if isinstance(keys, Mapping) else (),
            federated=str(at_path(body, "properties.federatedClientId") or ""),
            status=str(at_path(body, "properties.status") or ""),
        )

    @property
    def key(self) -> NamedKey:
        """The key its protector names."""
        return NamedKey.of(self.uri)

    @property
    def in_managed_hsm(self) -> bool:
        """Whether that key lies in a managed HSM (its host is ``<name>.managedhsm...``)."""
        return ".managedhsm." in (urlsplit(self.uri).hostname or "")

    @property
    def inaccessible(self) -> bool:
        """Whether it has lost its key."""
        return self.status.lower() == "inaccessible"

    @property
    def words(self) -> str | None:
        """Its protector as a review compares it; None for its server's."""
        return self.key.words if self.uri else None

    def names(self, key: ResourceId) -> bool:
        """Say whether its protector is *key*, in any version."""
        return bool(self.uri) and self.key.is_in(key)

    def all_keys(self, *more: str) -> tuple[str, ...]:
        """Return every key it needs in each PATCH, and *more*: whether Azure merges the map or replaces it is not documented."""
        found = {uri.lower(): uri for uri in (*self.keys, *([self.uri] if self.uri else []), *more)}
        return tuple(found.values())


def expanded(database: ResourceId) -> Read:
    """Return the read of *database* with its keys."""
    return Read(database, "get", (("expand", "keys"),))


def replication(database: ResourceId) -> Read:
    """Return the read of *database*'s replication links."""
    return Read(database, "list:replicationLinks")


def retention(database: ResourceId) -> Read:
    """Return the read of *database*'s long-term retention policy."""
    return Read(database.child("backupLongTermRetentionPolicies", "default"))


def kept_long(policy: Body | None) -> list[str]:
    """Return for how long a long-term retention *policy* keeps backups beyond the short term; empty for not (``PT0S``)."""
    kinds = ("weeklyRetention", "monthlyRetention", "yearlyRetention")
    found = [(name, str(at_path(policy, f"properties.{name}") or "PT0S").upper()) for name in kinds]
    return [f"{name} {value}" for name, value in found if value != "PT0S"]


def tier(database: Body | None) -> str:
    """Return ``sku.tier`` of a *database* in lower case."""
    return str(at_path(database, "sku.tier") or "").lower()


def absent(database: ResourceId) -> Blocked:
    """Return that *database* does not exist."""
    why = f"the database {database.name} of {database.top_level.name} does not exist"
    return Blocked(codes.sql_databases.DATABASE_ABSENT, why, resource=database.text)


def judge(database: ResourceId, have: OwnKey) -> Blocked | None:
    """Return what in a body forbids every change of *database*'s key, or None."""
    name, here = f"the database {database.name}", database.text
    if have.federated:
        why = f"properties.federatedClientId of {name} is {have.federated}"
        return Blocked(codes.sql_databases.DATABASE_CROSS_TENANT, why, resource=here)
    if have.system or len(have.attached) > 1:
        shown = ["system-assigned"] * have.system + [item.name for item in have.attached]
        why = f"identity of {name} is {', '.join(shown)}"
        return Blocked(codes.sql_databases.DATABASE_IDENTITIES, why, resource=here)
    if have.inaccessible:
        why = f"properties.status of {name} is {have.status}"
        return Blocked(codes.sql.DATABASE_INACCESSIBLE, why, resource=here)
    if have.status.lower() not in _READY:
        why = f"properties.status of {name} is {have.status or 'absent'}"
        return Blocked(codes.sql_databases.DATABASE_NOT_READY, why, resource=here)
    return None
