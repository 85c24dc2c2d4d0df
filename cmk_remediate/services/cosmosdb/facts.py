"""What is read about a target, and what follows from it at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject
from cmk_remediate.model.values import PrincipalId
from cmk_remediate.services.cosmosdb.account import FIRST_PARTY, SYSTEM, Account
from cmk_remediate.services.single import SingleFacts
from cmk_remediate.steps import key_state, previous_key

KEY_TYPES = ("RSA", "RSA-HSM")
KEY_SIZES = (2048, 3072)
"""learn.microsoft.com, "Configure customer-managed keys for Azure Cosmos DB"; 4096 bits are unconfirmed."""


@dataclass(frozen=True)
class Choice:
    """How an account gets, or keeps, the identity it reads its key with.

    Attributes:
        how: ``keeps``: its default identity; ``first-party``: Cosmos DB's own, which works; ``ours``: the plan's, attached and made
            the default; ``unnamed``: it needs one and the plan names none.
        identity: the user-assigned identity, if it is one.
        principal: the principal that gets the grant, where the body shows it.
    """

    how: Literal["keeps", "first-party", "ours", "unnamed"]
    identity: ResourceId | None = None
    principal: PrincipalId | None = None


@dataclass(frozen=True)
class AccountFacts(SingleFacts):
    """One account.

    Attributes:
        features: its body in a preview api-version; None if not shown.
        deleted: the identity of its own that its default identity names, where that does not exist any more; else ``identity`` is
            that one, where there is one.
    """

    features: JsonObject | None
    deleted: ResourceId | None = None

    @property
    def account(self) -> Account:
        """What its body says."""
        return Account.of(self.body)

    @property
    def uri(self) -> str:
        """The plan's key as the account is to name it: without a version."""
        return f"{self.wanted.host}/keys/{self.key.name}"

    @property
    def compliant(self) -> bool:
        """Whether it uses the plan's key, follows its versions, and can use it."""
        have = self.account
        if self.wanted.body is None or have.uri.lower() != self.uri.lower():
            return False
        usable = key_state.judge_key(self.key, self.wanted.body, self.now) is None
        return usable and self.default_works and not have.revoked

    @property
    def default_works(self) -> bool:
        """Whether its default identity is one that it has, and that there is."""
        return self.account.default_works and self.deleted is None

    @property
    def only_waits(self) -> bool:
        """Whether nothing but the key is missing, and a change of the account runs: it may be the key's."""
        return self.account.state.lower() == "updating" and self.choice.how == "keeps"

    @property
    def choice(self) -> Choice:
        """Which identity it uses: an account with a working default identity of its own keeps that."""
        have = self.account
        if have.named is not None and self.default_works:
            return Choice("keeps", have.named, _principal(have.identities.principals[have.named.key]))
        if have.default == SYSTEM and have.identities.system_principal:
            return Choice("keeps", None, _principal(have.identities.system_principal))
        if have.default == FIRST_PARTY and self.compliant:
            return Choice("first-party")
        ours = self.wishes.identity_id(self.id)
        return (
            Choice("unnamed")
            if ours is None
            else Choice("ours", ours, _principal(have.identities.principals.get(ours.key)))
        )

    @property
    def way_back(self) -> tuple[ResourceId | None, str]:
        """Return the customer key that a rollback can return to, or why it cannot; neither on platform keys."""
        return previous_key.way_back(self.current, "cosmos", self.now, types=KEY_TYPES)


def _principal(text: str | None) -> PrincipalId | None:
    return PrincipalId(text) if text else None
