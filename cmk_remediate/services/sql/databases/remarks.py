"""What a reviewer should know about a database beside its steps; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.model.review import Note
from cmk_remediate.services.protectors import per_vault

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cmk_remediate.codes.code import Code
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.services.sql.databases.facts import ReplicaFacts
    from cmk_remediate.services.sql.databases.target import Target

_TEXTS = {
    "long-term-retention": (codes.sql_databases.LONG_TERM_RETENTION, "keeps backups for the long term"),
    "hyperscale": (codes.sql_databases.HYPERSCALE, "is Hyperscale"),
}


def of_target(target: Target, *, blocked: bool) -> tuple[Note, ...]:
    """Return the notes on one target; on a blocked one only what was found, not what would be done."""
    notes = [note for replica in target.replicas for note in _found(target, replica)]
    if not blocked:
        notes.extend(_pinned(target))
        if not target.compliant:
            notes.extend(_together(target))
            notes.extend(note for one in target.replicas for note in _changed(target, one))
    return tuple(notes)


def on_vaults(found: Sequence[Target]) -> list[tuple[ResourceId, Note]]:
    """Return a note for the first target of each vault that would serve more databases than Azure advises, with its id."""
    first = {target.vault: target.id for target in reversed(found)}
    crowded = per_vault.crowded((target.vault, one.tier) for target in found for one in target.replicas)
    return [(first[vault], _note(codes.sql.DATABASES_PER_VAULT, vault, text)) for vault, text in crowded]


def _found(target: Target, replica: ReplicaFacts) -> Iterator[Note]:
    here, name = replica.id, f"the database {replica.id.name} of {replica.id.top_level.name}"
    if replica.protector is not None:
        own = replica.own.words or "none"
        text = f"{name} has as a key of its own: {own}; its server: {replica.shown.words()}"
        yield _note(codes.sql_databases.SERVER_STATE, here, text)
    if replica.body is not None and replica.tde is None:
        yield _note(codes.sql.TDE_UNREADABLE, here, f"the encryption state of {name} was not shown")
    elif not replica.is_encrypted and not target.wishes.enable_tde:
        yield _note(codes.sql.TDE_OFF, here, f"{name} is not encrypted")


def _pinned(target: Target) -> Iterator[Note]:
    """Yield by when somebody must rotate a pinned key."""
    for replica in target.replicas:
        text = target.deadline(replica)
        if text:
            yield _note(codes.vault.PINNED_KEY_EXPIRES, target.id, text)


def _together(target: Target) -> Iterator[Note]:
    if len(target.replicas) > 1:
        servers = ", ".join(replica.id.top_level.name for replica in target.replicas)
        yield _note(codes.sql_databases.REPLICAS_INCLUDED, target.id, f"moved together; keys in this order: {servers}")


def _changed(target: Target, replica: ReplicaFacts) -> Iterator[Note]:
    if target.uses_wanted(replica):
        return
    here, name = replica.id, f"the database {replica.id.name} of {replica.id.top_level.name}"
    choice = replica.choice(target.wishes)
    if choice.how == "keeps" and choice.identity is not None and choice.identity != target.wishes.identity_id(here):
        text = f"{name} keeps its identity {choice.identity.name}: that one gets the grant"
        yield _note(codes.notes.IDENTITY_KEPT_BY_RESOURCE, here, text)
    carried = sorted({one.named.words for one in replica.held} - set(target.left_out(replica)))
    if carried:
        yield _note(codes.sql_databases.HELD_KEYS, here, f"{name} takes its server's keys along: {', '.join(carried)}")
    for one in target.left_out(replica):
        yield _note(codes.sql_databases.HELD_KEY_LEFT_OUT, here, f"{name} does not take along {one}")
    if replica.own.uri:
        yield _note(codes.sql_databases.ROTATION_HELD_UP, here, f"{name} leaves {replica.own.words}")
    for one in replica.unconfirmed:
        code, text = _TEXTS[one]
        yield _note(code, here, f"{name} {text}")
    if replica.own.status.lower() == "paused":
        yield _note(codes.sql_databases.DATABASE_PAUSED, here, f"{name} is resumed")
    yield _note(codes.sql_databases.RENAME, here, f"{name} cannot simply be renamed afterwards")
    text = f"{name} restored from now on needs {target.key.name} in {target.vault.name}, all its versions, and its identity"
    yield _note(codes.notes.RESTORE_NEEDS, here, text)


def _note(code: Code, scope: ResourceId, text: str) -> Note:
    return Note(code=str(code), scope=scope.text, text=text)
