"""Identity and key in one request, where a policy denies the server a body without a key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cmk_remediate import codes
from cmk_remediate.model.decisions import (
    Blocked,
    Change,
    Decision,
    Done,
    Effect,
    Estimate,
    Found,
    Line,
    OneWay,
    Read,
    Request,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject, at_path
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.values import Grant, KeyUri, Ref, Unknown, promised
from cmk_remediate.steps import pinned_key
from cmk_remediate.steps.sql import server_state, sorts
from cmk_remediate.steps.sql.attach_identity import AttachIdentity
from cmk_remediate.steps.sql.base import SqlStep
from cmk_remediate.steps.sql.names import AZURE_KEY_VAULT, Protector, sent_uri, server_key_name
from cmk_remediate.steps.sql.register_server_key import protector
from cmk_remediate.steps.sql.restore_protector import way_back
from cmk_remediate.steps.sql.set_protector import TO_PLATFORM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.model.step import Undo


@dataclass(frozen=True)
class SwitchInOnePatch(SqlStep):
    """Attach the identity, make it primary and name the key, all in one PATCH of the server (``keyId``).

    The built-in policy "SQL servers should use customer-managed keys" with effect Deny refuses a body without ``keyId``, that
    of a PATCH of the identity alone too (facts: terraform-provider-azurerm issues 20549, 21473). Auto-rotation is not part of
    it: the step that sets the protector follows.

    Attributes:
        identity: the user-assigned identity; the primary one if the server has one.
        key: the key's ARM id.
        uri: its latest versioned URI, or the pinned one.
        beside: user-assigned identities the server has already.
        entra: the server has an Entra administrator, or may have one.
        access: the wait for the grant.
        pinned: the plan names the version.
        may_expire: the plan asks for a pinned version although it expires: then it is accepted by name.
    """

    kind: ClassVar[str] = "switch_in_one_patch"
    sets_key: ClassVar[bool] = True

    identity: ResourceId
    key: ResourceId
    uri: KeyUri | Ref[KeyUri]
    beside: tuple[ResourceId, ...] = ()
    entra: bool = False
    access: Grant | Ref[Grant] | None = None
    pinned: bool = False
    may_expire: bool = False

    def address(self) -> ResourceId:
        """Return the server's id."""
        return self.server

    def owns(self) -> Mapping[str, Any]:
        """Return the primary identity and the key."""
        return {**self._attach.owns(), "properties.keyId": f"{self.key.names[0]}_{self.key.name}".lower()}

    def also_reads(self) -> tuple[Read, ...]:
        """Return roles and partners of a geo pair; and the key, where a version is pinned that may expire."""
        return (*self.geo_reads(), *pinned_key.reads(self.key, pinned=self.pinned))

    def probes(self) -> Ref[Grant] | None:
        """Return the grant that this request tries out."""
        return promised(self.access)

    def decide(self, found: Found) -> Decision:
        """Judge the server's identities and its key."""
        blocked = server_state.judge(self.server, found.body)
        unhealthy, relied_on = self.geo_judged(found)
        if found.body is None or blocked is not None or unhealthy is not None:
            return blocked or unhealthy or server_state.absent(self.server)
        have, current = server_state.Identities.of(found.body), named_by(found.body)
        if current.names(self.key):
            return Done(f"{self.server.name} names {current.words()} already")
        if have.primary not in (None, self.identity):
            why = f"properties.primaryUserAssignedIdentityId of {self.server.name} is {have.primary}"
            return Blocked(codes.sql.PRIMARY_IDENTITY_TAKEN, why, resource=self.server.text)
        expiring = pinned_key.judge(self.server, self.key, found, pinned=self.pinned, may_expire=self.may_expire)
        if isinstance(expiring, Blocked):
            return expiring
        patch = self._attach.patch(have)
        uri = sent_uri(self.uri, versionless=False)
        patch["properties"] = {**patch["properties"], "keyId": uri}
        name = server_key_name(self.key, self.uri, versionless=False)
        owned = () if self._attach.has_it(have) else self._attach.lines(have)
        shown = {"serverKeyType": AZURE_KEY_VAULT, "serverKeyName": name, "uri": uri, "autoRotationEnabled": False}
        after = f"{self.key.names[0]}_{self.key.name}".lower()
        effects = [
            Effect(self.server, self._attach.effect(have, patch)),
            Effect(protector(self.server), {"kind": "azurekeyvault", "properties": shown}),
        ]
        if not isinstance(name, Unknown):
            made = {"name": name, "properties": {"serverKeyType": AZURE_KEY_VAULT, "uri": uri}}
            effects.append(Effect(self.server.child("keys", name), made))
        return Change(
            Request("PATCH", self.server, patch),
            (
                *owned,
                Line("properties.keyId", current.words(), after, reversibility=TO_PLATFORM),
                *relied_on,
                *expiring,
            ),
            tuple(effects),
            Estimate(usual=60, worst=1800),
            "update",
            f"the protector of {self.server.name} is {current.words()}, and a policy denies an identity without a key",
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Undo:  # noqa: ARG002 - reversible whether used or not
        """Return to ServiceManaged; the identity stays. Policy may deny it: the review says so."""
        was = named_by(before or {})
        if was.is_customer:
            why = f"the previous key {was.words()} was not checked in the review"
            return OneWay(why, codes.sql.PREVIOUS_KEY_ONE_WAY)
        return way_back(self, was, None, wrote=self.key, wrote_follows=False)

    def permissions(self) -> Permissions:
        """Return writing the server, its keys and its protector, and assigning every identity the body names."""
        writes = sorts.actions(self.server, "keys/write", "encryptionProtector/write")
        own = tuple(Permission(action, self.server, self.split) for action in writes)
        return (*self._attach.permissions(), *own)

    @property
    def _attach(self) -> AttachIdentity:
        return AttachIdentity(
            self.server, self.identity, self.beside, self.entra, partner=self.partner, group=self.group
        )


def named_by(server: Mapping[str, Any]) -> Protector:
    """Return the protector that a server's own body names by ``keyId``, in whichever version."""
    uri = str(at_path(server, "properties.keyId") or "")
    parts = uri.lower().split("/")
    if len(parts) < 5:  # noqa: PLR2004 - https, empty, host, keys, name
        return Protector("ServiceManaged")
    return Protector(AZURE_KEY_VAULT, parts[2].split(".")[0], parts[4], uri=uri)
