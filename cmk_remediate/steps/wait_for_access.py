"""Wait until what was granted can be expected to work. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, ClassVar

from cmk_remediate.clock import parse_utc, span
from cmk_remediate.model.decisions import Decision, Done, Found, Keep, Pending, Read
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject, at_path
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.step import AccessWait
from cmk_remediate.model.values import UNKNOWN, Grant, Output, PrincipalId, Ref, Unknown, known
from cmk_remediate.steps import reads, roles, vault_state

if TYPE_CHECKING:
    from collections.abc import Iterator

READ_BACK_SECONDS = 5
"""How soon a grant that does not read back yet is looked for again."""


KEY_DATES = ("properties.attributes.created", "properties.attributes.updated")
ASSIGNMENT_DATES = ("properties.createdOn", "properties.updatedOn")


@dataclass(frozen=True)
class Cause:
    """One thing that must be old enough.

    Attributes:
        text: what it is, in words.
        since: when it was made or last changed, by Azure's clock; None if nothing says; `UNKNOWN` while it does not
            exist.
        late: it was made, and a read does not show it yet.
    """

    text: str
    since: datetime | Unknown | None
    late: bool = False


@dataclass(frozen=True)
class WaitForAccess(AccessWait):
    """Pending until the youngest cause of the access is older than the floor, by Azure's clock.

    Nobody can see a grant arrive in the key vault: the assignment reads back from Resource Manager at once, the vault
    learns of it seconds to minutes later. A cause without any date counts as old, unless this run made it.

    Attributes:
        grant: the promise of the role assignment or access policy.
        vault: the vault's id.
        key: the key's id.
        principal_id: the object id the grant is for.
        floor: seconds that the youngest cause must be old.
        timeout: seconds after which a refusal is no longer explained by the grant being young.
        scope: where the role is assigned; None where an access policy was added.
        identity: the identity's id; None for a resource's own (system-assigned) identity.
        role: the role's GUID.
    """

    kind: ClassVar[str] = "wait_for_access"
    granted = Output[Grant]()

    grant: Grant | Ref[Grant]
    vault: ResourceId
    key: ResourceId
    principal_id: PrincipalId | Ref[PrincipalId]
    floor: int
    timeout: int
    scope: ResourceId | None = None
    identity: ResourceId | None = None
    role: str = roles.CRYPTO_SERVICE_ENCRYPTION_USER

    def address(self) -> ResourceId | Unknown:
        """Return the role assignment's id, or the vault's where an access policy was added."""
        if self.scope is None:
            return self.vault
        principal = known(self.principal_id)
        return UNKNOWN if isinstance(principal, Unknown) else roles.assignment_id(self.scope, self.role, principal)

    def also_reads(self) -> tuple[Read, ...]:
        """Return the other causes, and the assignments that may stand in for ours."""
        found = [Read(self.vault), Read(self.key)]
        if self.identity is not None:
            found.append(Read(self.identity))
        principal = known(self.principal_id)
        if self.scope is not None and not isinstance(principal, Unknown):
            found.append(reads.role_assignments(self.scope, principal))
        return tuple(found)

    def locks(self) -> frozenset[str]:
        """Return none: it only looks."""
        return frozenset()

    def decide(self, found: Found) -> Decision:
        """Judge the age of the youngest cause."""
        causes = tuple(self._causes(found))
        coming = [cause for cause in causes if isinstance(cause.since, Unknown)]
        if any(cause.late for cause in coming):
            late = next(cause for cause in coming if cause.late)
            return Pending(f"{late.text} does not read back yet", READ_BACK_SECONDS)
        if coming:
            what = f"{coming[0].text} is still to be made or changed"
            return Pending(f"{what}; access is tried {span(self.floor)} after that", self.floor)
        what, since = self.youngest(found)
        if since is None:
            return Done("nothing that gives the access was made or changed by this run")
        age = found.now - since
        if age < timedelta(seconds=self.floor):
            left = timedelta(seconds=self.floor) - age
            return Pending(
                f"{what} was made or changed {span(max(int(age.total_seconds()), 0))} ago; "
                f"access is tried after {span(self.floor)}",
                -int(-left.total_seconds() // 1),
            )
        return Done(f"nothing that gives the access is younger than {span(self.floor)}; the youngest is {what}")

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Keep:  # noqa: ARG002
        """Say that there is nothing to undo."""
        return Keep("waiting changed nothing")

    def permissions(self) -> Permissions:
        """Return reading the causes."""
        needed = [
            Permission("Microsoft.KeyVault/vaults/read", self.vault, "vault"),
            Permission("Microsoft.KeyVault/vaults/keys/read", self.vault, "vault"),
        ]
        if self.scope is not None:
            needed.append(Permission("Microsoft.Authorization/roleAssignments/read", self.scope, "vault"))
        if self.identity is not None:
            needed.append(
                Permission("Microsoft.ManagedIdentity/userAssignedIdentities/read", self.identity, "identity")
            )
        return tuple(needed)

    def youngest(self, found: Found) -> tuple[str, datetime | None]:
        """Return the youngest cause in words, and since when it exists; None when nothing says."""
        dated = [(cause.since, cause.text) for cause in self._causes(found) if isinstance(cause.since, datetime)]
        if not dated:
            return ("no cause has a date", None)
        since, text = max(dated, key=lambda pair: pair[0])
        return (text, since)

    def deadline(self, found: Found) -> datetime:
        """Return when the youngest cause is older than the timeout; from now on where no cause has a date."""
        _, since = self.youngest(found)
        return (since or found.now) + timedelta(seconds=self.timeout)

    def excludes_network(self, found: Found) -> bool:
        """Say whether the vault's network cannot be why a service is refused: it is open to all."""
        vault = found.reads.get(Read(self.vault))
        return vault is not None and vault_state.is_open(vault)

    def _causes(self, found: Found) -> Iterator[Cause]:
        vault, key = found.reads.get(Read(self.vault)), found.reads.get(Read(self.key))
        if self.scope is not None:
            yield self._assignment(self.scope, found)
        yield _cause(f"the vault {self.vault.name}", self.vault, vault, found, "systemData.lastModifiedAt")
        yield _cause(f"the key {self.key.name}", self.key, key, found, *KEY_DATES)
        if self.identity is not None:
            body = found.reads.get(Read(self.identity))
            if body is None and self.identity.key not in found.written:
                return  # the resource's own, out of our sight: its principal is known, so it was there before this run
            yield _cause(f"the identity {self.identity.name}", self.identity, body, found, "systemData.createdAt")

    def _assignment(self, scope: ResourceId, found: Found) -> Cause:
        """Return the grant: our assignment at *scope*, or the oldest equal one that makes it unnecessary."""
        principal = known(self.principal_id)
        if isinstance(principal, Unknown):
            return Cause("the role assignment", UNKNOWN)
        if found.body is not None:
            address = roles.assignment_id(scope, self.role, principal)
            return _cause("the role assignment", address, found.body, found, *ASSIGNMENT_DATES)
        listed = found.reads.get(reads.role_assignments(scope, principal)) or ()
        equal = [item for item in roles.covering(listed, scope) if roles.gives(item, self.role, principal)]
        if not equal:
            return Cause("the role assignment", UNKNOWN, late=True)
        dates = [roles.since(item) for item in equal]
        oldest = None if None in dates else min(item for item in dates if item is not None)
        return Cause("the role assignment at a scope above", oldest)


def _cause(text: str, resource: ResourceId, body: JsonObject | None, found: Found, *paths: str) -> Cause:
    """Return when *resource* was last made or changed: what its body says, or when our own write to it was accepted."""
    if body is None:
        return Cause(text, UNKNOWN, late=True)
    shown = [at_path(body, path) for path in paths]
    if any(isinstance(item, Unknown) for item in shown):
        return Cause(text, UNKNOWN)
    moments = [found.written[resource.key]] if resource.key in found.written else []
    moments.extend(_moment(item) for item in shown if item)
    return Cause(text, max(moments, default=None))


def _moment(shown: str | int) -> datetime:
    """Return the moment that Resource Manager (a text) or Key Vault (seconds since 1970) names."""
    return datetime.fromtimestamp(shown, timezone.utc) if isinstance(shown, int) else parse_utc(shown)
