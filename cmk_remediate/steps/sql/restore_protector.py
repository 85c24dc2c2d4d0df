"""Undo of a protector: back to platform keys, or to the previous key at its latest version."""

from __future__ import annotations

from dataclasses import dataclass
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
from cmk_remediate.model.json_types import JsonObject, at_path
from cmk_remediate.model.values import KeyUri, Ref
from cmk_remediate.steps.find_key import FindKey
from cmk_remediate.steps.sql.base import SqlStep
from cmk_remediate.steps.sql.names import AZURE_KEY_VAULT, SERVICE_MANAGED, Protector, sent_uri, server_key_name
from cmk_remediate.steps.sql.register_server_key import RegisterServerKey, protector

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.model.permissions import Permissions
    from cmk_remediate.model.step import Step


def databases(server: ResourceId) -> Read:
    """Return the read of *server*'s databases."""
    return Read(server, "list:databases")


@dataclass(frozen=True)
class RestoreProtector(SqlStep):
    """Return to ServiceManaged, or to a customer key, unless somebody has chosen another one since.

    A PUT without ``autoRotationEnabled`` resets it, so the recorded value is sent; there is nothing to send where none was
    recorded. Azure refuses the change while a database is inaccessible (learn.microsoft.com, "TDE with customer-managed key").

    Attributes:
        wrote: the key that our own write named.
        key: the key to return to; None for ServiceManaged.
        uri: that key's latest versioned URI; None for ServiceManaged.
        versionless: the recorded name had no version.
        follows: ``autoRotationEnabled`` as recorded.
        wrote_follows: ``autoRotationEnabled`` as our own write set it; None where that is not known.
    """

    kind: ClassVar[str] = "restore_protector"
    sets_key: ClassVar[bool] = True

    wrote: ResourceId
    key: ResourceId | None = None
    uri: KeyUri | Ref[KeyUri] | None = None
    versionless: bool = False
    follows: bool | None = None
    wrote_follows: bool | None = None

    def address(self) -> ResourceId:
        """Return the protector's id."""
        return protector(self.server)

    def also_reads(self) -> tuple[Read, ...]:
        """Return the server's databases."""
        return (databases(self.server),)

    def decide(self, found: Found) -> Decision:
        """Judge the protector found."""
        if found.body is None:
            # Not taken for restored: an answer that a protector is not there may be wrong, and then nobody looks again.
            why = f"{self.server.name} shows no protector"
            return Blocked(codes.sql.PROTECTOR_ABSENT, why, resource=self.server.text)
        current = Protector.of(found.body)
        name = self._name()
        named = current.names(self.key) if self.key is not None else not current.is_customer
        if named and (current.follows or False) == (self.follows or False):
            return Done(f"the protector of {self.server.name} is {current.words()}")
        if not named and not current.names(self.wrote):
            wrote = f"{self.wrote.names[0]}_{self.wrote.name}".lower()
            why = f"properties.serverKeyName of {self.server.name} is {current.words()}, this run wrote {wrote}"
            return Blocked(codes.engine.OTHER_VALUE_NOW, why, resource=self.server.text)
        if not named and self.wrote_follows is not None and (current.follows or False) != self.wrote_follows:
            shown = f"{current.follows}, this run wrote {self.wrote_follows}"
            why = f"properties.autoRotationEnabled of {self.server.name} is {shown}"
            return Blocked(codes.engine.OTHER_VALUE_NOW, why, resource=self.server.text)
        for database in found.reads.get(databases(self.server)) or ():
            if str(at_path(database, "properties.status")).lower() == "inaccessible":
                why = f"properties.status of the database {database.get('name')} is Inaccessible"
                return Blocked(codes.sql.DATABASE_INACCESSIBLE, why, resource=self.server.text)
        kind = SERVICE_MANAGED if self.key is None else AZURE_KEY_VAULT
        properties: dict[str, Any] = {"serverKeyType": kind, "serverKeyName": name}
        if self.follows is not None:
            properties["autoRotationEnabled"] = self.follows
        return Change(
            Request("PUT", self.address(), {"properties": properties}),
            self._lines(current, kind),
            self._effects(properties),
            Estimate(usual=60, worst=1800),
            "update",
            f"the protector of {self.server.name} is still {current.words()}",
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Keep:  # noqa: ARG002 - always
        """Leave it restored."""
        return Keep("a rollback is not rolled back: make a new dry run of the plan", codes.sql.ROLLBACK_DONE)

    def permissions(self) -> Permissions:
        """Return reading the server and writing its protector."""
        return self.needs("encryptionProtector/write")

    def _name(self) -> Any:
        if self.key is None or self.uri is None:
            return SERVICE_MANAGED
        return server_key_name(self.key, self.uri, versionless=self.versionless)

    def _lines(self, current: Protector, kind: str) -> tuple[Line, ...]:
        back = SERVICE_MANAGED if self.key is None else f"{self.key.names[0]}_{self.key.name}".lower()
        values = (
            ("serverKeyName", current.words(), back),
            ("serverKeyType", current.kind, kind),
            ("autoRotationEnabled", current.follows, self.follows),
        )
        return tuple(
            Line(f"properties.{name}", before, after, "carried" if before == after else "owned", REVERSIBLE)
            for name, before, after in values
        )

    def _effects(self, properties: Mapping[str, Any]) -> tuple[Effect, ...]:
        uri = None if self.uri is None else sent_uri(self.uri, versionless=self.versionless)
        kind = "servicemanaged" if self.key is None else "azurekeyvault"
        shown = {"autoRotationEnabled": False, **properties, "uri": uri, "thumbprint": None}
        return (
            Effect(self.address(), {"kind": kind, "properties": shown}),
            Effect(self.server, {"properties": {"keyId": uri}}),
        )


def way_back(
    step: SqlStep, was: Protector, previous: ResourceId | None, *, wrote: ResourceId, wrote_follows: bool
) -> Step | tuple[Step, ...]:
    """Return what brings *step*'s server back to the protector it had: *was*, whose customer key is *previous*.

    The state of replication is not judged on the way back: undoing our own write waits for nothing.
    """
    if not was.is_customer or previous is None:
        return RestoreProtector(
            step.server,
            wrote,
            follows=was.follows,
            wrote_follows=wrote_follows,
            partner=step.partner,
            group=step.group,
        )
    find = FindKey(previous, recoverable=True)
    versionless = not was.version
    register = RegisterServerKey(step.server, previous, find.uri, versionless, exact=True, partner=step.partner)
    back = RestoreProtector(
        step.server,
        wrote,
        previous,
        find.uri,
        versionless,
        was.follows,
        wrote_follows,
        partner=step.partner,
        group=step.group,
    )
    return (find, register, back)
