"""What a review says of a vault that is to be restricted: how far its other users were searched for, and where they were not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.model.decisions import Change
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path, leaves
from cmk_remediate.model.review import Note
from cmk_remediate.steps import RestrictVault, reads

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cmk_remediate.engine.project import Projected
    from cmk_remediate.model.outcomes import Reader

_READABLE = "resourcecontainers | where type =~ 'microsoft.resources/subscriptions' | project id | order by id asc"
_SUBSCRIPTION = re.compile(r"/subscriptions/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def restriction_notes(reader: Reader, projected: Mapping[str, Projected]) -> tuple[Note, ...]:
    """Return, for each vault that *projected* would restrict, what the search for its users cannot show; reads once a vault.

    Resource Graph leaves out what the caller may not read, without a word. So the subscriptions that the review knows of,
    its own and those of the vault's private endpoints and network rules, are held against those the caller may read.
    """
    found: list[Note] = []
    own = {item.node.step.address() for item in projected.values()}
    for item in projected.values():
        if not isinstance(item.step, RestrictVault) or not isinstance(item.decision, Change):
            continue
        vault = item.step.vault
        rows = (await reader.read(reads.search(vault, _READABLE))).body
        if not isinstance(rows, list):
            why = f"which subscriptions were searched could not be listed: {reads.why_not_searched(rows)}"
            found.append(_unseen(vault, why))
            continue
        readable = {str(at_path(row, "id")).lower() for row in rows}
        known = {address.subscription_id.key for address in own if isinstance(address, ResourceId)}
        found.append(_unseen(vault, f"{_counted(readable)} searched"))
        for subscription in sorted((known | set(_named_in(item.found.body))) - readable):
            text = f"{subscription.removeprefix('/')} was not searched for what names {vault.name}"
            found.append(Note(code=str(codes.notes.SUBSCRIPTION_NOT_SEARCHED), scope=vault.text, text=text))
    return tuple(found)


def _unseen(vault: ResourceId, how_far: str) -> Note:
    text = f"resources that name {vault.name}: {how_far}; Resource Graph lags, and shows no child resources and no app settings"
    return Note(code=str(codes.notes.OTHER_USERS_UNSEEN), scope=vault.text, text=text)


def _counted(readable: Iterable[str]) -> str:
    number = len(list(readable))
    return "1 subscription" if number == 1 else f"{number} subscriptions"


def _named_in(body: Mapping[str, object] | None) -> Iterator[str]:
    """Yield the subscriptions of all resource ids anywhere in *body*."""
    for _, value in leaves(body or {}):
        yield from _SUBSCRIPTION.findall(str(value).lower())
