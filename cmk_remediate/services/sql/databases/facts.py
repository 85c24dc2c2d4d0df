"""What is read about a target: raw bodies of every replica, and what Azure refused to show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject, at_path
from cmk_remediate.model.values import PrincipalId
from cmk_remediate.services.sql.databases import body
from cmk_remediate.services.sql.databases.body import NamedKey, OwnKey
from cmk_remediate.steps import key_state
from cmk_remediate.steps.key_facts import KeyFacts
from cmk_remediate.steps.sql.names import Protector

if TYPE_CHECKING:
    from cmk_remediate.planfile.wishes import Wishes

KEY_TYPES = ("RSA", "RSA-HSM")
KEY_SIZES = (2048, 3072)
"""As for a server's protector (learn.microsoft.com, "TDE with customer-managed keys at the database level")."""


@dataclass(frozen=True)
class HeldKey:
    """A key of the server that active log files of the database may still need.

    Attributes:
        named: as the server names it; of its versions one.
        facts: the key and its vault as found.
    """

    named: NamedKey
    facts: KeyFacts

    def usable(self, now: datetime) -> bool:
        """Say whether an identity can use it: Azure takes no key that it cannot."""
        key, shown = self.facts.key, self.facts.body
        return key is not None and shown is not None and key_state.judge_key(key, shown, now) is None


@dataclass(frozen=True)
class Choice:
    """How a database gets, or keeps, its identity.

    Attributes:
        how: ``keeps``: the one it has; ``ours``: the plan's; ``unnamed``: it needs one and the plan names none.
        identity: the identity.
        principal: the principal that gets the grant, where the body shows it.
    """

    how: Literal["keeps", "ours", "unnamed"]
    identity: ResourceId | None = None
    principal: PrincipalId | None = None


@dataclass(frozen=True)
class ReplicaFacts:
    """One database: the target, or a replica of it.

    Attributes:
        id: its id.
        body: with its keys; None when it does not exist.
        tde: its transparent data encryption; None if it was not shown.
        retention: its long-term retention policy; None if it was not shown.
        server: its server's body; None if not shown.
        group: its resource group's body; None if not shown.
        protector: its server's protector; None if not shown.
        links: its replication links, as listed.
        current: the customer key of its own that it uses; None where it uses its server's.
        held: the customer keys of its server, where it uses its server's.
        identity: the body of the plan's identity; None if it does not exist.
        refused: what Azure refused to show, in words; empty when nothing was.
    """

    id: ResourceId
    body: JsonObject | None
    tde: JsonObject | None = None
    retention: JsonObject | None = None
    server: JsonObject | None = None
    group: JsonObject | None = None
    protector: JsonObject | None = None
    links: tuple[JsonObject, ...] = ()
    current: KeyFacts | None = None
    held: tuple[HeldKey, ...] = ()
    identity: JsonObject | None = None
    refused: str = ""

    @property
    def own(self) -> OwnKey:
        """What its body says."""
        return OwnKey.of(self.body)

    @property
    def shown(self) -> Protector:
        """Its server's protector."""
        return Protector.of(self.protector or {})

    @property
    def from_server(self) -> bool:
        """Whether it uses its server's customer key."""
        return not self.own.uri and self.shown.is_customer

    @property
    def tier(self) -> str:
        """Its ``sku.tier`` in lower case."""
        return body.tier(self.body)

    @property
    def is_encrypted(self) -> bool:
        """Whether its encryption is on, or not known to be off."""
        return str(at_path(self.tde, "properties.state") or "Enabled").lower() == "enabled"

    @property
    def unconfirmed(self) -> tuple[str, ...]:
        """What of it must be accepted because Azure's sources disagree on whether it is taken."""
        kept = body.kept_long(self.retention)
        names = (("long-term-retention", kept), ("hyperscale", self.tier == body.HYPERSCALE))
        return tuple(name for name, is_so in names if is_so)

    def choice(self, wanted: Wishes) -> Choice:
        """Return which identity it uses: it has exactly one, so one that is there stays."""
        have = self.own
        if have.attached:
            return Choice("keeps", have.attached[0], PrincipalId(have.principal) if have.principal else None)
        ours = wanted.identity_id(self.id)
        return Choice("unnamed") if ours is None else Choice("ours", ours)


@dataclass(frozen=True)
class DatabaseFacts:
    """One entry of a plan's targets.

    Attributes:
        target: the entry's resource.
        replicas: the target first, then every database it replicates with, as far as they can be found.
        unlocated: partners named by a link that no resource id leads to.
        wanted: the plan's key for this target, and its vault.
        now: Azure's clock.
    """

    target: ResourceId
    replicas: tuple[ReplicaFacts, ...]
    unlocated: tuple[str, ...]
    wanted: KeyFacts
    now: datetime
