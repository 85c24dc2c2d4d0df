"""Steps as JSON and back, so that a saved review can be applied by another process."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from cmk_remediate import codes
from cmk_remediate.errors import ReviewError
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject, digest
from cmk_remediate.model.values import Output, Ref

if typing.TYPE_CHECKING:
    from cmk_remediate.model.step import Step


class Registry:
    """Step classes by their kind; explicit, and loud about duplicates."""

    def __init__(self, *classes: type[Step]) -> None:
        """Hold *classes*."""
        self._by_kind: dict[str, type[Step]] = {}
        for cls in classes:
            if self._by_kind.setdefault(cls.kind, cls) is not cls:
                message = f"two step classes are called {cls.kind!r}"
                raise ValueError(message)

    def __or__(self, other: Registry) -> Registry:
        """Return a registry of both."""
        return Registry(
            *self._by_kind.values(), *(cls for cls in other._by_kind.values() if cls not in self._by_kind.values())
        )

    def step_class(self, kind: str) -> type[Step]:
        """Return the class called *kind*.

        Raises:
            ReviewError: CMK112 when this version has none.
        """
        try:
            return self._by_kind[kind]
        except KeyError:
            raise ReviewError(codes.input_.REVIEW_FOREIGN, f"this version knows no step {kind!r}") from None


def node_id(step: Step) -> str:
    """Return the id of *step*'s node: its kind and a hash over its fields with promises unresolved.

    Fields declared ``compare=False`` (the ownership tags) are left out, so the id is the same in review, journal and resume.
    """
    cached = step.__dict__.get("_node_id")
    if cached is None:
        cached = f"{step.kind}.{digest(encode(step, identity_only=True))[:16]}"
        step.__dict__["_node_id"] = cached
    return str(cached)


def encode(step: Step, *, identity_only: bool = False) -> dict[str, Any]:
    """Return the fields of *step* as JSON; a promise becomes ``{"ref": node id, "path": [...]}``."""
    return {
        field.name: _encode(getattr(step, field.name), identity_only=identity_only)
        for field in dataclasses.fields(step)
        if field.compare or not identity_only
    }


def _encode(value: Any, *, identity_only: bool) -> Any:
    if isinstance(value, Ref):
        return {"ref": node_id(value.step), "path": list(value.path)}
    if isinstance(value, ResourceId):
        return value.key if identity_only else value.text
    if isinstance(value, tuple):
        return [_encode(item, identity_only=identity_only) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: _encode(getattr(value, field.name), identity_only=identity_only)
            for field in dataclasses.fields(value)
        }
    return value


def decode(cls: type[Step], params: JsonObject, step_of: Callable[[str], Step]) -> Step:
    """Return the step of class *cls* with the fields *params*; *step_of* gives the producer of a promise by its node id.

    Raises:
        ReviewError: CMK116 when the fields do not fit the class.
    """
    try:
        hints = _hints(cls)
        values = {name: _decode(hints[name], value, step_of) for name, value in params.items()}
        return cls(**values)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ReviewError(
            codes.input_.REVIEW_UNREADABLE, f"step {cls.kind!r} has unreadable fields: {error}"
        ) from error


@cache
def _hints(cls: type[Any]) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _promise(step: Step, path: tuple[Any, ...]) -> Ref[Any]:
    """Return the promise of what *step* declares at *path*: any other would never be kept, and waited for without end."""
    declared = {output.path for name in dir(type(step)) if isinstance(output := getattr(type(step), name), Output)}
    if path not in declared:
        raise ValueError(f"{step.kind} makes nothing at {'.'.join(map(str, path))!r}")
    return Ref(step, path)


def _decode(hint: Any, value: Any, step_of: Callable[[str], Step]) -> Any:
    if isinstance(value, Mapping) and set(value) == {"ref", "path"}:
        return _promise(step_of(value["ref"]), tuple(value["path"]))
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None:
            return None
        options = [item for item in arguments if item is not type(None) and typing.get_origin(item) is not Ref]
        return _decode(options[0], value, step_of)
    if origin is tuple:
        return tuple(_decode(arguments[0] if arguments else Any, item, step_of) for item in value)
    if hint is ResourceId:
        if not isinstance(value, str):
            raise TypeError(f"{value!r} is no resource id")
        return ResourceId.parse(value)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        hints = _hints(hint)
        return hint(**{name: _decode(hints[name], item, step_of) for name, item in value.items()})
    return value
