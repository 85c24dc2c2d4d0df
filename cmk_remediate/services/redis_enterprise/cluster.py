"""What the bodies of a cluster and of its databases say.

Facts: azure-mgmt-redisenterprise `Cluster`, `Database`: `ProvisioningState`, `ResourceState`, `LinkState`; an empty
``customerManagedKeyEncryption`` is a Microsoft-managed key, as an absent one is. That an operation may end while resourceState is
still Updating: hashicorp/terraform-provider-azurerm, internal/services/managedredis/custompollers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.model.decisions import Blocked, Read
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.steps.identities import Identities
from cmk_remediate.steps.named_key import NamedKey

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

CLUSTER = "Microsoft.Cache/redisEnterprise"
USER_ASSIGNED = "userAssignedIdentity"
KEY_PATH = "properties.encryption.customerManagedKeyEncryption"
_ENDED = ("succeeded", "failed", "canceled")
_BUSY = ("creating", "updating", "deleting", "enabling", "disabling", "scaling", "moving")
_BEFORE_2027 = ("enterprise_", "enterpriseflash_")
_FLASH = ("enterpriseflash_", "flashoptimized_")


@dataclass(frozen=True)
class Cluster:
    """A cluster.

    Attributes:
        provisioning: ``properties.provisioningState``.
        identities: its managed identities.
        resource: ``properties.resourceState``.
        key: the key its disks are on; of nothing on platform keys.
        identity: the user-assigned identity it reads its key with, attached or not; else None.
        sku: ``sku.name``.
        replicated: ``properties.highAvailability``; empty where it is not shown.
    """

    provisioning: str
    identities: Identities
    resource: str
    key: NamedKey
    identity: ResourceId | None
    sku: str
    replicated: str

    @classmethod
    def of(cls, body: Mapping[str, Any] | None) -> Cluster:
        """Return what *body* says."""
        said = at_path(body, KEY_PATH) or {}
        reads_with = at_path(said, "keyEncryptionKeyIdentity") or {}
        by_user = str(reads_with.get("identityType") or "").lower() == USER_ASSIGNED.lower()
        named = reads_with.get("userAssignedIdentityResourceId") if by_user else None
        return cls(
            provisioning=str(at_path(body, "properties.provisioningState") or ""),
            resource=str(at_path(body, "properties.resourceState") or ""),
            key=NamedKey.of(said.get("keyEncryptionKeyUrl")),
            identity=ResourceId.parse(named) if named else None,
            identities=Identities.of(body),
            sku=str(at_path(body, "sku.name") or ""),
            replicated=str(at_path(body, "properties.highAvailability") or ""),
        )

    @property
    def is_customer(self) -> bool:
        """Whether it is on a customer's key: the object may be there and empty."""
        return bool(self.key.uri)

    @property
    def busy(self) -> bool:
        """Whether a change of it runs, by either of its states."""
        return self.provisioning.lower() in _BUSY or self.resource.lower() in _BUSY

    @property
    def at_rest(self) -> bool:
        """Whether it is ready: both states say so."""
        return self.provisioning == "Succeeded" and self.resource == "Running"

    @property
    def update_failed(self) -> bool:
        """Whether its last update failed and none runs: what another update brings back (by practice; unconfirmed)."""
        last, now = self.provisioning.lower(), self.resource.lower()
        return not self.at_rest and last in _ENDED and now in ("running", "updatefailed")

    @property
    def states(self) -> str:
        """Both states, in words."""
        shown = (("provisioningState", self.provisioning), ("resourceState", self.resource))
        return " and ".join(f"properties.{name} {value or 'absent'}" for name, value in shown)

    @property
    def has_its_identity(self) -> bool:
        """Whether the identity it reads its key with is attached."""
        return self.identity is not None and self.identity in self.identities.attached

    @property
    def retires(self) -> bool:
        """Whether its tier retires on 31 March 2027 (learn.microsoft.com, Azure Cache for Redis retirement FAQ)."""
        return self.sku.lower().startswith(_BEFORE_2027)

    @property
    def has_flash(self) -> bool:
        """Whether part of its data lies on NVMe, which no customer's key covers."""
        return self.sku.lower().startswith(_FLASH)

    def with_attached(self, identity: ResourceId, gone: Container[ResourceId] = ()) -> dict[str, Any]:
        """Return ``identity`` as a PATCH sends it: everything there is, and *identity*; the blank is Azure's here.

        What is *gone* is taken off: Azure refuses a body with an identity that does not exist (unconfirmed).
        """
        named: dict[str, Any] = {item.text: None if item in gone else {} for item in self.identities.attached}
        return {
            "type": "SystemAssigned, UserAssigned" if self.identities.system else "UserAssigned",
            "userAssignedIdentities": {
                **named,
                **({} if identity in self.identities.attached else {identity.text: {}}),
            },
        }


def databases(cluster: ResourceId) -> Read:
    """Return the read of *cluster*'s databases."""
    return Read(cluster, "list:databases")


def is_persistent(database: Mapping[str, Any]) -> bool:
    """Say whether a database is written to disk, by either way."""
    found = at_path(database, "properties.persistence") or {}
    return found.get("aofEnabled") is True or found.get("rdbEnabled") is True


def links(cluster: ResourceId, found: Sequence[Mapping[str, Any]]) -> Iterator[tuple[ResourceId, str]]:
    """Yield each database elsewhere that the databases *found* of *cluster* are linked with, and the state of the link."""
    for database in found:
        for item in at_path(database, "properties.geoReplication.linkedDatabases") or ():
            linked = ResourceId.parse(str(item.get("id")))
            if linked.top_level != cluster:
                yield linked, str(item.get("state") or "absent")


def absent(cluster: ResourceId) -> Blocked:
    """Return that *cluster* does not exist."""
    why = f"the cluster {cluster.name} does not exist"
    return Blocked(codes.redis_enterprise.CLUSTER_ABSENT, why, resource=cluster.text)


def unready(
    cluster: ResourceId, have: Cluster, found: Sequence[Mapping[str, Any]], *, updated: bool = False
) -> Blocked | None:
    """Return why *cluster*, or one of its databases *found*, is not ready, or None.

    An update that failed stands in nobody's way where it was this run's own (*updated*): the next one brings the cluster back.
    """
    if not have.at_rest and not (updated and have.update_failed):
        return Blocked(codes.redis_enterprise.NOT_AT_REST, f"{cluster.name} has {have.states}", resource=cluster.text)
    for database in found:
        state = at_path(database, "properties.resourceState")
        if state != "Running":
            why = f"properties.resourceState of the database {database.get('name')} of {cluster.name} is {state}"
            return Blocked(codes.redis_enterprise.NOT_AT_REST, why, resource=cluster.text)
    return None


def any_busy(found: Sequence[Mapping[str, Any]]) -> bool:
    """Say whether a change of one of the databases *found* runs."""
    states = ("properties.resourceState", "properties.provisioningState")
    return any(str(at_path(one, path)).lower() in _BUSY for one in found for path in states)
