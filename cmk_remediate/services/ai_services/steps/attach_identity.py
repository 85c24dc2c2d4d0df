"""Give the account the identity it is to read its key with; nothing uses it yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cmk_remediate import codes
from cmk_remediate.model.decisions import (
    Change,
    Decision,
    Done,
    Effect,
    Estimate,
    Found,
    Keep,
    Line,
    Pending,
    Request,
    Reversibility,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.values import UNKNOWN, Output, PrincipalId
from cmk_remediate.services.ai_services.account import Account, absent
from cmk_remediate.services.ai_services.steps.base import AiStep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.model.json_types import JsonObject

KEPT = Reversibility(
    "kept", "what is encrypted with the key is read with it; it stays attached", codes.ai_services.IDENTITY_KEPT
)


@dataclass(frozen=True)
class AttachIdentity(AiStep):
    """Attach a user-assigned identity, or switch the system-assigned one on; a request of its own, before the key.

    microsoft-foundry/foundry-samples sends the two apart. It carries every identity the account has already: its agents and
    connections use them.

    Attributes:
        identity: the user-assigned identity; None for the system-assigned one.
        beside: user-assigned identities that the body names again: Azure may want the right to assign those too.
        gone: attached identities that do not exist any more: they are taken off, else Azure would refuse the body.
    """

    kind: ClassVar[str] = "attach_ai_identity"
    principal_id = Output[PrincipalId]("identity", "principalId")

    identity: ResourceId | None = None
    beside: tuple[ResourceId, ...] = ()
    gone: tuple[ResourceId, ...] = ()

    def owns(self) -> Mapping[str, Any]:
        """Return that the identity is there."""
        return {"identity.type" if self.identity is None else _path(self.identity): "attached"}

    def decide(self, found: Found) -> Decision:
        """Judge the account's identities."""
        if found.body is None:
            return absent(self.account)
        have = Account.of(found.body)
        if self._has_it(have) and not self._lost(have):
            if self.identity is None and not have.identities.system_principal:
                return Pending(f"the system-assigned identity of {self.account.name} has no principal yet", 5)
            return Done(f"{self.account.name} has {self._words}")
        if not have.rests:
            return Pending(f"properties.provisioningState of {self.account.name} is {have.state}", 30)
        identity = have.with_identities(self.identity, self.gone)
        return Change(
            Request("PATCH", self.account, {"identity": identity}),
            self._lines(have, identity),
            (Effect(self.account, {"identity": self._shown(have, identity)}),),
            Estimate(usual=10, worst=600),
            "update",
            self._why(have),
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Keep:  # noqa: ARG002 - always
        """Keep it: without the identity a key it was used with locks the data away."""
        return Keep(f"{self._words} stays on {self.account.name}: {KEPT.why}", KEPT.code)

    def permissions(self) -> Permissions:
        """Return writing the account, and assigning every identity the body names."""
        assign = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"
        named = (*([self.identity] if self.identity else []), *self.beside)
        read = "Microsoft.ManagedIdentity/userAssignedIdentities/read"
        return (
            *self.needs(),
            *(Permission(assign, one, "identity") for one in named),
            *(Permission(read, one, "identity") for one in (*named, *self.gone)),
        )

    @property
    def _words(self) -> str:
        return f"the identity {self.identity.name}" if self.identity else "a system-assigned identity"

    def _has_it(self, have: Account) -> bool:
        return have.identities.system if self.identity is None else self.identity in have.identities.attached

    def _lost(self, have: Account) -> list[ResourceId]:
        return [one for one in have.identities.attached if one in self.gone]

    def _why(self, have: Account) -> str:
        lost = ", ".join(one.name for one in self._lost(have))
        if self._has_it(have):
            return f"{self.account.name} has {lost}, which does not exist any more"
        return f"{self.account.name} does not have {self._words}"

    def _lines(self, have: Account, identity: Mapping[str, Any]) -> tuple[Line, ...]:
        new = [] if self.identity is None or self.identity in have.identities.attached else [self.identity]
        owned = [Line(_path(one), None, "attached", reversibility=KEPT) for one in new]
        owned += [Line(_path(one), "attached", None, reversibility=KEPT) for one in self._lost(have)]
        stay = [one for one in have.identities.attached if one not in self.gone]
        carried = [Line(_path(one), "attached", "attached", "carried") for one in stay]
        role: Line = Line("identity.type", have.identities.type, identity["type"], reversibility=KEPT)
        if have.identities.type == identity["type"]:
            role = Line("identity.type", have.identities.type, have.identities.type, "carried")
        return (role, *owned, *carried)

    def _shown(self, have: Account, identity: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the account shows afterwards: Azure fills in principals and client ids."""
        shown = dict(identity)
        if self.identity is None:
            shown["principalId"] = have.identities.system_principal or UNKNOWN
        elif self.identity not in have.identities.attached:
            new = {self.identity.text: {"principalId": UNKNOWN, "clientId": UNKNOWN}}
            shown["userAssignedIdentities"] = {**identity["userAssignedIdentities"], **new}
        return shown


def _path(identity: ResourceId) -> str:
    return f"identity.userAssignedIdentities.{identity.key}"
