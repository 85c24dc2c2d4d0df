"""Give the database an identity, and register on it every key it needs; its protector stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from cmk_remediate import codes
from cmk_remediate.model.decisions import (
    Acceptance,
    Blocked,
    Change,
    Decision,
    Done,
    Effect,
    Estimate,
    Found,
    Keep,
    Line,
    Read,
    Request,
    Reversibility,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.values import Ref
from cmk_remediate.services.sql.databases import body
from cmk_remediate.services.sql.databases.body import OwnKey, without_port, words_of
from cmk_remediate.services.sql.databases.steps.base import attached, identity_body, identity_path
from cmk_remediate.services.sql.databases.steps.moving import MovingStep
from cmk_remediate.steps import previous_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.permissions import Permissions

KEPT = Reversibility("kept", "active log files and backups may need it", codes.sql_databases.DATABASE_KEYS_KEPT)
ESTIMATE = Estimate(usual=60, worst=1800)
"""Seconds for the call (recorded by Azure/azure-cli, test_sql_per_db_cmk: 90 for making such a database)."""
PROTECTIONS = ("enableSoftDelete", "enablePurgeProtection")


@dataclass(frozen=True)
class AddDatabaseKeys(MovingStep):
    """Assign the identity and register the keys, without a protector; on every replica before any protector is set.

    The first request that makes the database use the key, and harmless: Azure looks whether the identity can use every key that is
    named, and encrypts nothing with them. So it is the probe for a grant that arrives late.

    Attributes:
        carried: the server's keys that go along: each is looked at again, and its vault, before the database is pointed at it.
        retention: its long-term retention was shown, so it is looked at again.
    """

    kind: ClassVar[str] = "add_database_keys"

    carried: tuple[ResourceId, ...] = ()
    retention: bool = False

    def also_reads(self) -> tuple[Read, ...]:
        """Return also the long-term retention, the server's keys that go along, and their vaults."""
        keys = [read for key in self.carried for read in previous_key.looked_at(key)]
        return (*super().also_reads(), *([body.retention(self.database)] if self.retention else []), *keys)

    def decide(self, found: Found) -> Decision:
        """Judge the database's identity and its keys."""
        have = self.found(found)
        blocked = self.judged(found) or self.of_another(have, self.identity)
        if blocked is not None:
            return blocked
        known = self.known(have, found)
        if self._has_them(have, known):
            return Done(f"{self.words} is registered on the database {self.database.name}")
        unhealthy, relied_on = self.geo_judged(found)
        if unhealthy is not None:
            return unhealthy
        unusable = self._unusable(found)
        if unusable is not None:
            return unusable
        patch = {"identity": identity_body(self.identity), "properties": {"keys": self.sent(known)}}
        return Change(
            Request("PATCH", self.database, patch),
            (*self._lines(have, self.shown(have, found)), *relied_on, *self._protected(), *self._unconfirmed(found)),
            (Effect(self.database, {**patch, "properties": {"keys": known}}),),
            ESTIMATE,
            "update",
            f"{self.words} is not registered on the database {self.database.name}",
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Keep:  # noqa: ARG002 - always
        """Keep identity and keys: what was encrypted meanwhile is read through them."""
        why = f"identity and keys stay on the database {self.database.name}: {KEPT.why}"
        return Keep(why, codes.sql_databases.DATABASE_KEYS_KEPT)

    def permissions(self) -> Permissions:
        """Return also reading the server's keys, and their vaults, which only a list tells."""
        reading = [one for key in self.carried for one in previous_key.reading(key)]
        return (*super().permissions(), *(self.finding_vaults() if self.from_server else ()), *reading)

    def _unusable(self, found: Found) -> Blocked | None:
        """Return which of the keys that go along Azure would not take, or that could be lost for good."""
        for key in self.carried:
            judged = previous_key.unusable(key, found)
            if judged is not None:
                why = f"{judged.why}, and {key.name} in {key.top_level.name} goes along"
                return Blocked(codes.sql_databases.HELD_KEY_UNUSABLE, why, resource=judged.resource)
        return None

    def _protected(self) -> Iterator[Line]:
        """Yield what makes the keys that go along recoverable; `_unusable` has looked."""
        for vault in dict.fromkeys(key.top_level for key in self.carried):
            for name in PROTECTIONS:
                yield Line(f"properties.{name} of {vault.name}", before=True, after=True, role="relied_on")

    def _unconfirmed(self, found: Found) -> Iterator[Line]:
        """Yield what of the database is accepted because Azure's sources disagree on whether it takes a key of its own."""
        kept = body.kept_long(found.reads.get(body.retention(self.database)))
        if kept:
            accept = Acceptance("long-term-retention", self.database, "unconfirmed")
            path = "properties of backupLongTermRetentionPolicies"
            yield Line(path, kept, kept, "relied_on", acceptance=accept)
        if body.tier(found.body) == body.HYPERSCALE:
            accept = Acceptance("hyperscale", self.database, "unconfirmed")
            yield Line("sku.tier", "Hyperscale", "Hyperscale", "relied_on", acceptance=accept)

    def _has_them(self, have: OwnKey, known: JsonObject) -> bool:
        """Say whether identity and keys are there; a protector that follows the key by itself brings its versions along."""
        follows = bool(have.follows) and have.names(self.key) and not self.pinned
        if self.identity not in have.attached or (isinstance(self.uri, Ref) and not follows):
            return False
        ours = {without_port(self.uri).lower()} if follows and not isinstance(self.uri, Ref) else set()
        return {uri.lower() for uri in known} - ours <= {uri.lower() for uri in have.all_keys()}

    def _lines(self, have: OwnKey, wanted: list[str]) -> Iterator[Line]:
        if self.identity in have.attached:
            yield from attached(self.identity)
        else:
            yield Line("identity.type", None, "UserAssigned", reversibility=KEPT)
            yield Line(identity_path(self.identity), None, "attached", reversibility=KEPT)
        keys = words_of(have.all_keys())
        yield Line("properties.keys", keys or None, wanted, reversibility=KEPT)
