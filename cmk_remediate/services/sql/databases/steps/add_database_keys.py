"""Give the database an identity, and register on it every key it needs; its protector stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from cmk_remediate import codes
from cmk_remediate.model.decisions import (
    Acceptance,
    Change,
    Decision,
    Done,
    Effect,
    Estimate,
    Found,
    Keep,
    Line,
    Request,
    Reversibility,
)
from cmk_remediate.model.values import Ref
from cmk_remediate.services.sql.databases.body import OwnKey, words_of
from cmk_remediate.services.sql.databases.steps.base import identity_body
from cmk_remediate.services.sql.databases.steps.moving import MovingStep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.json_types import JsonObject

KEPT = Reversibility("kept", "active log files and backups may need it", codes.sql_databases.DATABASE_KEYS_KEPT)
ESTIMATE = Estimate(usual=60, worst=1800)
"""Seconds for the call (recorded by Azure/azure-cli, test_sql_per_db_cmk: 90 for making such a database)."""
_UNCONFIRMED = {
    "long-term-retention": "properties of backupLongTermRetentionPolicies",
    "hyperscale": "sku.tier",
}
"""By what is accepted because Azure's sources disagree on whether it is taken: where it is seen."""


@dataclass(frozen=True)
class AddDatabaseKeys(MovingStep):
    """Assign the identity and register the keys, without a protector; on every replica before any protector is set.

    The first request that makes the database use the key, and harmless: Azure looks whether the identity can use every key that is
    named, and encrypts nothing with them. So it is the probe for a grant that arrives late.

    Attributes:
        unconfirmed: what of the database must be accepted because Azure's sources disagree on it; see `_UNCONFIRMED`.
    """

    kind: ClassVar[str] = "add_database_keys"

    unconfirmed: tuple[str, ...] = ()

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
        patch = {"identity": identity_body(self.identity), "properties": {"keys": self.sent(known)}}
        return Change(
            Request("PATCH", self.database, patch),
            (*self._lines(have, self.shown(have, found)), *relied_on),
            (Effect(self.database, {**patch, "properties": {"keys": known}}),),
            ESTIMATE,
            "update",
            f"{self.words} is not registered on the database {self.database.name}",
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Keep:  # noqa: ARG002 - always
        """Keep identity and keys: what was encrypted meanwhile is read through them."""
        why = f"identity and keys stay on the database {self.database.name}: {KEPT.why}"
        return Keep(why, codes.sql_databases.DATABASE_KEYS_KEPT)

    def _has_them(self, have: OwnKey, known: JsonObject) -> bool:
        """Say whether identity and keys are there; a protector that follows the key by itself brings its versions along."""
        follows = bool(have.follows) and have.names(self.key) and not self.pinned
        if self.identity not in have.attached or (isinstance(self.uri, Ref) and not follows):
            return False
        ours = {self.uri.lower()} if follows and not isinstance(self.uri, Ref) else set()
        return {uri.lower() for uri in known} - ours <= {uri.lower() for uri in have.all_keys()}

    def _lines(self, have: OwnKey, wanted: list[str]) -> Iterator[Line]:
        if self.identity in have.attached:
            yield self.attached()
        else:
            yield Line("identity.type", None, "UserAssigned", reversibility=KEPT)
            yield Line(self.identity_path, None, "attached", reversibility=KEPT)
        keys = words_of(have.all_keys())
        yield Line("properties.keys", keys or None, wanted, reversibility=KEPT)
        for name in self.unconfirmed:
            accept = Acceptance(name, self.database, "unconfirmed")
            yield Line(_UNCONFIRMED[name], name, name, "relied_on", acceptance=accept)
