"""Point the account at the customer's key."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
    Pending,
    Read,
    Request,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.values import ClientId, Grant, KeyUri, Ref, Unknown, known, promised
from cmk_remediate.services.ai_services.account import VAULT_URI, Account, absent
from cmk_remediate.services.ai_services.steps.base import CAUTION, ESTIMATE, AiStep
from cmk_remediate.services.ai_services.steps.encryption import Encryption
from cmk_remediate.services.ai_services.steps.restore_encryption import RestoreEncryption
from cmk_remediate.services.ai_services.steps.ways import DOOR, way_back
from cmk_remediate.steps import network, pinned_key, vault_state

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.step import Undo

LATEST = "the latest"
_VERSIONS = "Microsoft.KeyVault/vaults/keys/versions/read"  # who looks next judges the version in use


@dataclass(frozen=True)
class SetKey(AiStep):
    """Set the key, alone, with the client id of the identity that reads it.

    Vault and key are compared; the version only where the plan pins one, or where none is to be named.

    Attributes:
        key: the key's ARM id.
        vault_uri: its vault's address without a slash at its end.
        uri: its latest versioned URI, or the pinned one.
        identity: the user-assigned identity that reads it; None for the system-assigned one.
        client: that identity's client id; None for the system-assigned one.
        follows: no version is named, so new ones are followed.
        pinned: the plan names the version.
        previous: the customer key the account uses now, where rollback can return to it.
        no_way_back: why rollback cannot return to the key in use; empty where it can.
        access: the wait for the grant.
        unconfirmed: the vault, where nobody has confirmed that its firewall lets AI services pass; else None.
        roles: the vault, where it is on roles and the kind's page asks for access policies; else None.
        may_expire: the plan asks for a version although it expires: then it is accepted by name.
        leaves: the version in use, where it cannot be used any more: it is not left alone.
    """

    kind: ClassVar[str] = "set_ai_key"
    sets_key: ClassVar[bool] = True

    key: ResourceId
    vault_uri: str
    uri: KeyUri | Ref[KeyUri]
    identity: ResourceId | None = None
    client: ClientId | Ref[ClientId] | None = None
    follows: bool = False
    pinned: bool = False
    previous: ResourceId | None = None
    no_way_back: str = ""
    access: Grant | Ref[Grant] | None = None
    unconfirmed: ResourceId | None = None
    roles: ResourceId | None = None
    may_expire: bool = False
    leaves: str = ""

    def owns(self) -> Mapping[str, Any]:
        """Return the key, and whether new versions are followed."""
        words = f"{self.key.name} in {self.key.names[0]}{' without a version' if self.follows else ''}"
        return {"properties.encryption": words}

    def also_reads(self) -> tuple[Read, ...]:
        """Return the key, where a version of it is named that may expire, and the vault, where its being on roles is doubtful."""
        vault = () if self.roles is None else (Read(self.roles),)
        return (*pinned_key.reads(self.key, pinned=not self.follows), *vault)

    def probes(self) -> Ref[Grant] | None:
        """Return the grant: a late one refuses this."""
        return promised(self.access)

    def decide(self, found: Found) -> Decision:
        """Judge the account found."""
        if found.body is None:
            return absent(self.account)
        have = Account.of(found.body)
        if not have.rests:
            return Pending(f"properties.provisioningState of {self.account.name} is {have.state}", 15)
        if self._is_set(have):
            if have.state.lower() == "succeeded":
                return Done(f"{self.account.name} uses {self.key.name} in {self.key.names[0]}")
            why = f"properties.provisioningState of {self.account.name} is {have.state}"
            return Blocked(codes.ai_services.ACCOUNT_BUSY, why, resource=self.account.text)
        blocked = self._forbidden(have)
        if blocked is not None:
            return blocked
        by = pinned_key.BY_PLAN if self.pinned else self.account.name
        expiring = pinned_key.judge(
            self.account, self.key, found, pinned=not self.follows, may_expire=self.may_expire, by=by
        )
        if isinstance(expiring, Blocked):
            return expiring
        wanted = self._wanted(have)
        patch = wanted.body(have)
        return Change(
            Request("PATCH", self.account, patch),
            (*self._owned(have, wanted), *self._relied_on(have, found), *expiring),
            (Effect(self.account, patch),),
            ESTIMATE,
            "update",
            f"the key of {self.account.name} is {have.key_words}",
            caution=CAUTION,
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Undo:  # noqa: ARG002 - reversible whether used or not
        """Return to platform keys where the kind can, or to the previous customer key."""
        was = Account.of(before)
        if not was.is_customer:
            if was.row.way_back == "no":
                return OneWay(f"{self.account.name} stays on {self.key.name}: {DOOR.why}", DOOR.code)
            return self._restored(Encryption(), after, None)
        if self.previous is None:
            why = self.no_way_back or f"the previous key {was.key_words} was not checked in the review"
            return OneWay(why, codes.ai_services.PREVIOUS_KEY_ONE_WAY)
        return self._restored(Encryption.of(was), after, self.previous)

    def permissions(self) -> Permissions:
        """Return writing the account; and finding the key in use, whose vault only a list tells."""
        needed = (*self.needs(), Permission(_VERSIONS, self.key.top_level, "vault"))
        if self.previous is None:
            return needed
        read, vault = "Microsoft.KeyVault/vaults/read", self.previous.top_level
        return (
            *needed,
            Permission(read, self.account.subscription_id, "vault", checkable=False),
            Permission(read, vault, "vault"),
            Permission("Microsoft.KeyVault/vaults/keys/read", vault, "vault"),
            Permission(_VERSIONS, vault, "vault"),
            Permission("Microsoft.Authorization/roleAssignments/read", self.previous, "vault"),
        )

    def _restored(self, was: Encryption, after: JsonObject | None, previous: ResourceId | None) -> RestoreEncryption:
        """Return what brings *was* back, unless another has changed since what the account showed *after* our write."""
        seen = Account.of(after)
        ours = seen.names(self.vault_uri, self.key.name)
        return RestoreEncryption(
            self.account,
            was.vault_uri,
            was.key_name,
            str(was.version),
            str(was.client),
            previous,
            wrote_vault=self.vault_uri,
            wrote_key=self.key.name,
            wrote_version=seen.version if ours else None,
            wrote_client=seen.client if ours else None,
        )

    @property
    def _version(self) -> str | Unknown:
        """The version that is sent; empty where new ones are followed."""
        if self.follows:
            return ""
        uri = known(self.uri)
        return uri if isinstance(uri, Unknown) else uri.rpartition("/")[2]

    def _is_set(self, have: Account) -> bool:
        """Say whether *have* uses the key as the plan wants it, with the identity it is to be read with."""
        client = known(self.client) if self.client is not None else ""
        same_reader = client if isinstance(client, Unknown) else have.client == client.lower()
        same_version = have.version == self._version if self.pinned or self.follows else not self._left(have)
        return have.names(self.vault_uri, self.key.name) and bool(same_reader) and same_version

    def _wanted(self, have: Account) -> Encryption:
        """Return what is sent: where no version matters, the one that is named stays."""
        version = self._version
        if not self.pinned and not self.follows and self._stays(have):
            version = have.version
        client = known(self.client) if self.client is not None else ""
        return Encryption(self.vault_uri, self.key.name, version, client)

    def _left(self, have: Account) -> bool:
        """Say whether *have* names the version that cannot be used any more."""
        return bool(self.leaves) and have.version == self.leaves

    def _stays(self, have: Account) -> bool:
        """Say whether *have* names the key, in a version that may stay where the plan asks for none."""
        return have.names(self.vault_uri, self.key.name) and not self._left(have)

    def _forbidden(self, have: Account) -> Blocked | None:
        """Return what of *have*, that may have changed since the review, forbids the key."""
        there = have.identities.system if self.identity is None else self.identity in have.identities.attached
        if not there:
            who = self.identity.name if self.identity else "a system-assigned identity"
            return Blocked(
                codes.ai_services.READER_NOT_ATTACHED,
                f"identity of {self.account.name} lacks {who}, which is to read the key",
                resource=self.account.text,
            )
        if have.row.one_vault and have.is_customer and not have.names(self.vault_uri, have.key_name):
            why = f"{VAULT_URI} of {self.account.name} is {have.vault_uri}, the plan's vault is {self.key.names[0]}"
            return Blocked(codes.ai_services.OTHER_VAULT, why, resource=self.account.text)
        return None

    def _owned(self, have: Account, wanted: Encryption) -> Iterator[Line]:
        """Yield the key's lines; the first that changes carries what must be accepted for the way back."""
        way, accept = way_back(self.account, have, self.previous, self.no_way_back)
        shown = LATEST if not (self.pinned or self.follows or self._stays(have)) else None
        for line in wanted.lines(have, way, shown):
            changes = line.role == "owned"
            accepts = accept if changes else None
            if accepts is None and changes and line.path.endswith("identityClientId"):
                accepts = self._reader_unconfirmed(have)
            yield replace(line, acceptance=accepts) if accepts is not None else line
            accept = None if changes else accept

    def _reader_unconfirmed(self, have: Account) -> Acceptance | None:
        if self.client is None or have.row.user_assigned == "yes":
            return None
        return Acceptance("user-assigned-unconfirmed", self.account, "unconfirmed")

    def _relied_on(self, have: Account, found: Found) -> Iterator[Line]:
        """Yield what the decision rests on, and what must be accepted because nobody has confirmed it."""
        doubtful = have.key_unconfirmed and not have.is_customer
        accept = Acceptance("kind-unconfirmed", self.account, "unconfirmed") if doubtful else None
        yield Line("kind", have.kind, have.kind, "relied_on", acceptance=accept)
        yield Line("properties.allowProjectManagement", have.projects, have.projects, "relied_on")
        if have.tier_unconfirmed and not have.is_customer:
            tier = Acceptance("tier-unconfirmed", self.account, "unconfirmed")
            yield Line("sku.name", have.sku, have.sku, "relied_on", acceptance=tier)
        yield from network.relied_on(self.unconfirmed)
        if self.roles is not None:
            stale = Acceptance("roles-unconfirmed", self.account, "unconfirmed")
            on = vault_state.uses_roles(found.reads.get(Read(self.roles)) or {})
            yield Line("vault.properties.enableRbacAuthorization", on, on, "relied_on", acceptance=stale)
