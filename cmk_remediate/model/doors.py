"""What each name to be accepted means: one sentence a kind, for reviews and for the page on safety (docs/safety.md)."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Door:
    """A kind of acceptance.

    Attributes:
        names: what follows the kind and a colon, as a page shows it: ``<vault>``.
        meaning: what is accepted, as the end of a sentence.
    """

    names: tuple[str, ...]
    meaning: str


DOORS: Mapping[str, Door] = MappingProxyType(
    {
        "purge-protection": Door(("<vault>",), "purge protection can never be turned off again"),
        "soft-delete": Door(("<vault>",), "soft delete can never be turned off again"),
        "retention": Door(("<vault>:<days>",), "the retention days are final"),
        "vault-bypass": Door(("<vault>",), "trusted services get past a firewall somebody closed"),
        "vault-firewall": Door(("<vault>",), "callers that are not on the firewall's list lose the vault"),
        "permission-model": Door(("<vault>",), "every access policy of the vault is void at once"),
        "previous-key": Door(
            ("<resource>",), "the key the server or account uses now cannot be selected again: no way back to it"
        ),
        "outage": Door(
            (
                "<machine>",
                "<cluster>",
            ),
            "a machine is deallocated, and started again; a Redis cluster is disrupted",
        ),
        "vm-capacity": Door(("<machine>",), "its region may have no room when it is started again"),
        "temp-disk": Door(("<machine>",), "what is on its temporary disk is lost"),
        "data-loss": Door(
            ("<cluster>",),
            "a Redis cluster is not replicated, or a database of it is not on disk: what it holds may be lost",
        ),
        "dynamic-ip": Door(("<machine>",), "its public address changes"),
        "incremental-snapshots": Door(
            ("<disk>",), "a disk with incremental snapshots does not return to the platform's key"
        ),
        "previous-set": Door(("<disk>",), "the encryption set the disk uses now was not checked: no way back to it"),
        "one-way": Door(("<resource>",), "a policy denies the request that would undo the change"),
        "database-key": Door(
            ("<database>",), "a database leaves its server's customer key for one of its own, for good"
        ),
        "cosmos-cmk": Door(("<account>",), "an account goes on a customer-managed key, for good"),
        "large-ids": Door(
            ("<account>",),
            "nobody can see from here whether documents have ids over 990 bytes, which stop the encryption",
        ),
        "change-feed-unread": Door(
            ("<account>",), "whether the full-fidelity change feed, which excludes the key, is on was not shown"
        ),
        "materialized-views-unread": Door(
            ("<account>",), "whether materialized views, which exclude the key, are on was not shown"
        ),
        "foundry-cmk": Door(("<account>",), "a Foundry resource goes on a customer-managed key, for good"),
        "way-back-unconfirmed": Door(
            ("<account>",), "that this kind of AI services account goes back to platform keys is not confirmed"
        ),
        "user-assigned-unconfirmed": Door(
            ("<account>",), "that this kind reads its key with a user-assigned identity is not confirmed"
        ),
        "kind-unconfirmed": Door(("<account>",), "that this kind takes a customer-managed key is not confirmed"),
        "tier-unconfirmed": Door(
            ("<account>",), "that this kind takes a customer-managed key in its pricing tier is not confirmed"
        ),
        "roles-unconfirmed": Door(
            ("<account>",), "that Azure OpenAI takes a key from a vault on roles is not confirmed"
        ),
        "server-identity": Door(("<server>",), "the server looks up Entra users with another identity"),
        "expiring-pinned-key": Door(
            ("<resource>",),
            "the pinned version expires: by the day in the review somebody must rotate the key and pin the new version",
        ),
        "long-term-retention": Door(
            ("<database>",), "Azure's sources disagree on whether such a database takes a key of its own"
        ),
        "hyperscale": Door(("<database>",), "the same of a Hyperscale database"),
        "bypass-unconfirmed": Door(
            ("<vault>",), "that trusted services reach the vault is not confirmed for this cloud or service"
        ),
    }
)
"""Every kind by the word before the colon, in the order of the page."""


def meaning(name: str) -> str:
    """Return what accepting *name* (``kind:name`` or ``kind:name:suffix``) means; empty for a kind of another version."""
    door = DOORS.get(name.partition(":")[0])
    return door.meaning if door else ""
