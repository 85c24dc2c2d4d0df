"""Have a managed instance try the key before anything of it is switched."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from cmk_remediate import codes
from cmk_remediate.clock import span
from cmk_remediate.model.decisions import Blocked, Decision, Done, Found, Keep, Pending, Read
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject, at_path, canonical
from cmk_remediate.model.permissions import Permission
from cmk_remediate.model.values import KeyUri, Ref
from cmk_remediate.steps.sql import instance_state, sorts
from cmk_remediate.steps.sql.base import needs
from cmk_remediate.steps.wait_for_access import Cause, WaitForAccess

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.permissions import Permissions, Split

AGAIN = 30
"""Seconds until an instance is asked again (our choice: the question costs Azure an operation of some seconds)."""


@dataclass(frozen=True)
class ProveAccess(WaitForAccess):
    """Done once the instance says that it can use the key: ``validateAzureKeyVaultEncryptionKey``, which changes nothing.

    The best proof there is: identity, grant, network path, key and vault are tried together, by the instance itself
    (SDK `ManagedInstancesOperations.begin_validate_azure_key_vault_encryption_key`). While the youngest cause of the access is
    younger than the timeout, a refusal that may be a late grant is waited for; any other is final.

    Attributes:
        instance: the managed instance's id.
        uri: the key's versioned URI: an instance takes no other.
        attached: that its identity is there; empty where it was before.
        partner: whether it is a geo partner of the target.
    """

    kind: ClassVar[str] = "prove_access"

    instance: ResourceId = field(kw_only=True)
    uri: KeyUri | Ref[KeyUri] = field(kw_only=True)
    attached: str | Ref[str] = field(kw_only=True)
    partner: bool = field(kw_only=True)

    def also_reads(self) -> tuple[Read, ...]:
        """Return the causes, the instance, and its answer as soon as there is something to ask."""
        return (*super().also_reads(), Read(self.instance), *self._questions())

    def decide(self, found: Found) -> Decision:
        """Judge the instance's answer."""
        waiting = super().decide(found)
        if not isinstance(waiting, Done):
            return waiting
        name = self.instance.name
        state = instance_state.judge(self.instance, found.reads.get(Read(self.instance)) or {})
        if state is not None:
            return state
        questions = self._questions()
        if not questions:
            return Pending(f"{name} tries {self.key.name} once its identity and the key are there", self.floor)
        answer = found.reads.get(questions[0])
        if at_path(answer, "usable"):
            return Done(f"{name} tried {self.key.name} in {self.vault.name}, and can use it")
        said = f"{at_path(answer, 'code')}: {at_path(answer, 'text')}"
        if not at_path(answer, "later"):
            why = f"{name} cannot use {self.key.name} in {self.vault.name}: {said}"
            return Blocked(codes.sql_managed_instance.KEY_NOT_USABLE, why, resource=self.instance.text)
        if found.now < self.deadline(found):
            return Pending(f"{name} cannot use {self.key.name} yet: {said}", AGAIN)
        what, _ = self.youngest(found)
        late = f"{what} is older than {span(self.timeout)}, and {name} still cannot use {self.key.name}: {said}"
        if at_path(answer, "network") and not self.excludes_network(found):
            why = f"unknown cause: either the grant has not arrived or the vault's firewall refuses the service; {late}"
            return Blocked(codes.access.ACCESS_UNKNOWN, why, resource=self.instance.text)
        return Blocked(codes.access.ACCESS_NOT_YET, late, resource=self.instance.text)

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Keep:  # noqa: ARG002 - always
        """Say that there is nothing to undo."""
        return Keep("trying the key changed nothing")

    def permissions(self) -> Permissions:
        """Return reading the causes and the instance, and having it try the key."""
        split: Split = "partner" if self.partner else "service"
        (action,) = sorts.actions(self.instance, "validateAzureKeyVaultEncryptionKey/action")
        trial = Permission(action, self.instance, split, asks=True)
        return (*super().permissions(), *needs(self.instance, split), trial)

    def _questions(self) -> tuple[Read, ...]:
        """Return the question to the instance; nothing as long as grant, identity or key are still promises."""
        if any(isinstance(one, Ref) for one in (self.grant, self.uri, self.attached, self.principal_id)):
            return ()
        body = canonical({"tdeKeyUri": self.uri}).decode()
        return (Read(self.instance, "validate-key", body=body),)

    def _causes(self, found: Found) -> Iterator[Cause]:
        yield from super()._causes(found)
        changed = found.written.get(self.instance.key)
        if changed is not None:
            yield Cause(f"the instance {self.instance.name}", changed)
