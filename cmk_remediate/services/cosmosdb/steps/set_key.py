"""Point the account at the customer's key: the one-way door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cmk_remediate import codes
from cmk_remediate.model.decisions import (
    Acceptance,
    Blocked,
    Caution,
    Change,
    Decision,
    Done,
    Effect,
    Estimate,
    Found,
    Line,
    OneWay,
    Pending,
    Read,
    Request,
    Reversibility,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.values import Grant, Ref, promised
from cmk_remediate.services.cosmosdb.account import FLAGS, Account, absent, excluded, revoked
from cmk_remediate.services.cosmosdb.detect import FEATURES
from cmk_remediate.services.cosmosdb.steps.base import CosmosStep
from cmk_remediate.steps import previous_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.step import Undo

_PATH = "properties.keyVaultKeyUri"
ESTIMATE = Estimate(usual=60, worst=1800)
"""Seconds this step takes: three tries five minutes apart; the encryption itself is not waited for."""
CAUTION = Caution(tries=3, pause=300, shows=600, final=True, background=120)
DOOR = Reversibility("one-way", "Azure has no request that takes the key away again", codes.cosmosdb.DOOR)
TO_PREVIOUS = Reversibility("reversible", "rollback sets the previous key again")


@dataclass(frozen=True)
class SetKey(CosmosStep):
    """Set the key's URI without a version, alone: with anything else in the body Azure refuses it.

    Azure/azure-service-operator issue 5560. The account is then encrypted in the background, without downtime, for hours or
    longer (learn.microsoft.com, "Configure customer-managed keys for existing Azure Cosmos DB accounts").

    Attributes:
        key: the key's ARM id.
        uri: its URI.
        previous: the customer key the account uses now, where rollback can return to it.
        no_way_back: why rollback cannot return to the key in use; empty where it can.
        access: the wait for the grant.
        wrote: on the way back, the URI that our own write set; empty on the way there.
        default: on the way back, the default identity that our run left: nobody has checked another one with the former key.
    """

    kind: ClassVar[str] = "set_account_key"
    sets_key: ClassVar[bool] = True

    key: ResourceId
    uri: str
    previous: ResourceId | None = None
    no_way_back: str = ""
    access: Grant | Ref[Grant] | None = None
    wrote: str = ""
    default: str = ""

    def owns(self) -> Mapping[str, Any]:
        """Return the URI."""
        return {_PATH: self.uri.lower()}

    def also_reads(self) -> tuple[Read, ...]:
        """Return the account in an api-version that shows what excludes a key; on the way back, the former key."""
        return (Read(self.account, FEATURES), *previous_key.looked_at(self.key if self.wrote else None))

    def probes(self) -> Ref[Grant] | None:
        """Return the grant: a late one refuses this."""
        return promised(self.access)

    def decide(self, found: Found) -> Decision:
        """Judge the account found."""
        if found.body is None:
            return absent(self.account)
        have, features = Account.of(found.body), found.reads.get(Read(self.account, FEATURES))
        busy = have.state.lower() == "updating"
        if busy and self.wrote and self.account.key not in found.written:
            # What it shows may be what it is about to leave: our own way there goes on long after its run.
            why = f"properties.provisioningState of {self.account.name} is {have.state}: it still moves to the key that is undone"
            return Blocked(codes.cosmosdb.ACCOUNT_BUSY, why, resource=self.account.text)
        if have.uri.lower() == self.uri.lower():
            if busy:
                return Pending(f"{self.account.name} is being encrypted", 600, background=True)
            return Done(f"{self.account.name} uses {self.key.name} in {self.key.names[0]}")
        if busy:
            return Pending(f"properties.provisioningState of {self.account.name} is {have.state}", 30)
        if have.revoked:
            return revoked(self.account, have)
        refused = self._back(have, found) if self.wrote else None
        if refused is None and not have.is_customer:
            refused = excluded(self.account, have, features)
        if refused is not None:
            return refused
        patch = {"properties": {"keyVaultKeyUri": self.uri}}
        shown = f"{have.key_name} in {have.vault_name}" if have.is_customer else "Azure's own"
        return Change(
            Request("PATCH", self.account, patch),
            (self._owned(have), *self._relied_on(have, features)),
            (Effect(self.account, patch),),
            ESTIMATE,
            "update",
            f"the key of {self.account.name} is {shown}",
            caution=CAUTION,
        )

    def _back(self, have: Account, found: Found) -> Blocked | None:
        """Return why the former key must not be set again."""
        values = [(_PATH, have.uri, self.wrote), ("properties.defaultIdentity", have.default, self.default)]
        for path, shown, left in values:
            if left and shown.lower() != left.lower():
                why = f"{path} of {self.account.name} is {shown or 'absent'}, this run wrote {left}"
                return Blocked(codes.engine.OTHER_VALUE_NOW, why, resource=self.account.text)
        return previous_key.unusable(self.key, found)

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Undo:  # noqa: ARG002 - a door is a door
        """Return to the previous customer key; from platform keys there is no way back."""
        was = Account.of(before)
        if not was.is_customer:
            return OneWay(f"{self.account.name} stays on {self.key.name}: {DOOR.why}", DOOR.code)
        if self.previous is None:
            why = self.no_way_back or f"the previous key {was.key_name} was not checked in the review"
            return OneWay(why, codes.cosmosdb.PREVIOUS_KEY_ONE_WAY)
        default = "" if after is None else Account.of(after).default
        return SetKey(self.account, self.previous, was.uri, wrote=self.uri, default=default)

    def permissions(self) -> Permissions:
        """Return writing the account; and finding the key in use, whose vault only a list tells."""
        back = self.key if self.wrote else self.previous
        if back is None:
            return self.needs()
        # Only a list tells which vault the URI in use names.
        listed = Permission("Microsoft.KeyVault/vaults/read", self.account.subscription_id, "vault", checkable=False)
        return (*self.needs(), listed, *previous_key.reading(back))

    def _owned(self, have: Account) -> Line:
        before, reversibility, accept = have.uri or None, TO_PREVIOUS, None
        if not have.is_customer:
            reversibility, accept = DOOR, Acceptance("cosmos-cmk", self.account, "one-way")
        elif self.no_way_back:
            reversibility = Reversibility("one-way", self.no_way_back, codes.cosmosdb.PREVIOUS_KEY_ONE_WAY)
            accept = Acceptance("previous-key", self.account, "one-way")
        return Line(_PATH, before, self.uri, reversibility=reversibility, acceptance=accept)

    def _relied_on(self, have: Account, features: Mapping[str, Any] | None) -> Iterator[Line]:
        """Yield what the decision rests on, and what must be accepted because nothing shows it."""
        yield Line("properties.defaultIdentity", have.default, have.default, "relied_on")
        if have.is_customer:
            return
        accept = Acceptance("large-ids", self.account, "unconfirmed")
        yield Line("documents with ids over 990 bytes", None, None, "relied_on", acceptance=accept)
        unread = {
            "enableFullFidelityChangeFeed": Acceptance("change-feed-unread", self.account, "unconfirmed"),
            "enableMaterializedViews": Acceptance("materialized-views-unread", self.account, "unconfirmed"),
        }
        for flag in FLAGS:
            shown = at_path(features, f"properties.{flag}")
            yield Line(
                f"properties.{flag}", shown, shown, "relied_on", acceptance=unread[flag] if shown is None else None
            )
