"""Find the latest version of a key that must be there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from cmk_remediate import codes
from cmk_remediate.model.decisions import Blocked, Decision, Done, Found, Keep, Read
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.step import Step
from cmk_remediate.model.values import KeyUri, Output
from cmk_remediate.steps import key_state, previous_key

if TYPE_CHECKING:
    from cmk_remediate.model.json_types import JsonObject


@dataclass(frozen=True)
class FindKey(Step):
    """Find the key that a rollback returns to, at its latest version; writes nothing.

    Attributes:
        key: the key's ARM id.
        recoverable: its vault must have soft delete and purge protection: a rollback returns to it.
    """

    kind: ClassVar[str] = "find_key"
    uri: ClassVar[Output[KeyUri]] = Output("properties", "keyUriWithVersion")

    key: ResourceId
    recoverable: bool = False

    def address(self) -> ResourceId:
        """Return the key's id."""
        return self.key

    def also_reads(self) -> tuple[Read, ...]:
        """Return the key's vault, where it matters."""
        return previous_key.looked_at(self.key) if self.recoverable else ()

    def locks(self) -> frozenset[str]:
        """Return none: it only looks."""
        return frozenset()

    def decide(self, found: Found) -> Decision:
        """Judge whether a server may use the key."""
        if found.body is None:
            return Blocked(codes.vault.KEY_ABSENT, f"the key {self.key.name} does not exist", resource=self.key.text)
        judged = key_state.judge_key(self.key, found.body, found.now)
        refused = previous_key.unusable(self.key, found) if self.recoverable else judged
        return refused or Done(f"the key {self.key.name} can be used")

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Keep:  # noqa: ARG002 - always
        """Nothing was written."""
        return Keep("nothing was written")

    def permissions(self) -> Permissions:
        """Return reading the key through Resource Manager, and its vault."""
        names = ("keys/read", "read") if self.recoverable else ("keys/read",)
        return tuple(Permission(f"Microsoft.KeyVault/vaults/{name}", self.key.top_level, "vault") for name in names)
