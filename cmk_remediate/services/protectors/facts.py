"""What is read about a target: raw bodies, and what Azure refused to show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject, at_path
from cmk_remediate.steps.key_facts import KeyFacts
from cmk_remediate.steps.sql import geo, instance_state, sorts
from cmk_remediate.steps.sql.names import Protector


@dataclass(frozen=True)
class DatabaseFacts:
    """One user database.

    Attributes:
        id: its id.
        body: as listed.
        tde: its transparent data encryption; None if it was not shown.
    """

    id: ResourceId
    body: JsonObject
    tde: JsonObject | None

    @property
    def status(self) -> str:
        """``Online``, ``Paused``, ``Inaccessible`` and so on; empty if the body does not say."""
        return str(at_path(self.body, "properties.status") or "")

    @property
    def is_pool(self) -> bool:
        """Whether it is a dedicated SQL pool (``sku.tier`` DataWarehouse)."""
        return str(at_path(self.body, "sku.tier") or "").lower() == "datawarehouse"

    @property
    def is_encrypted(self) -> bool:
        """Whether its encryption is on, or not known to be off."""
        return str(at_path(self.tde, "properties.state") or "Enabled").lower() == "enabled"

    @property
    def scan(self) -> str:
        """The state of its encryption scan in lower case; empty when none is known."""
        found = str(at_path(self.tde, "properties.scanState") or "").lower()
        return "" if found == "none" else found


@dataclass(frozen=True)
class ServerFacts:
    """One server.

    Attributes:
        id: its id.
        server: its body; None when it does not exist.
        group: its resource group's body; None if not shown.
        protector: its protector's body; None if not shown.
        databases: its user databases.
        failover_groups: as listed; a managed instance's in the shape of a server's.
        replication_links: as listed.
        current: the customer key the protector names; None for a service-managed protector.
        entra: whether it has an Entra administrator; None when that could not be read.
        policy_wants_key: a policy denies this server a body without a key.
        identity: the body of the identity the plan names for it; None if it does not exist or is of no use here.
        refused: what Azure refused to show, in words; empty when nothing was.
    """

    id: ResourceId
    server: JsonObject | None
    group: JsonObject | None = None
    protector: JsonObject | None = None
    databases: tuple[DatabaseFacts, ...] = ()
    failover_groups: tuple[JsonObject, ...] = ()
    replication_links: tuple[JsonObject, ...] = ()
    current: KeyFacts | None = None
    entra: bool | None = False
    policy_wants_key: bool = False
    identity: JsonObject | None = None
    refused: str = ""

    @property
    def region(self) -> str:
        """Where a managed instance is, whose failover groups lie there; empty for a logical server."""
        return str(at_path(self.server, "location") or "") if sorts.is_instance(self.id) else ""

    @property
    def at_rest(self) -> bool:
        """Whether it is a managed instance that takes no request now: stopped, or between two states."""
        return sorts.is_instance(self.id) and instance_state.judge(self.id, self.server or {}) is not None

    @property
    def copies(self) -> frozenset[str]:
        """The lower-case names of the databases that are secondaries: all of an instance's that is one."""
        if not sorts.is_instance(self.id):
            return geo.receiving(self.replication_links)
        second = self.failover_groups and not geo.is_primary(self.failover_groups, ())
        return frozenset(database.id.name.lower() for database in self.databases if second)

    @property
    def is_customer(self) -> bool:
        """Whether its protector is a customer's key."""
        return self.protector is not None and Protector.of(self.protector).is_customer


@dataclass(frozen=True)
class SqlFacts:
    """One entry of a plan's targets.

    Attributes:
        target: the entry's resource.
        servers: the target first, then every server it is joined with, as far as they can be found.
        unlocated: partners named by a link that no resource id leads to.
        wanted: the plan's key for this target, and its vault.
        now: Azure's clock.
    """

    target: ResourceId
    servers: tuple[ServerFacts, ...]
    unlocated: tuple[str, ...]
    wanted: KeyFacts
    now: datetime
