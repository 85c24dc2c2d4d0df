"""Merging JSON bodies, and reading and writing them by dotted path."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cmk_remediate.simulator.declare import Json


def merge_patch(target: Any, patch: Any) -> Any:
    """Return *target* with *patch* merged into it as RFC 7396 says; neither is changed."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


def patch_of(old: Json, new: Json) -> Json:
    """Return the merge patch (RFC 7396) that makes *new* of *old*; a null in *new* counts as not there."""
    patch: Json = {name: None for name in old if new.get(name) is None}
    for name, value in new.items():
        before = old.get(name)
        if isinstance(value, dict) and isinstance(before, dict):
            inner = patch_of(before, value)
            if inner:
                patch[name] = inner
        elif value != before and value is not None:
            patch[name] = value
    return patch


def below(defaults: Json, body: Json) -> Json:
    """Return *body* with what it lacks taken from *defaults*, objects merged; a null in *body* stays."""
    merged = copy.deepcopy(defaults)
    for name, value in body.items():
        inner = merged.get(name)
        merged[name] = below(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return merged


def lookup(body: Any, path: str, default: Any = None) -> Any:
    """Return what stands at the dotted *path*."""
    for name in path.split("."):
        if not isinstance(body, dict) or name not in body:
            return default
        body = body[name]
    return body


def with_value(body: Json, path: str, value: Any) -> Json:
    """Return *body* with *value* at the dotted *path*; objects on the way are made."""
    head, _, rest = path.partition(".")
    if not rest:
        return {**body, head: value}
    inner = body.get(head)
    return {**body, head: with_value(inner if isinstance(inner, dict) else {}, rest, value)}


def without(body: Json, paths: Iterable[str]) -> Json:
    """Return *body* less what stands at *paths*; ``*`` stands for any one member."""
    for path in paths:
        body = _without(body, path.split("."))
    return body


def _without(body: Json, path: list[str]) -> Json:
    head, rest = path[0], path[1:]
    names = list(body) if head == "*" else [head] if head in body else []
    if not names:
        return body
    if not rest:
        return {name: value for name, value in body.items() if name not in names}
    changed = {name: _without(body[name], rest) for name in names if isinstance(body[name], dict)}
    return {**body, **changed} if changed else body


def carried(old: Json, new: Json, paths: Iterable[str], *, override: bool) -> Json:
    """Return *new* with what *old* has at *paths* put in: always (*override*), or where *new* has nothing there."""
    for path in paths:
        new = _carried(old, new, path.split("."), override=override)
    return new


def _carried(old: Json, new: Json, path: list[str], *, override: bool) -> Json:
    head, rest = path[0], path[1:]
    names = [name for name in old if name in new] if head == "*" and rest else list(old) if head == "*" else [head]
    for name in names:
        if name not in old:
            continue
        if not rest:
            if override or name not in new:
                new = {**new, name: old[name]}
        elif isinstance(old[name], dict) and isinstance(new.get(name, {}), dict):
            inner = _carried(old[name], new.get(name, {}), rest, override=override)
            if inner:
                new = {**new, name: inner}
    return new


def canonical_keys(old: Json, sent: Json) -> Json:
    """Return *sent* with its names spelled as *old* spells them where they differ in casing only."""
    spelled = {name.lower(): name for name in old}
    return {spelled.get(name.lower(), name): value for name, value in sent.items()}
