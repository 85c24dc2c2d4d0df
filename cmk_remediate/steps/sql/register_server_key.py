"""Register a key on the server, so that the protector can name it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cmk_remediate import codes
from cmk_remediate.model.decisions import (
    Change,
    Decision,
    Done,
    Effect,
    Estimate,
    Found,
    Keep,
    Line,
    Read,
    Request,
    Reversibility,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.values import UNKNOWN, Grant, KeyUri, Output, Ref, Unknown, promised
from cmk_remediate.steps.sql.base import SqlStep
from cmk_remediate.steps.sql.names import AZURE_KEY_VAULT, Protector, sent_uri, server_key_name, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.permissions import Permissions

KEPT = Reversibility("kept", "backups may need the server key", codes.sql.SERVER_KEY_KEPT)


def server_keys(server: ResourceId) -> Read:
    """Return the read of the keys registered on *server*."""
    return Read(server, "list:keys")


def protector(server: ResourceId) -> ResourceId:
    """Return the id of *server*'s protector; it has exactly one, called current."""
    return server.child("encryptionProtector", "current")


@dataclass(frozen=True)
class RegisterServerKey(SqlStep):
    """Register the latest version of the key, unless the protector follows that key by itself already.

    The first request that makes the server use the key, and harmless: it is the probe for a grant that arrives late. While the
    protector follows new versions of this very key, which version is registered is Azure's business. An old version cannot be
    chosen again (``OldGenerationOfAKVKeyBeingUsedError``), so the version is that of the moment of deciding.

    Attributes:
        key: the key's ARM id.
        uri: its latest versioned URI, or the pinned one.
        versionless: register it without a version.
        pinned: the plan names the version.
        access: the wait for the grant; None where nothing was granted in this run.
        exact: register the latest version even where the protector follows the key by itself: it is to stop following it.
    """

    kind: ClassVar[str] = "register_server_key"
    registered: ClassVar[Output[str]] = Output()

    key: ResourceId
    uri: KeyUri | Ref[KeyUri]
    versionless: bool = False
    pinned: bool = False
    access: Grant | Ref[Grant] | None = None
    exact: bool = False

    def address(self) -> ResourceId | Unknown:
        """Return the server key's id; unknown as long as the key's version is."""
        name = server_key_name(self.key, self.uri, versionless=self.versionless)
        return UNKNOWN if isinstance(name, Unknown) else self.server.child("keys", name)

    def reads_itself(self) -> bool:
        """Read the list instead: another version may do."""
        return False

    def also_reads(self) -> tuple[Read, ...]:
        """Return the server's keys, its protector, and roles and partners of a geo pair."""
        return (server_keys(self.server), Read(protector(self.server)), *self.geo_reads())

    def owns(self) -> Mapping[str, Any]:
        """Return nothing: the address says all."""
        return {}

    def probes(self) -> Ref[Grant] | None:
        """Return the grant that this request tries out."""
        return promised(self.access)

    def decide(self, found: Found) -> Decision:
        """Judge the server's list of keys."""
        body = found.reads.get(Read(protector(self.server))) or {}
        current = Protector.of(body)
        shown = words(self.key, self.uri, pinned=self.pinned)
        if not (self.pinned or self.exact) and current.follows and current.names(self.key):
            return Done(f"the protector follows {shown} by itself")
        name = server_key_name(self.key, self.uri, versionless=self.versionless)
        named = current.words(version=True) if current.is_customer else ""
        listed = {named} | {str(item.get("name")).lower() for item in found.reads.get(server_keys(self.server)) or ()}
        if not isinstance(name, Unknown) and name.lower() in listed:
            return Done(f"{shown} is registered")
        unhealthy, relied_on = self.geo_judged(found)
        if unhealthy is not None:
            return unhealthy
        properties = {"serverKeyType": AZURE_KEY_VAULT, "uri": sent_uri(self.uri, versionless=self.versionless)}
        made = {"name": name, "kind": "azurekeyvault", "properties": properties}
        return Change(
            Request("PUT", self.address(), {"properties": properties}),
            (
                Line("properties.serverKeyType", None, AZURE_KEY_VAULT, reversibility=KEPT),
                Line("name", None, shown, reversibility=KEPT),
                *relied_on,
            ),
            (Effect(self.address(), made),),
            Estimate(usual=30, worst=1800),
            "create",
            f"{shown} is not registered on {self.server.name}",
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Keep:  # noqa: ARG002 - always
        """Keep the server key: backups may need it."""
        return Keep(f"the server key stays on {self.server.name}: {KEPT.why}", codes.sql.SERVER_KEY_KEPT)

    def permissions(self) -> Permissions:
        """Return reading the server and writing its keys."""
        return self.needs("keys/write")
