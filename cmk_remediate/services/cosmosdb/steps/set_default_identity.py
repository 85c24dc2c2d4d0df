"""Say which identity the account reads its key with."""

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
    Request,
    Reversibility,
)
from cmk_remediate.services.cosmosdb.account import FIRST_PARTY, Account, absent, same_default
from cmk_remediate.services.cosmosdb.steps.base import CosmosStep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.permissions import Permissions
    from cmk_remediate.model.step import Undo

_PATH = "properties.defaultIdentity"
TO_FIRST_PARTY = Reversibility(
    "reversible", "rollback sets FirstPartyIdentity, also where none was shown or it was Undefined: neither can be set"
)
IN_USE = Reversibility("kept", "the account reads its key with it", codes.cosmosdb.IDENTITY_KEPT)


@dataclass(frozen=True)
class SetDefaultIdentity(CosmosStep):
    """Set the default identity, and nothing else; read back, because Azure may drop it without a word.

    Attributes:
        default: the value, as Azure spells it.
        wrote: on the way back, the value that our own write set; empty on the way there.
    """

    kind: ClassVar[str] = "set_default_identity"

    default: str
    wrote: str = ""

    def owns(self) -> Mapping[str, Any]:
        """Return the default identity."""
        return {_PATH: self.default.lower()}

    def decide(self, found: Found) -> Decision:
        """Judge the default identity found."""
        if found.body is None:
            return absent(self.account)
        have, wanted = Account.of(found.body), Account.of({"properties": {"defaultIdentity": self.default}})
        if same_default(have.default, self.default):
            return Done(f"the default identity of {self.account.name} is {_words(have)}")
        if self.wrote and not same_default(have.default, self.wrote):
            why = f"{_PATH} of {self.account.name} is {have.default}, this run wrote {self.wrote}"
            return Blocked(codes.engine.OTHER_VALUE_NOW, why, resource=self.account.text)
        if wanted.named is not None and wanted.named not in have.identities.attached:
            why = f"identity.userAssignedIdentities of {self.account.name} lacks {wanted.named.name}"
            return Blocked(codes.cosmosdb.DEFAULT_NOT_ATTACHED, why, resource=self.account.text)
        patch = {"properties": {"defaultIdentity": self.default}}
        return Change(
            Request("PATCH", self.account, patch),
            (Line(_PATH, have.stands_for, self.default, reversibility=_reversibility(have)),),
            (Effect(self.account, patch),),
            Estimate(usual=30, worst=600),
            "update",
            f"the default identity of {self.account.name} is {_words(have)}",
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Undo:  # noqa: ARG002 - the graph keeps it behind the door
        """Set the former one again; `FIRST_PARTY` where there was none that could be set."""
        was = Account.of(before)
        if was.is_customer:
            return Keep(f"the default identity of {self.account.name} stays: {IN_USE.why}", IN_USE.code)
        return SetDefaultIdentity(self.account, was.stands_for, wrote=self.default)

    def permissions(self) -> Permissions:
        """Return writing the account."""
        return self.needs()


def _words(have: Account) -> str:
    return have.named.name if have.named else have.default


def _reversibility(have: Account) -> Reversibility:
    if have.is_customer:
        return IN_USE
    return TO_FIRST_PARTY if have.stands_for == FIRST_PARTY else REVERSIBLE
