"""What is read about a target, and what follows from it at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmk_remediate.model.json_types import JsonObject
from cmk_remediate.services.single import SingleFacts
from cmk_remediate.services.storage.account import Account
from cmk_remediate.services.storage.scopes import Scope
from cmk_remediate.steps import key_state, pinned_key, previous_key

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId

KEY_TYPES = ("RSA", "RSA-HSM")
KEY_SIZES = (2048, 3072, 4096)
"""What storage accounts take (learn.microsoft.com, "Customer-managed keys for Azure Storage encryption")."""


@dataclass(frozen=True)
class AccountFacts(SingleFacts):
    """One account.

    Attributes:
        scopes: the bodies of its encryption scopes.
        scopes_refused: why they were not shown; empty when nothing was refused.
        identities: the identities that the account names and the plan's, by lower-case id; None for one that does not exist. One
            that was not shown is left out.
    """

    scopes: tuple[JsonObject, ...]
    scopes_refused: str
    identities: Mapping[str, JsonObject | None]

    @property
    def account(self) -> Account:
        """What its body says."""
        return Account.of(self.body)

    @property
    def version(self) -> str:
        """The version the plan pins; empty where new versions are followed."""
        return self.wishes.key.key_version or ""

    @property
    def identity_works(self) -> bool:
        """Whether the identity that the account reads its key with is one it has."""
        have = self.account
        if have.reads_as is None:
            return have.identities.system
        return have.reads_as in have.identities.attached and have.reads_as not in self.gone

    @property
    def account_compliant(self) -> bool:
        """Whether the account uses the plan's key, follows or pins it as the plan wants, and can use it."""
        have = self.account
        if self.wanted.body is None or not have.names(self.wanted.host, self.key.name) or have.version != self.version:
            return False
        latest_works = key_state.judge_key(self.key, self.wanted.body, self.now) is None
        return self.identity_works and latest_works and not self.unusable

    @property
    def named_scopes(self) -> tuple[tuple[ResourceId, Scope], ...]:
        """Its encryption scopes, with their ids."""
        return tuple((self.id.child("encryptionScopes", str(one.get("name"))), Scope.of(one)) for one in self.scopes)

    @property
    def on_platform(self) -> tuple[ResourceId, ...]:
        """The encryption scopes on platform keys that blobs can be in."""
        return tuple(name for name, scope in self.named_scopes if scope.enabled and not scope.is_customer)

    @property
    def to_move(self) -> tuple[ResourceId, ...]:
        """The encryption scopes that are to be moved."""
        return self.on_platform if self.wishes.move_encryption_scopes else ()

    @property
    def compliant(self) -> bool:
        """Whether nothing is left to do."""
        return self.account_compliant and not self.to_move

    @property
    def deadline(self) -> str:
        """By when somebody must rotate the plan's pinned key, in a sentence; empty if nobody need."""
        if not self.version:
            return ""
        return pinned_key.deadline(self.id, self.key, self.wanted.body, self.version)

    @property
    def way_back(self) -> tuple[ResourceId | None, str]:
        """Return the customer key that a rollback can return to, or why it cannot; neither on platform keys."""
        return previous_key.way_back(
            self.current, "storage", self.now, types=KEY_TYPES, reader=self.not_permitted if self.identity_works else ""
        )
