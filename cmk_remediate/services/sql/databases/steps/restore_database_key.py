"""Undo of a database's own protector: back to its server's service-managed key, or to its previous key at its latest version."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from cmk_remediate import codes
from cmk_remediate.model.decisions import (
    REVERSIBLE,
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
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.values import UNKNOWN, KeyUri, Ref
from cmk_remediate.services.sql.databases import body
from cmk_remediate.services.sql.databases.body import OwnKey, without_port, words_of
from cmk_remediate.services.sql.databases.steps.base import (
    ASSIGN,
    PROTECTOR,
    WRITE,
    DatabaseStep,
    attached,
    identity_body,
    identity_path,
)
from cmk_remediate.steps import previous_key
from cmk_remediate.steps.sql.names import Protector
from cmk_remediate.steps.sql.register_server_key import protector

if TYPE_CHECKING:
    from cmk_remediate.model.json_types import JsonObject

ESTIMATE = Estimate(usual=60, worst=1800)
REVERT = "revert"
"""The row of ``encryptionProtector/current/revert`` (azure-mgmt-sql `DatabaseEncryptionProtectorsOperations.begin_revert`)."""


@dataclass(frozen=True)
class RestoreDatabaseKey(DatabaseStep):
    """Take the database's own protector away, or set the previous one again, unless somebody has chosen another one since.

    Azure takes it away only on a server whose protector is service-managed (``RevertDatabaseLevelKeyOnlySupportedWithSMK``).
    Keys and identity stay in either case: as far as Azure leaves them, whatever log or backup needs them has them.

    Attributes:
        identity: the database's identity.
        wrote: the key that our own write named.
        key: the key to return to; None for the server's.
        uri: that key's latest versioned URI; None for the server's.
        follows: whether the previous key was followed.
        wrote_follows: whether our own write made it follow new versions.
    """

    kind: ClassVar[str] = "restore_database_key"
    sets_key: ClassVar[bool] = True

    identity: ResourceId
    wrote: ResourceId
    key: ResourceId | None = None
    uri: KeyUri | Ref[KeyUri] | None = None
    follows: bool = False
    wrote_follows: bool = True

    def to(self, key: ResourceId, uri: KeyUri | Ref[KeyUri], *, follows: bool) -> RestoreDatabaseKey:
        """Return the step that goes back to *key* instead of the server's."""
        return replace(self, key=key, uri=uri, follows=follows)

    def also_reads(self) -> tuple[Read, ...]:
        """Return the database with its keys, and its server's protector; or the key that was written, which goes along."""
        goes_along = previous_key.looked_at(self.wrote) if self.key is not None else ()
        return (body.expanded(self.database), Read(protector(self.database.top_level)), *goes_along)

    def decide(self, found: Found) -> Decision:
        """Judge the database found."""
        if found.body is None:
            return body.absent(self.database)
        have, name = self.found(found), f"the database {self.database.name}"
        named = have.names(self.key) if self.key is not None else not have.uri
        if named and (self.key is None or bool(have.follows) == self.follows):
            return Done(f"the protector of {name} is {have.words or 'that of its server'}")
        if not named and not have.names(self.wrote):
            wrote = f"{self.wrote.names[0]}_{self.wrote.name}".lower()
            why = f"properties.encryptionProtector of {name} is {have.words or 'absent'}, this run wrote {wrote}"
            return Blocked(codes.engine.OTHER_VALUE_NOW, why, resource=self.database.text)
        if not named and bool(have.follows) != self.wrote_follows:
            shown = f"{have.follows}, this run wrote {self.wrote_follows}"
            why = f"properties.encryptionProtectorAutoRotation of {name} is {shown}"
            return Blocked(codes.engine.OTHER_VALUE_NOW, why, resource=self.database.text)
        return body.judge(self.database, have) or self._change(found, have)

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Keep:  # noqa: ARG002 - always
        """Leave it restored."""
        return Keep("a rollback is not rolled back: make a new dry run of the plan", codes.sql.ROLLBACK_DONE)

    def permissions(self) -> Permissions:
        """Return writing the database, and taking its key away."""
        own = (*self.needs(WRITE, f"{PROTECTOR}/revert/action"), Permission(ASSIGN, self.identity, "identity"))
        return (*own, *previous_key.reading(self.wrote if self.key is not None else None))

    def _change(self, found: Found, have: OwnKey) -> Decision:
        """Return the request that takes our key away, and names the previous one if there was one."""
        why = f"the protector of the database {self.database.name} is still {have.words}"
        if self.key is None:
            return self._reverted(found, have, why)
        return self._carried(found, have) or self._returned(self.key, have, why)

    def _reverted(self, found: Found, have: OwnKey, why: str) -> Decision:
        server = Protector.of(found.reads.get(Read(protector(self.database.top_level))) or {})
        if server.is_customer:
            shown = f"properties.serverKeyName of the protector of {self.database.top_level.name} is {server.words()}"
            return Blocked(codes.sql_databases.REVERT_NEEDS_PLATFORM_SERVER, shown, resource=self.database.text)
        gone = {"encryptionProtector": None, "encryptionProtectorAutoRotation": None}
        lines = self._lines(have, None, after=False)
        effect = Effect(self.database, {"properties": gone})
        return Change(Request("POST", self.database, None, REVERT), lines, (effect,), ESTIMATE, "update", why)

    def _carried(self, found: Found, have: OwnKey) -> Blocked | None:
        """Return what of that which the body carries along is not as it was any more."""
        if self.identity not in have.attached:
            why = f"{identity_path(self.identity)} of the database {self.database.name} is absent"
            return Blocked(codes.engine.OTHER_VALUE_NOW, why, resource=self.database.text)
        unusable = previous_key.unusable(self.wrote, found)
        if unusable is None:
            return None
        why = f"{unusable.why}, and {self.wrote.name} in {self.wrote.top_level.name} goes along"
        return Blocked(codes.sql_databases.HELD_KEY_UNUSABLE, why, resource=unusable.resource)

    def _returned(self, key: ResourceId, have: OwnKey, why: str) -> Change:
        uri: Any = without_port(self.uri) if isinstance(self.uri, str) else UNKNOWN
        keys: Any = {one: {} for one in have.all_keys(uri)} if isinstance(self.uri, str) else UNKNOWN
        wanted = {"encryptionProtector": uri, "encryptionProtectorAutoRotation": self.follows}
        patch = {"identity": identity_body(self.identity), "properties": {**wanted, "keys": keys}}
        words = f"{key.names[0]}_{key.name}".lower()
        lines = (*self._lines(have, words, after=self.follows), _kept(have), *attached(self.identity))
        effect = Effect(self.database, {"properties": wanted})
        return Change(Request("PATCH", self.database, patch), lines, (effect,), ESTIMATE, "update", why)

    @staticmethod
    def _lines(have: OwnKey, key: str | None, *, after: bool) -> tuple[Line, ...]:
        values = (
            ("encryptionProtector", have.words, key),
            ("encryptionProtectorAutoRotation", bool(have.follows), after),
        )
        return tuple(
            Line(f"properties.{name}", old, new, "carried" if old == new else "owned", REVERSIBLE)
            for name, old, new in values
        )


def _kept(have: OwnKey) -> Line:
    keys = words_of(have.all_keys())
    return Line("properties.keys", keys, keys, "carried")
