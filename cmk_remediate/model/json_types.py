"""JSON as this project handles it: canonical text, digests, merge patches, paths."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

Json: TypeAlias = Any
"""Any JSON value; numbers are integers in everything we digest."""
JsonObject: TypeAlias = Mapping[str, Any]


def canonical(value: Json) -> bytes:
    """Return *value* as RFC 8785 JSON.

    Our documents hold no floats, and all their keys are ASCII, so sorting by code point is RFC 8785's order.

    Raises:
        ValueError: when *value* holds a float.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    json.loads(text, parse_float=_refuse_float)  # reading it back finds a float faster than looking for one does
    return text.encode()


def digest(value: Json) -> str:
    """Return the SHA-256 of *value*'s canonical text, in hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


def once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Return the object of *pairs*, for ``json.loads(..., object_pairs_hook=once)``: of two members of a name one would be lost.

    Raises:
        ValueError: when a member stands twice.
    """
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        message = f"{next(name for name in names if names.count(name) > 1)[:40]!r} stands twice in an object"
        raise ValueError(message)
    return found


def merge_patch(target: Json, patch: Json) -> Json:
    """Return *target* with *patch* laid over it (RFC 7396); neither is changed."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def at_path(body: Json, path: str | tuple[str, ...], default: Json = None) -> Json:
    """Return what stands at the dotted *path* in *body*, or *default*.

    A tuple path is taken as it is, for keys that hold dots themselves.
    """
    found = body
    for key in path.split(".") if isinstance(path, str) else path:
        if not isinstance(found, Mapping) or key not in found:
            return default
        found = found[key]
    return found


def leaves(body: Json, prefix: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Json]]:
    """Yield each value in *body* that is not a non-empty object, with its path."""
    if isinstance(body, Mapping) and body:
        for key in sorted(body):
            yield from leaves(body[key], (*prefix, key))
    else:
        yield prefix, body


def _refuse_float(text: str) -> None:
    message = f"a float ({text}) in a document that is digested"
    raise ValueError(message)
