"""Point the server's protector at the customer's key."""

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
    Estimate,
    Found,
    Line,
    OneWay,
    Read,
    Request,
    Reversibility,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.values import Grant, KeyUri, Ref, promised
from cmk_remediate.steps import network, pinned_key
from cmk_remediate.steps.sql.base import SqlStep
from cmk_remediate.steps.sql.names import AZURE_KEY_VAULT, Protector, sent_uri, server_key_name, words
from cmk_remediate.steps.sql.register_server_key import protector
from cmk_remediate.steps.sql.restore_protector import way_back

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.step import Undo

ESTIMATE = Estimate(usual=60, worst=1800)
"""Seconds for the call; a few minutes until all databases and secondaries have it (learn.microsoft.com, TDE BYOK overview)."""
TO_PLATFORM = Reversibility(
    "reversible", "rollback returns to ServiceManaged; the old key stays, because backups made meanwhile need it"
)
TO_PREVIOUS = Reversibility("reversible", "rollback returns to the previous vault and key at its latest version")


@dataclass(frozen=True)
class SetProtector(SqlStep):
    """Set the protector; vault and key are compared, a version only where the plan pins one.

    Online: only the databases' encryption keys are wrapped anew (learn.microsoft.com, "TDE with customer-managed key").

    Attributes:
        key: the key's ARM id.
        uri: its latest versioned URI, or the pinned one.
        versionless: name it without a version.
        pinned: the plan names the version, so new ones are not followed.
        previous: the customer key the server uses now, where rollback can return to it.
        no_way_back: why rollback cannot return to the key in use; empty where it can.
        access: the wait for the grant.
        unconfirmed: the vault, where nobody has confirmed that its firewall lets SQL pass; else None.
        may_expire: the plan asks for a pinned version although it expires: then it is accepted by name.
    """

    kind: ClassVar[str] = "set_protector"
    sets_key: ClassVar[bool] = True

    key: ResourceId
    uri: KeyUri | Ref[KeyUri]
    versionless: bool = False
    pinned: bool = False
    previous: ResourceId | None = None
    no_way_back: str = ""
    access: Grant | Ref[Grant] | None = None
    unconfirmed: ResourceId | None = None
    may_expire: bool = False

    def address(self) -> ResourceId:
        """Return the protector's id."""
        return protector(self.server)

    def owns(self) -> Mapping[str, Any]:
        """Return the key, and whether new versions are followed."""
        return {
            "properties.serverKeyName": words(self.key, self.uri, pinned=self.pinned),
            "properties.autoRotationEnabled": not self.pinned,
        }

    def also_reads(self) -> tuple[Read, ...]:
        """Return roles and partners of a geo pair; and the key, where a version is pinned that may expire."""
        return (*self.geo_reads(), *pinned_key.reads(self.key, pinned=self.pinned))

    def probes(self) -> Ref[Grant] | None:
        """Return the grant: a late one refuses this too."""
        return promised(self.access)

    def decide(self, found: Found) -> Decision:
        """Judge the protector found."""
        if found.body is None:
            why = f"{self.server.name} shows no protector"
            return Blocked(codes.sql.PROTECTOR_ABSENT, why, resource=self.server.text)
        unhealthy, relied_on = self.geo_judged(found)
        if unhealthy is not None:
            return unhealthy
        current = Protector.of(found.body)
        lines = self._lines(current)
        if not any(line.role == "owned" for line in lines):
            return Done(f"the protector of {self.server.name} is {current.words()}", relied_on)
        expiring = pinned_key.judge(self.server, self.key, found, pinned=self.pinned, may_expire=self.may_expire)
        if isinstance(expiring, Blocked):
            return expiring
        name = server_key_name(self.key, self.uri, versionless=self.versionless)
        properties = {"serverKeyType": AZURE_KEY_VAULT, "serverKeyName": name, "autoRotationEnabled": not self.pinned}
        uri = sent_uri(self.uri, versionless=self.versionless)
        return Change(
            Request("PUT", self.address(), {"properties": properties}),
            (*lines, *relied_on, *expiring, *network.relied_on(self.unconfirmed)),
            (
                Effect(self.address(), {"kind": "azurekeyvault", "properties": {**properties, "uri": uri}}),
                Effect(self.server, {"properties": {"keyId": uri}}),
            ),
            ESTIMATE,
            "update",
            f"the protector of {self.server.name} is {current.words(version=self.pinned)}",
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Undo:  # noqa: ARG002 - reversible whether used or not
        """Return to ServiceManaged, or to the previous vault and key at its latest version."""
        was = Protector.of(before or {})
        previous = self.key if was.names(self.key) else self.previous
        if was.is_customer and (previous is None or not was.names(previous)):
            why = self.no_way_back or f"the previous key {was.words()} was not checked in the review"
            return OneWay(why, codes.sql.PREVIOUS_KEY_ONE_WAY)
        return way_back(self, was, previous, wrote=self.key, wrote_follows=not self.pinned)

    def permissions(self) -> Permissions:
        """Return reading the server and writing its protector; and finding the key in use, whose vault only a list tells."""
        needed = self.needs("encryptionProtector/write")
        if self.previous is None:
            return needed
        read, keys = "Microsoft.KeyVault/vaults/read", "Microsoft.KeyVault/vaults/keys/read"
        vault = self.previous.top_level
        return (
            *needed,
            Permission(read, self.server.subscription_id, "vault", checkable=False),
            Permission(read, vault, "vault"),
            Permission(keys, vault, "vault"),
        )

    def _lines(self, current: Protector) -> tuple[Line, ...]:
        """Return the three properties; those that change are owned."""
        wanted = words(self.key, self.uri, pinned=self.pinned)
        named = current.words(version=self.pinned and current.names(self.key))
        values = (
            ("serverKeyName", named, wanted),
            ("serverKeyType", current.kind, AZURE_KEY_VAULT),
            ("autoRotationEnabled", current.follows, not self.pinned),
        )
        reversibility, acceptance = self._reversibility(current)
        lines = []
        for name, before, after in values:
            path = f"properties.{name}"
            if before == after:
                lines.append(Line(path, before, after, "carried"))
            else:
                accept = acceptance if name == "serverKeyName" else None
                lines.append(Line(path, before, after, reversibility=reversibility, acceptance=accept))
        return tuple(lines)

    def _reversibility(self, current: Protector) -> tuple[Reversibility, Acceptance | None]:
        if not current.is_customer:
            return TO_PLATFORM, None
        known = self.previous is not None and current.names(self.previous)
        if known or current.names(self.key):
            return TO_PREVIOUS, None
        why = self.no_way_back or f"the present key {current.words()} was not checked"
        one_way = Reversibility("one-way", why, codes.sql.PREVIOUS_KEY_ONE_WAY)
        return one_way, Acceptance("previous-key", self.server, "one-way")
