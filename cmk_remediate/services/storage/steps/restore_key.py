"""Undo of an account's key: back to platform keys, or to the previous customer key."""

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
    Found,
    Keep,
    Line,
    Read,
    Request,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.services.storage.account import CUSTOMER, PLATFORM, Account
from cmk_remediate.services.storage.steps.base import ESTIMATE, READS_AS, StorageStep, carried_lines
from cmk_remediate.steps import previous_key, vault_state

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.permissions import Permissions

_ENCRYPTION = "properties.encryption"
_KEY = f"{_ENCRYPTION}.keyvaultproperties"


@dataclass(frozen=True)
class RestoreKey(StorageStep):
    """Return to Microsoft.Storage, or to a customer key, unless somebody has chosen another key since.

    The identity stays as it is: a key and an identity do not change in one request. Recorded (Azure/azure-cli,
    test_customer_managed_key): a PATCH with the key source Microsoft.Storage takes ``keyvaultproperties`` away.

    Attributes:
        wrote_uri: the vault's endpoint that our own write set.
        wrote: the name of the key that our own write set.
        identity: the user-assigned identity that reads it, by our own write; None for the system-assigned one.
        vault_uri: the vault's endpoint to return to, as it was spelled; empty for platform keys.
        key_name: the key to return to.
        version: the version it was pinned to; empty where new versions were followed.
        previous: the ARM id of the key to return to; None for platform keys.
    """

    kind: ClassVar[str] = "restore_storage_key"
    sets_key: ClassVar[bool] = True

    wrote_uri: str
    wrote: str
    identity: ResourceId | None = None
    vault_uri: str = ""
    key_name: str = ""
    version: str = ""
    previous: ResourceId | None = None

    def owns(self) -> Mapping[str, Any]:
        """Return the key and its version."""
        return {f"{_KEY}.keyname": f"{self.vault_uri}/{self.key_name}".lower(), f"{_KEY}.keyversion": self.version}

    def also_reads(self) -> tuple[Read, ...]:
        """Return the key to return to, and its vault."""
        return previous_key.looked_at(self.previous, self.version)

    def decide(self, found: Found) -> Decision:
        """Judge the account found."""
        waits = self.not_ready(found.body)
        if waits is not None:
            return waits
        have = Account.of(found.body)
        if self._is_back(have):
            return Done(f"{self.account.name} uses {have.words} again")
        if not have.names(self.wrote_uri, self.wrote):
            why = f"{_KEY}.keyname of {self.account.name} is {have.words}, this run wrote {self.wrote} in {self.wrote_uri}"
            return Blocked(codes.engine.OTHER_VALUE_NOW, why, resource=self.account.text)
        barred = self._no_identity(have) or self._no_key(found)
        if barred is not None:
            return barred
        patch = {"properties": {"encryption": self._encryption(have)}}
        effect: dict[str, Any] = patch
        if not self.vault_uri:
            effect = {"properties": {"encryption": {**self._encryption(have), "keyvaultproperties": None}}}
        return Change(
            Request("PATCH", self.account, patch),
            (*self._lines(have), *carried_lines(have)),
            (Effect(self.account, effect),),
            ESTIMATE,
            "update",
            f"the key of {self.account.name} is still {have.words}",
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Keep:  # noqa: ARG002 - always
        """Leave it restored."""
        return Keep("a rollback is not rolled back: make a new dry run of the plan")

    def permissions(self) -> Permissions:
        """Return writing the account, and looking at the key to return to."""
        if self.previous is None:
            return self.needs()
        return (*self.needs(), *previous_key.reading(self.previous, self.version))

    def _is_back(self, have: Account) -> bool:
        if not self.vault_uri:
            return not have.is_customer
        return have.names(self.vault_uri, self.key_name) and have.version == self.version

    def _no_identity(self, have: Account) -> Blocked | None:
        """Return why the account cannot read the key it is on, which opens it once more; or None."""
        shown, wrote = (one.name if one else "absent" for one in (have.reads_as, self.identity))
        if have.reads_as != self.identity:
            why = f"{READS_AS} of {self.account.name} is {shown}, this run wrote {wrote}"
            return Blocked(codes.engine.OTHER_VALUE_NOW, why, resource=self.account.text)
        if have.identities.system if self.identity is None else self.identity in have.identities.attached:
            return None
        why = f"identity.type of {self.account.name} is {have.identities.type}, without the identity that reads its key"
        return Blocked(codes.engine.OTHER_VALUE_NOW, why, resource=self.account.text)

    def _no_key(self, found: Found) -> Blocked | None:
        """Return why the account must not be pointed at the previous key again, or None."""
        if self.previous is None:
            return None
        vault, key = self.previous.top_level, found.reads.get(Read(self.previous))
        if not vault_state.is_protected(found.reads.get(Read(vault)) or {}):
            why = f"{vault.name} lacks soft delete or purge protection"
            return Blocked(codes.vault.VAULT_UNPROTECTED, why, resource=vault.text)
        if key is None:
            why = f"the key {self.previous.name} does not exist"
            return Blocked(codes.vault.KEY_ABSENT, why, resource=self.previous.text)
        return previous_key.in_version(self.previous, key, found, self.version)

    def _encryption(self, have: Account) -> dict[str, Any]:
        if not self.vault_uri:
            return have.encryption(keySource=PLATFORM)
        key = {"keyvaulturi": self.vault_uri, "keyname": self.key_name, "keyversion": self.version}
        identity = {"identity": {"userAssignedIdentity": have.reads_as.text}} if have.reads_as else {}
        return have.encryption(keySource=CUSTOMER, keyvaultproperties=key, **identity)

    def _lines(self, have: Account) -> Iterator[Line]:
        source = CUSTOMER if self.vault_uri else PLATFORM
        values = (
            (f"{_ENCRYPTION}.keySource", CUSTOMER, source),
            (f"{_KEY}.keyvaulturi", have.vault_uri, self.vault_uri.rstrip("/") or None),
            (f"{_KEY}.keyname", have.key_name, self.key_name or None),
            (f"{_KEY}.keyversion", have.version, self.version if self.vault_uri else None),
        )
        for path, before, after in values:
            if str(before).lower() == str(after).lower():
                yield Line(path, before, after, "carried")
            else:
                yield Line(path, before, after, reversibility=REVERSIBLE)
        named = have.reads_as.key if have.reads_as else None
        yield Line(READS_AS, named, named, "carried" if self.vault_uri else "relied_on")
