"""Switch transparent data encryption on where a database has it off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cmk_remediate import codes
from cmk_remediate.model.decisions import (
    Blocked,
    Change,
    Decision,
    Done,
    Effect,
    Estimate,
    Found,
    Keep,
    Line,
    Manual,
    Pending,
    Request,
    Reversibility,
)
from cmk_remediate.model.json_types import JsonObject, at_path
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.steps.sql import sorts
from cmk_remediate.steps.sql.base import SqlStep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.model.ids import ResourceId

ESTIMATE = Estimate(usual=60, worst=3600)
"""Seconds for the request; the scan behind it, which may take a day, goes on by itself and nobody waits for it (our choice)."""
KEPT = Reversibility("kept", "rollback never decrypts a database", codes.sql.TDE_KEPT)
_RUNNING = ("running", "resume")
_STOPPED = ("suspend", "aborted")


@dataclass(frozen=True)
class EnableTde(SqlStep):
    """Encrypt the database: a scan of all its data, online, long and heavy on IO; the run does not wait for its end.

    Attributes:
        database: the database's name.
    """

    kind: ClassVar[str] = "enable_tde"
    only_follows: ClassVar[bool] = True
    """After the switch, so that the data is encrypted under the new key at once; it stays so under whichever protector there is."""

    database: str

    def address(self) -> ResourceId:
        """Return the id of the database's encryption; it has exactly one, called current."""
        return self.server.child("databases", self.database).child("transparentDataEncryption", "current")

    def owns(self) -> Mapping[str, Any]:
        """Return its state."""
        return {"properties.state": "Enabled"}

    def decide(self, found: Found) -> Decision:
        """Judge the database's encryption."""
        if found.body is None:
            why = f"the database {self.database} of {self.server.name} does not exist"
            return Blocked(codes.sql.DATABASE_ABSENT, why, resource=self.address().text)
        state, scan = (str(at_path(found.body, f"properties.{name}") or "") for name in ("state", "scanState"))
        if state.lower() != "enabled":
            return Change(
                Request("PUT", self.address(), {"properties": {"state": "Enabled"}}),
                (Line("properties.state", state or None, "Enabled", reversibility=KEPT),),
                (Effect(self.address(), {"properties": {"state": "Enabled"}}),),
                ESTIMATE,
                "update",
                f"properties.state of the encryption of {self.database} is {state or 'absent'}",
            )
        if scan.lower() in _RUNNING:
            return Pending(f"the encryption scan of {self.database} is {scan}", 600, background=True)
        if scan.lower() in _STOPPED:
            return Manual(f"the encryption scan of {self.database} is {scan}: resume it", codes.sql.TDE_SCAN_STOPPED)
        return Done(f"{self.database} is encrypted")

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Keep:  # noqa: ARG002 - always
        """Keep it on."""
        return Keep(f"{self.database} stays encrypted: {KEPT.why}", codes.sql.TDE_KEPT)

    def permissions(self) -> Permissions:
        """Return reading the server and writing the encryption of its databases."""
        own = self.needs()
        write = sorts.actions(self.server, "databases/transparentDataEncryption/write")
        return (*own, *(Permission(action, self.server, self.split) for action in write))
