"""Point the account at the customer's key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cmk_remediate import codes
from cmk_remediate.model.decisions import (
    Acceptance,
    Blocked,
    Change,
    Decision,
    Done,
    Effect,
    Found,
    Line,
    OneWay,
    Read,
    Request,
    Reversibility,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.values import Grant, Ref, promised
from cmk_remediate.services.storage.account import CUSTOMER, PLATFORM, Account
from cmk_remediate.services.storage.steps.base import (
    ESTIMATE,
    KEPT,
    READS_AS,
    StorageStep,
    carried_lines,
    identity_lines,
)
from cmk_remediate.services.storage.steps.restore_key import RestoreKey
from cmk_remediate.steps import network, pinned_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.step import Undo

TO_PLATFORM = Reversibility("reversible", "rollback returns to Microsoft.Storage; nothing is encrypted anew")
TO_PREVIOUS = Reversibility("reversible", "rollback names the previous key again")
_ENCRYPTION = "properties.encryption"
_KEY = f"{_ENCRYPTION}.keyvaultproperties"


@dataclass(frozen=True)
class SetKey(StorageStep):
    """Set key and, on an account that was on platform keys, the identity with it: one request, done when it is answered.

    Only the account's root key is wrapped anew: no downtime, nothing is encrypted again (learn.microsoft.com, "Customer-managed
    keys for Azure Storage encryption"). An account that is on a customer's key already takes a change of key or of identity.

    Attributes:
        key: the key's ARM id.
        vault_uri: its vault's endpoint, without a slash at its end.
        version: the version that is pinned; empty where new versions are followed.
        identity: the user-assigned identity that reads the key; None for the system-assigned one.
        replaces: the attached identity that is gone and makes room.
        previous: the customer key the account uses now, where rollback can return to it.
        no_way_back: why rollback cannot return to the key in use; empty where it can.
        access: the wait for the grant.
        unconfirmed: the vault, where nobody has confirmed that its firewall lets the account pass; else None.
        may_expire: the plan asks for a pinned version although it expires: then it is accepted by name.
    """

    kind: ClassVar[str] = "set_storage_key"
    sets_key: ClassVar[bool] = True

    key: ResourceId
    vault_uri: str
    version: str = ""
    identity: ResourceId | None = None
    replaces: ResourceId | None = None
    previous: ResourceId | None = None
    no_way_back: str = ""
    access: Grant | Ref[Grant] | None = None
    unconfirmed: ResourceId | None = None
    may_expire: bool = False

    def owns(self) -> Mapping[str, Any]:
        """Return the key and its version."""
        return {f"{_KEY}.keyname": self.key.key, f"{_KEY}.keyversion": self.version}

    def also_reads(self) -> tuple[Read, ...]:
        """Return the key, where a version is pinned that may expire."""
        return pinned_key.reads(self.key, pinned=bool(self.version))

    def probes(self) -> Ref[Grant] | None:
        """Return the grant: a late one refuses this, and nothing has changed."""
        return promised(self.access)

    def decide(self, found: Found) -> Decision:
        """Judge the account found."""
        waits = self.not_ready(found.body)
        if waits is not None:
            return waits
        have = Account.of(found.body)
        same_identity = have.reads_as == self.identity
        if have.names(self.vault_uri, self.key.name) and have.version == self.version and same_identity:
            return Done(f"{self.account.name} uses {have.words}")
        if have.is_customer and not same_identity:
            shown = have.reads_as.text if have.reads_as else "the system-assigned identity"
            why = f"{READS_AS} of {self.account.name} is {shown}: its key cannot change in one request with it"
            return Blocked(codes.storage.BOTH_AT_ONCE, why, resource=self.account.text)
        expiring = pinned_key.judge(
            self.account, self.key, found, pinned=bool(self.version), may_expire=self.may_expire
        )
        if isinstance(expiring, Blocked):
            return expiring
        patch = self._patch(have)
        return Change(
            Request("PATCH", self.account, patch),
            (
                *self._lines(have, patch, found.body),
                *carried_lines(have),
                *expiring,
                *network.relied_on(self.unconfirmed),
            ),
            (Effect(self.account, patch),),
            ESTIMATE,
            "update",
            f"the key of {self.account.name} is {have.words}",
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Undo:  # noqa: ARG002 - reversible whether used or not
        """Return to platform keys, or to the previous customer key."""
        was = Account.of(before)
        if not was.is_customer:
            return RestoreKey(self.account, self.vault_uri, self.key.name, self.identity)
        if self.previous is None:
            why = self.no_way_back or f"the previous key {was.words} was not checked in the review"
            return OneWay(why, codes.storage.PREVIOUS_KEY_ONE_WAY)
        uri = str(at_path(before, f"{_KEY}.keyvaulturi"))
        there = (uri, was.key_name, was.version, self.previous)
        return RestoreKey(self.account, self.vault_uri, self.key.name, self.identity, *there)

    def permissions(self) -> Permissions:
        """Return writing the account and attaching the identity; and finding the key in use, whose vault only a list tells."""
        needed = self.needs(self.identity)
        if self.previous is None:
            return needed
        vault = self.previous.top_level
        keys = "Microsoft.KeyVault/vaults/keys"
        return (
            *needed,
            Permission("Microsoft.KeyVault/vaults/read", self.account.subscription_id, "vault", checkable=False),
            Permission("Microsoft.Authorization/roleAssignments/read", self.previous, "vault"),
            *(
                Permission(f"{kind}/read", vault, "vault")
                for kind in ("Microsoft.KeyVault/vaults", keys, f"{keys}/versions")
            ),
        )

    def _patch(self, have: Account) -> dict[str, Any]:
        key = {"keyvaulturi": self.vault_uri, "keyname": self.key.name, "keyversion": self.version}
        encryption = have.encryption(keySource=CUSTOMER, keyvaultproperties=key)
        if have.reads_as is not None or self.identity is not None:
            # The spelling found, where it is the same one: another counts as a change.
            chosen = have.reads_as if have.reads_as == self.identity else self.identity
            encryption["identity"] = {"userAssignedIdentity": chosen.text if chosen else ""}
        patch: dict[str, Any] = {"properties": {"encryption": encryption}}
        if self.identity is not None and (
            self.identity not in have.identities.attached or self.replaces in have.identities.attached
        ):
            patch["identity"] = have.with_identity(self.identity, self.replaces)
        return patch

    def _lines(self, have: Account, patch: Mapping[str, Any], body: Mapping[str, Any] | None) -> Iterator[Line]:
        yield from identity_lines(have, patch.get("identity"), self.identity)
        before = have.reads_as.key if have.reads_as else None
        after = self.identity.key if self.identity else None
        if before == after:
            yield Line(READS_AS, before, after, "carried")
        else:
            yield Line(READS_AS, before, after, reversibility=KEPT)
        source = at_path(body, f"{_ENCRYPTION}.keySource") or PLATFORM
        values = (
            (f"{_ENCRYPTION}.keySource", source, CUSTOMER),
            (f"{_KEY}.keyvaulturi", have.vault_uri or None, self.vault_uri),
            (f"{_KEY}.keyname", have.key_name or None, self.key.name),
            (f"{_KEY}.keyversion", have.version if have.is_customer else None, self.version),
        )
        reversibility, accept = self._way_back(have)
        for path, old, new in values:
            if str(old).lower() == new.lower():
                yield Line(path, old, new, "carried")
            else:
                yield Line(path, old, new, reversibility=reversibility, acceptance=accept)
                accept = None

    def _way_back(self, have: Account) -> tuple[Reversibility, Acceptance | None]:
        if not have.is_customer:
            return TO_PLATFORM, None
        if self.previous is not None:
            return TO_PREVIOUS, None
        why = self.no_way_back or f"the present key {have.words} was not checked"
        one_way = Reversibility("one-way", why, codes.storage.PREVIOUS_KEY_ONE_WAY)
        return one_way, Acceptance("previous-key", self.account, "one-way")
