"""What a step is about, in a reviewer's words: a key, an identity, a role assignment, a vault, a server key, a protector."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cmk_remediate.errors import InputError
from cmk_remediate.model.ids import ResourceId

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cmk_remediate.model.review import ReviewedStep
    from cmk_remediate.report.names import Names

UNNAMED = "(known after apply)"


@dataclass(frozen=True)
class Thing:
    """What a step is about.

    Attributes:
        text: such as ``key cmk-orders in kv-orders``; no other step of the review that writes something else reads the same.
        brief: as short as one target's own steps allow, such as ``key cmk-orders``.
        names: a sentence that holds all of these needs neither beside it.
    """

    text: str
    brief: str
    names: tuple[str, ...]


class Things:
    """Words for the steps of one review."""

    def __init__(self, steps: Mapping[str, ReviewedStep], names: Names) -> None:
        """Look at *steps*, by id; *names* shortens resource ids."""
        self._steps = steps
        self._names = names

    def __call__(self, step: ReviewedStep) -> Thing:
        """Return what *step* is about; its kind and its resource's name where this version knows no better words."""
        how, word = WORDS.get(step.kind, (None, ""))
        found = how(self, step, word) if how is not None else None
        if found is None:
            name = self._names(step.resource_id) if step.resource_id else UNNAMED
            text = f"{step.kind} {name}"
            found = Thing(text, text, (name,))
        return found

    def key(self, step: ReviewedStep, word: str) -> Thing | None:
        """Return a key, or something of one."""
        found = self._at(step, "key") or parsed(step.resource_id)
        return None if found is None else Thing(f"{word} {self._key(found)}", f"{word} {found.name}", (found.name,))

    def top(self, step: ReviewedStep, word: str) -> Thing | None:
        """Return a vault, a server or an identity, or something of one."""
        found = next((one for one in (self._at(step, "server"), self._at(step, "vault")) if one), None)
        found = found or parsed(step.resource_id)
        if found is None:
            return None
        name = self._names(found.top_level.text)
        return Thing(f"{word} {name}", f"{word} {name}", (name,))

    def own(self, step: ReviewedStep, word: str) -> Thing | None:
        """Return the step's own resource."""
        found = parsed(step.resource_id)
        if found is None:
            return None
        name = self._names(found.text)
        return Thing(f"{word} {name}", f"{word} {name}", (found.name,))

    def identity_on_server(self, step: ReviewedStep, word: str) -> Thing | None:
        """Return an identity as one of a server's."""
        server, identity = self._at(step, "server"), self._at(step, "identity")
        if server is None or identity is None:
            return self.top(step, "system-assigned identity of")
        text = f"{word} {self._names(identity.text)} on {self._names(server.text)}"
        return Thing(text, text, (identity.name, server.name))

    def server_key(self, step: ReviewedStep, word: str) -> Thing | None:
        """Return a key as registered on a server; by its own name where that is known."""
        server, key = self._at(step, "server"), self._at(step, "key")
        if server is None:
            return None
        host = self._names(server.text)
        own = parsed(step.resource_id)
        what = own.name if own is not None else f"for {self._key(key)}" if key is not None else UNNAMED
        return Thing(f"{word} {what} on {host}", f"{word} on {host}", (word, server.name))

    def grant(self, step: ReviewedStep, word: str) -> Thing | None:
        """Return what somebody may do with a key, or with a vault's keys."""
        place, who = self._at(step, "scope") or self._at(step, "vault"), self._who(step)
        if place is None or not who:
            return None
        return Thing(f"{word} {who} {self._to(step, place)}", f"{word} {who}", (who,))

    def database(self, step: ReviewedStep, word: str) -> Thing | None:
        """Return something of a database."""
        server, name = self._at(step, "server"), step.params.get("database")
        if server is None or not isinstance(name, str):
            return None
        text = f"{word} {name} of {self._names(server.text)}"
        return Thing(text, text, (name, server.name))

    def trial(self, step: ReviewedStep, word: str) -> Thing | None:
        """Return a key that a resource tries."""
        instance, key = self._at(step, "instance"), self._at(step, "key")
        if instance is None or key is None:
            return None
        text = f"{word} {self._key(key)} by {self._names(instance.text)}"
        return Thing(text, f"{word} {key.name}", (key.name, instance.name))

    def of_server(self, step: ReviewedStep, word: str) -> Thing | None:
        """Return the step's own resource, which hangs below a server."""
        found = parsed(step.resource_id)
        if found is None:
            return None
        text = f"{word} {found.name} of {self._names(found.top_level.text)}"
        return Thing(text, text, (found.name, found.top_level.name))

    def _to(self, step: ReviewedStep, place: ResourceId) -> str:
        preposition = "to" if step.kind == "wait_for_access" else "on"
        return f"{preposition} {self._key(place) if place.parent else self._names(place.text)}"

    def _key(self, key: ResourceId) -> str:
        return f"{key.name} in {self._names(key.top_level.text)}" if key.parent else self._names(key.text)

    def _at(self, step: ReviewedStep, field: str) -> ResourceId | None:
        return parsed(self._resolved(step.params.get(field)))

    def _resolved(self, value: Any) -> Any:
        """Return *value*, or the resource of the step that it is a promise of."""
        if isinstance(value, dict) and isinstance(value.get("ref"), str):
            promised = self._steps.get(value["ref"])
            return promised.resource_id if promised else None
        return value

    def _who(self, step: ReviewedStep) -> str:
        asked = step.params.get("principal_id", step.params.get("object_id"))
        found = parsed(self._resolved(step.params.get("identity"))) or parsed(self._resolved(asked))
        found = found or self._identities.get(str(asked))
        return self._names(found.text) if found is not None else asked if isinstance(asked, str) else ""

    @cached_property
    def _identities(self) -> dict[str, ResourceId]:
        """The identity behind each principal that a step names together with it."""
        found = {}
        for step in self._steps.values():
            identity, principal = self._at(step, "identity"), step.params.get("principal_id")
            if identity is not None and principal is not None:
                found[str(principal)] = identity
        return found


def parsed(text: Any) -> ResourceId | None:
    """Return the resource id *text*; None where it is none."""
    try:
        return ResourceId.parse(text) if isinstance(text, str) else None
    except InputError:
        return None


WORDS: Mapping[str, tuple[Callable[[Things, ReviewedStep, str], Thing | None], str]] = MappingProxyType(
    {
        "add_access_policy": (Things.grant, "access policy for"),
        "add_database_keys": (Things.of_server, "identity and keys of database"),
        "assign_key_role": (Things.grant, "role assignment for"),
        "assign_reader": (Things.grant, "Reader for"),
        "attach_account_identity": (Things.own, "identities of account"),
        "attach_ai_identity": (Things.own, "identities of"),
        "attach_identity": (Things.identity_on_server, "identity"),
        "create_disk_encryption_set": (Things.own, "disk encryption set"),
        "create_identity": (Things.top, "identity"),
        "create_key": (Things.key, "key"),
        "deallocate_machine": (Things.own, "machine"),
        "enable_account_identity": (Things.own, "system-assigned identity of storage account"),
        "enable_tde": (Things.database, "encryption of database"),
        "encrypt_disk": (Things.own, "encryption of disk"),
        "find_key": (Things.key, "key"),
        "prove_access": (Things.trial, "trial of"),
        "protect_vault": (Things.top, "vault"),
        "rebuild_cluster": (Things.own, "cluster"),
        "register_server_key": (Things.server_key, "server key"),
        "remove_access_policy": (Things.grant, "access policy for"),
        "remove_role": (Things.grant, "role assignment for"),
        "restore_ai_encryption": (Things.own, "encryption of"),
        "restore_cluster_key": (Things.own, "key of cluster"),
        "replace_account_identity": (Things.own, "identity of storage account"),
        "restore_database_key": (Things.of_server, "key of database"),
        "restore_disk": (Things.own, "encryption of disk"),
        "restore_protector": (Things.top, "protector of"),
        "restore_storage_key": (Things.own, "key of storage account"),
        "restrict_vault": (Things.top, "vault"),
        "set_account_key": (Things.own, "key of account"),
        "set_ai_key": (Things.own, "encryption of"),
        "set_cluster_key": (Things.own, "key of cluster"),
        "set_encryption_scope_key": (Things.own, "encryption scope"),
        "set_default_identity": (Things.own, "default identity of account"),
        "set_database_protector": (Things.of_server, "key of database"),
        "set_primary_identity": (Things.top, "primary identity of"),
        "set_protector": (Things.top, "protector of"),
        "set_rotation_policy": (Things.key, "rotation policy of key"),
        "set_storage_key": (Things.own, "key of storage account"),
        "start_machine": (Things.own, "machine"),
        "switch_in_one_patch": (Things.top, "identity and protector of"),
        "wait_for_access": (Things.grant, "access of"),
    }
)
"""For each kind of step how to word what it is about, and the word."""
