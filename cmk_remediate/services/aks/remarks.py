"""What a reviewer should know about a cluster beside its steps; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.model.json_types import at_path
from cmk_remediate.model.review import Note
from cmk_remediate.services.aks import cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.codes.code import Code
    from cmk_remediate.services.aks.choice import Wish
    from cmk_remediate.services.aks.pack.green import Green

_SHOWN = 3


def of_target(wish: Wish, *, blocked: bool) -> tuple[Note, ...]:
    """Return the notes on one target; on a blocked one only what was found, not what would be done."""
    notes = [*_found(wish)]
    if not blocked and not wish.right:
        notes.extend(_rebuilt(wish))
    return tuple(notes)


def of_pack(wish: Wish, made: Green) -> Iterator[Note]:
    """Yield the note on what the rebuild pack cannot carry over."""
    if made.left_out:
        paths = ", ".join(path for path, _ in made.left_out[:_SHOWN])
        more = f" and {len(made.left_out) - _SHOWN} more" if len(made.left_out) > _SHOWN else ""
        yield _note(codes.aks.LEFT_OUT, wish, f"the template of {made.body['name']} leaves out {paths}{more}")


def _found(wish: Wish) -> Iterator[Note]:
    yield from _verdict(wish)
    if wish.deadline:
        yield _note(codes.vault.PINNED_KEY_EXPIRES, wish, wish.deadline)
    body, name = wish.facts.old.body, wish.id.name
    if cluster.is_service_principal(body):
        client = at_path(body, "properties.servicePrincipalProfile.clientId")
        yield _note(codes.aks.SERVICE_PRINCIPAL, wish, f"servicePrincipalProfile.clientId of {name} is {client}")
    if wish.replaced and body is not None:
        text = f"{wish.judged.id.name} is right, and {name}, which it replaces, still exists"
        yield _note(codes.aks.OLD_CLUSTER, wish, text)
        return
    for _, why in wish.left:
        yield _note(codes.aks.VOLUME_LEFT, wish, why)


def _verdict(wish: Wish) -> Iterator[Note]:
    """Yield what Azure Policy says of each of the clusters, by the same property as its definition."""
    for one in dict.fromkeys((wish.facts.old.id, wish.facts.new.id)):
        body = wish.facts.old.body if one == wish.id else wish.facts.new.body
        if body is not None:
            current = cluster.encryption_set(body)
            verdict = "compliant" if current else "non-compliant"
            shown = current.name if current else "absent"
            text = f"Azure Policy {cluster.POLICY} calls {one.name} {verdict}: {cluster.SET_PATH} is {shown}"
            yield _note(codes.aks.POLICY_VERDICT, wish, text)


def _rebuilt(wish: Wish) -> Iterator[Note]:
    name = wish.id.name
    text = (
        f"volumes of {name} outside {wish.facts.old.nodes.name if wish.facts.old.nodes else 'its nodes'} are not seen"
    )
    yield _note(codes.aks.STATIC_VOLUMES, wish, text)
    if not wish.in_place and wish.facts.new.body is not None:
        yield _note(codes.aks.NEW_EXISTS, wish, f"{wish.facts.new.id.name} is there already, and not right yet")
    if any(str(one.get("osDiskType") or "").lower() == "ephemeral" for one in cluster.pools(wish.facts.old.body)):
        yield _note(codes.aks.EPHEMERAL, wish, f"{name} has nodes with ephemeral OS disks")
    if any(one.snapshots for one in wish.moving):
        count = sum(one.snapshots for one in wish.moving)
        text = f"snapshots of volumes of {name} keep the encryption they have: {count}"
        yield _note(codes.managed_disks.SNAPSHOTS_STAY, wish, text)
    text = f"a snapshot of a volume of {name} made from now on needs {wish.key.name} in {wish.key.top_level.name}, all its versions"
    yield _note(codes.notes.RESTORE_NEEDS, wish, text)


def _note(code: Code, wish: Wish, text: str) -> Note:
    return Note(code=str(code), scope=wish.id.text, text=text)
