"""What a reviewer should know about a target beside its steps; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.model.json_types import at_path
from cmk_remediate.model.review import Note
from cmk_remediate.services.managed_disks import policies
from cmk_remediate.steps.disks import bodies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.codes.code import Code
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.services.managed_disks.choice import Wish


def of_target(wish: Wish, *, blocked: bool) -> tuple[Note, ...]:
    """Return the notes on one target; on a blocked one only what was found, not what would be done."""
    notes = [*_found(wish)]
    if not blocked and not wish.compliant:
        notes.extend(_changed(wish))
    return tuple(notes)


def _found(wish: Wish) -> Iterator[Note]:
    machine = wish.facts.machine
    yield from _judged(wish)
    if machine is not None and machine.body is not None and bodies.has_temporary_disk(machine.body):
        text = f"a temporary disk of {machine.id.name} would stay on the platform's key, also with encryption at host"
        yield _note(codes.managed_disks.NOT_COVERED, machine.id, text)
    for disk in wish.facts.disks:
        chosen = wish.facts.sets.of(disk)
        body = wish.facts.sets.body_of(chosen) if chosen is not None else None
        if wish.facts.sets.used_by(disk) and at_path(body, "properties.previousKeys"):
            text = f"the set of {disk.id.name} is taking up a new version of its key"
            yield _note(codes.managed_disks.FOLLOWING, disk.id, text)
        if disk.snapshots:
            text = f"snapshots of {disk.id.name} keep the encryption they have: {disk.snapshots}"
            yield _note(codes.managed_disks.SNAPSHOTS_STAY, disk.id, text)


def _judged(wish: Wish) -> Iterator[Note]:
    """Yield what Azure Policy says, and by when somebody must rotate."""
    said = [*policies.verdicts(wish.facts)]
    if said:
        yield _note(codes.managed_disks.POLICY_VERDICT, wish.id, f"Azure Policy {policies.DISKS}: {'; '.join(said)}")
    if wish.deadline:
        yield _note(codes.vault.PINNED_KEY_EXPIRES, wish.id, wish.deadline)


def _changed(wish: Wish) -> Iterator[Note]:
    name = wish.id.name
    if wish.stops:
        text = f"{name} is deallocated, its {len(wish.facts.disks)} disks are changed, and it is started again"
        yield _note(codes.managed_disks.STARTED_AGAIN, wish.id, text)
    text = f"backup or Site Recovery of {name} may block the way back"
    yield _note(codes.managed_disks.BACKUP_MAY_BLOCK, wish.id, text)
    text = (
        f"a snapshot or image made of {name} from now on needs {wish.key.name} in {wish.vault.name}, all its versions"
    )
    yield _note(codes.notes.RESTORE_NEEDS, wish.id, text)


def _note(code: Code, scope: ResourceId, text: str) -> Note:
    return Note(code=str(code), scope=scope.text, text=text)
