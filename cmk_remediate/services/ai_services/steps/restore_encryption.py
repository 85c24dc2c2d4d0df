"""Give the account back what it was encrypted with before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cmk_remediate import codes
from cmk_remediate.model.decisions import (
    REVERSIBLE,
    Blocked,
    Caution,
    Change,
    Decision,
    Done,
    Effect,
    Estimate,
    Found,
    Keep,
    Pending,
    Read,
    Request,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.services.ai_services.account import Account, absent
from cmk_remediate.services.ai_services.steps.base import AiStep
from cmk_remediate.services.ai_services.steps.encryption import Encryption
from cmk_remediate.steps import previous_key, vault_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.permissions import Permissions

SHOWN_LATE = Caution(echo=600)
"""The account may not show what it was given right after the operation; for so long it is looked at (our choice)."""


@dataclass(frozen=True)
class RestoreEncryption(AiStep):
    """Return to platform keys, or to the customer key that was used, version and identity as recorded.

    ``keySource`` Microsoft.CognitiveServices has to be sent: leaving the encryption out changes nothing
    (hashicorp/terraform-provider-azurerm, pull request 28368).

    Attributes:
        vault_uri: the previous key's vault, without a slash at its end; empty for platform keys.
        key_name: the previous key.
        version: the version that was named.
        client: the client id of the identity it was read with.
        previous: the previous key's ARM id; None for platform keys.
        wrote_vault: the vault that our own write named.
        wrote_key: the key that it named.
        wrote_version: the version that the account showed after it; None where that was not seen.
        wrote_client: the client id likewise.
    """

    kind: ClassVar[str] = "restore_ai_encryption"
    sets_key: ClassVar[bool] = True

    vault_uri: str = ""
    key_name: str = ""
    version: str = ""
    client: str = ""
    previous: ResourceId | None = None
    wrote_vault: str = ""
    wrote_key: str = ""
    wrote_version: str | None = None
    wrote_client: str | None = None

    def owns(self) -> Mapping[str, Any]:
        """Return the key."""
        return {"properties.encryption": f"{self.key_name} in {self.vault_uri}" if self.vault_uri else "platform"}

    def also_reads(self) -> tuple[Read, ...]:
        """Return the previous key and its vault: neither may have been lost since."""
        return previous_key.looked_at(self.previous, self.version)

    def decide(self, found: Found) -> Decision:
        """Judge the account found."""
        if found.body is None:
            return absent(self.account)
        have = Account.of(found.body)
        wanted = Encryption(self.vault_uri, self.key_name, self.version, self.client)
        if not have.rests:
            return Pending(f"properties.provisioningState of {self.account.name} is {have.state}", 15)
        if Encryption.of(have) == wanted:
            return Done(f"the key of {self.account.name} is {have.key_words}")
        why = self._changed_since(have)
        if why:
            return Blocked(codes.engine.OTHER_VALUE_NOW, why, resource=self.account.text)
        if not wanted.vault_uri and have.row.way_back == "no":
            why = f"properties.allowProjectManagement of {self.account.name} is true"
            return Blocked(codes.ai_services.DOOR, why, resource=self.account.text)
        unusable = self._unusable(found)
        if unusable:
            return Blocked(codes.ai_services.PREVIOUS_KEY_ONE_WAY, unusable, resource=self.account.text)
        patch = wanted.body(have)
        effect: dict[str, Any] = {**patch["properties"]["encryption"]}
        if not wanted.vault_uri:
            effect["keyVaultProperties"] = None
        return Change(
            Request("PATCH", self.account, patch),
            tuple(wanted.lines(have, REVERSIBLE)),
            (Effect(self.account, {"properties": {"encryption": effect}}),),
            Estimate(usual=30, worst=1200),
            "update",
            f"the key of {self.account.name} is {have.key_words}",
            caution=SHOWN_LATE,
        )

    def _changed_since(self, have: Account) -> str:
        """Return what somebody else has set since our own write; empty where nobody has."""
        named = have.names(self.wrote_vault, self.wrote_key)
        for member, shown, ours in (
            ("keyName", have.key_words, None if named else self.wrote_key),
            ("keyVersion", have.version, self.wrote_version),
            ("identityClientId", have.client, self.wrote_client),
        ):
            if ours is not None and shown != ours:
                path = f"properties.encryption.keyVaultProperties.{member}"
                return f"{path} of {self.account.name} is {shown or 'absent'}, this run set {ours or 'none'}"
        return ""

    def _unusable(self, found: Found) -> str:
        """Return why the previous key must not be pointed at any more; empty where it may, and for platform keys."""
        if self.previous is None:
            return ""
        key, vault = self.previous, self.previous.top_level
        body = found.reads.get(Read(key))
        if body is None:
            return f"the previous key {key.name} does not exist any more"
        if not vault_state.is_protected(found.reads.get(Read(vault)) or {}):
            return f"the previous key's vault {vault.name} lacks soft delete or purge protection"
        blocked = previous_key.in_version(key, body, found, self.version)
        return "" if blocked is None else blocked.why

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Keep:  # noqa: ARG002 - always
        """Keep it: a rollback is not rolled back."""
        return Keep("a rollback is not rolled back: make a new dry run of the plan")

    def permissions(self) -> Permissions:
        """Return writing the account, and looking at the previous key."""
        if self.previous is None:
            return self.needs()
        return (*self.needs(), *previous_key.reading(self.previous, self.version))
