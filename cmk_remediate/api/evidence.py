"""What a review says of the state in which a target was found: the properties that prove it, each with its value."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.review import Note

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cmk_remediate.model.findings import Evidence

_PLACE = re.compile(r"/subscriptions/[\w./()-]*/", re.IGNORECASE)
"""What comes before the name in a resource's id."""
_ABSENT = "absent"
_SHOWN = 12
"""Sentences; an assessment has them all."""


def proofs(target: ResourceId, evidence: Iterable[Evidence]) -> Iterator[Note]:
    """Yield the note on *target*: what *evidence* has of one property and value is said once, of all resources that have it."""
    alike: dict[tuple[str, str], dict[str, None]] = {}
    for one in evidence:
        alike.setdefault((one.path, _words(one.value)), {})["/".join(ResourceId(one.resource).names)] = None
    said = [_sentence(path, ", ".join(names), value) for (path, value), names in alike.items()]
    more = [f"and {len(said) - _SHOWN} more"] if len(said) > _SHOWN else []
    if said:
        yield Note(code=str(codes.notes.FOUND), scope=target.text, text="; ".join([*said[:_SHOWN], *more]))


def _sentence(path: str, names: str, value: str) -> str:
    return f"{names} does not exist" if (path, value) == ("id", _ABSENT) else f"{path} of {names} is {value}"


def _words(value: Any) -> str:
    if value is None:
        return _ABSENT
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return _PLACE.sub("", text).strip()
