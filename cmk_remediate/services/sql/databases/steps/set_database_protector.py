"""Point the database's own protector at the customer's key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

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
    Line,
    OneWay,
    Read,
    Request,
    Reversibility,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.values import UNKNOWN, Ref
from cmk_remediate.services.sql.databases.body import OwnKey, without_port
from cmk_remediate.services.sql.databases.steps.base import PROTECTOR, attached, identity_body
from cmk_remediate.services.sql.databases.steps.moving import MovingStep
from cmk_remediate.services.sql.databases.steps.restore_database_key import RestoreDatabaseKey
from cmk_remediate.steps import network, pinned_key, previous_key
from cmk_remediate.steps.find_key import FindKey
from cmk_remediate.steps.sql.names import Protector
from cmk_remediate.steps.sql.register_server_key import protector

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.step import Undo

ESTIMATE = Estimate(usual=60, worst=1800)
"""Seconds for the call; online, only the database's encryption key is wrapped anew (learn.microsoft.com, database level CMK)."""
TO_SERVER = Reversibility("reversible", "rollback returns to the server's service-managed key; the old keys stay")
TO_PREVIOUS = Reversibility("reversible", "rollback returns to the previous vault and key at its latest version")


@dataclass(frozen=True)
class SetDatabaseProtector(MovingStep):
    """Set the protector; identity and every key the database needs are carried along in the same body.

    Vault and key are compared, a version only where the plan pins one. In a geo group the primary comes first
    (``PerDatabaseCMKGeoPrimaryIsNotConfiguredWithDatabaseLevelEncryptionProtector``).

    Attributes:
        previous: the customer key the database has of its own now, where rollback can return to it.
        no_way_back: why rollback cannot return to the key in use; empty where it can.
        unconfirmed: the vault, where nobody has confirmed that its firewall lets SQL pass; else None.
        may_expire: the plan asks for a pinned version although it expires: then it is accepted by name.
    """

    kind: ClassVar[str] = "set_database_protector"
    sets_key: ClassVar[bool] = True

    previous: ResourceId | None = None
    no_way_back: str = ""
    unconfirmed: ResourceId | None = None
    may_expire: bool = False

    def owns(self) -> Mapping[str, Any]:
        """Return the key, and whether new versions are followed."""
        return {
            "properties.encryptionProtector": self.words,
            "properties.encryptionProtectorAutoRotation": not self.pinned,
        }

    def also_reads(self) -> tuple[Read, ...]:
        """Return also the key, where a version is pinned."""
        return (*super().also_reads(), *pinned_key.reads(self.key, pinned=self.pinned))

    def decide(self, found: Found) -> Decision:
        """Judge the database found."""
        have = self.found(found)
        blocked = self.judged(found) or self.of_another(have, self.identity)
        if blocked is not None:
            return blocked
        server = Protector.of(found.reads.get(Read(protector(self.database.top_level))) or {})
        lines = self._lines(have, server, self.shown(have, found))
        if not any(line.role == "owned" for line in lines):
            return Done(f"the protector of the database {self.database.name} is {have.words}")
        unhealthy, relied_on = self.geo_judged(found)
        if unhealthy is not None:
            return unhealthy
        expiring = pinned_key.judge(self.database, self.key, found, pinned=self.pinned, may_expire=self.may_expire)
        if isinstance(expiring, Blocked):
            return expiring
        uri = UNKNOWN if isinstance(self.uri, Ref) else without_port(self.uri)
        wanted: dict[str, Any] = {"encryptionProtector": uri, "encryptionProtectorAutoRotation": not self.pinned}
        body = {
            "identity": identity_body(self.identity),
            "properties": {**wanted, "keys": self.sent(self.known(have, found))},
        }
        shown = "its server's" if have.words is None else have.words
        return Change(
            Request("PATCH", self.database, body),
            (*lines, *relied_on, *expiring, *network.relied_on(self.unconfirmed)),
            (Effect(self.database, {"properties": wanted}),),
            ESTIMATE,
            "update",
            f"the protector of the database {self.database.name} is {shown}",
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Undo:  # noqa: ARG002 - reversible whether used or not
        """Return to the server's service-managed key, or to the previous vault and key at its latest version."""
        was = OwnKey.of(before)
        back = RestoreDatabaseKey(
            self.database,
            self.identity,
            self.key,
            wrote_follows=not self.pinned,
            partner=self.partner,
            group=self.group,
        )
        if not was.uri:
            return OneWay(self.no_way_back, codes.sql_databases.SERVER_KEY_DOOR) if self.no_way_back else back
        previous = self.key if was.names(self.key) else self.previous
        if previous is None or not was.names(previous):
            why = self.no_way_back or f"the previous key {was.words} was not checked in the review"
            return OneWay(why, codes.sql_databases.DATABASE_PREVIOUS_KEY_ONE_WAY)
        find = FindKey(previous, recoverable=True)
        return find, back.to(previous, find.uri, follows=bool(was.follows))

    def permissions(self) -> Permissions:
        """Return also taking the key away again; and finding the key in use, whose vault only a list tells."""
        revert = Permission(f"{PROTECTOR}/revert/action", self.database.top_level, self.split)
        needed = (*super().permissions(), revert)
        if self.previous is None:
            return needed
        return (*needed, *self.finding_vaults(), *previous_key.reading(self.previous))

    def _lines(self, have: OwnKey, server: Protector, keys: list[str]) -> tuple[Line, ...]:
        """Return the two properties, those that change owned; what the body carries; and what the way back rests on."""
        before, after = have.words, self.words
        if self.pinned and have.names(self.key) and not isinstance(self.uri, Ref):
            before, after = have.uri.lower(), without_port(self.uri).lower()
        reversibility, acceptance = self._reversibility(have)
        values = (
            ("encryptionProtector", before, after),
            ("encryptionProtectorAutoRotation", bool(have.follows), not self.pinned),
        )
        found = [
            Line(
                f"properties.{name}",
                old,
                new,
                "carried" if old == new else "owned",
                None if old == new else reversibility,
                acceptance if old != new and name == "encryptionProtector" else None,
            )
            for name, old, new in values
        ]
        found += [Line("properties.keys", keys, keys, "carried"), *attached(self.identity)]
        if not have.uri:
            shown = server.words()
            found.append(Line("server.properties.serverKeyName", shown, shown, "relied_on"))
        return tuple(found)

    def _reversibility(self, have: OwnKey) -> tuple[Reversibility, Acceptance | None]:
        if not have.uri and not self.no_way_back:
            return TO_SERVER, None
        if not have.uri:
            door = Reversibility("one-way", self.no_way_back, codes.sql_databases.SERVER_KEY_DOOR)
            return door, Acceptance("database-key", self.database, "one-way")
        known = self.previous is not None and have.names(self.previous)
        if known or have.names(self.key):
            return TO_PREVIOUS, None
        why = self.no_way_back or f"the present key {have.words} was not checked"
        one_way = Reversibility("one-way", why, codes.sql_databases.DATABASE_PREVIOUS_KEY_ONE_WAY)
        return one_way, Acceptance("previous-key", self.database, "one-way")
