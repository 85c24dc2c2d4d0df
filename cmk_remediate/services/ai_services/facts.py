"""What is read about a target, and what follows from it at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmk_remediate.model.json_types import at_path
from cmk_remediate.services.ai_services.account import Account
from cmk_remediate.services.ai_services.choice import Choice, choose
from cmk_remediate.services.single import SingleFacts
from cmk_remediate.steps import pinned_key, previous_key

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId

KEY_TYPES = ("RSA", "RSA-HSM")
KEY_SIZES = (2048,)
"""foundry-samples and the page of Azure OpenAI say 2048 bits only, the page of Foundry 2048 or more: what all of them allow."""


@dataclass(frozen=True)
class AccountFacts(SingleFacts):
    """One account."""

    @property
    def account(self) -> Account:
        """What its body says."""
        return Account.of(self.body)

    @property
    def choice(self) -> Choice:
        """Which identity it reads its key with."""
        return choose(self.account, self.wishes, self.id, self.gone)

    @property
    def reader_works(self) -> bool:
        """Whether the identity that it reads its key with is one it has, and exists."""
        have = self.account
        return have.has_its_reader and have.reader not in self.gone

    @property
    def follows(self) -> bool:
        """Whether it is to follow new versions of its key: where its kind does and the plan pins none."""
        return self.account.row.follows and not self.wishes.pinned

    @property
    def uses_key(self) -> bool:
        """Whether it names the plan's key, in the version that the plan wants, if it wants one."""
        have = self.account
        if self.wanted.body is None or not have.names(self.wanted.host, self.key.name):
            return False
        if self.wishes.pinned:
            return have.version == self.wishes.key.key_version
        return not (self.follows and have.version)

    @property
    def compliant(self) -> bool:
        """Whether it uses the plan's key as the plan wants it, and can."""
        return self.wanted.body is not None and self.uses_key and self.reader_works and not self.unusable

    @property
    def only_waits(self) -> bool:
        """Whether the plan's key is set, and only its operation has not ended."""
        return self.uses_key and not self.account.rests

    @property
    def deadline(self) -> str:
        """By when somebody must rotate the key of an account that names a version, in a sentence; empty if nobody need."""
        have = self.account
        if not have.version or not self.uses_key or self.current is None:
            return ""
        return pinned_key.deadline_in_use(self.id, self.current)

    @property
    def behind(self) -> bool:
        """Whether it names another version of the plan's key than the latest, and the plan does not ask for that."""
        latest = str(at_path(self.wanted.body, "properties.keyUriWithVersion") or "").lower()
        named = self.account.version
        return bool(named and self.uses_key and not self.wishes.pinned and not latest.endswith(f"/{named.lower()}"))

    @property
    def way_back(self) -> tuple[ResourceId | None, str]:
        """Return the customer key that a rollback can return to, or why it cannot; neither on platform keys."""
        key, why = previous_key.way_back(self.current, "ai", self.now, types=KEY_TYPES, reader=self.not_permitted)
        if key is not None and not self.reader_works:
            return None, f"{self.id.name} does not have the identity that it reads its previous key with"
        return key, why
