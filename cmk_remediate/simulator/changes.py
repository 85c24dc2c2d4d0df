"""Changes as JSON, for those that wait for an operation's end."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator.declare import (
    Begin,
    Cancel,
    Change,
    Json,
    RemoveResource,
    Say,
    Schedule,
    SetHidden,
    SetPrincipal,
    SetResource,
)

_KINDS: dict[str, type[Any]] = {
    one.__name__: one for one in (SetResource, RemoveResource, SetHidden, SetPrincipal, Schedule, Cancel, Say, Begin)
}


def encoded(change: Change) -> Json:
    """Return *change* as JSON."""
    values = {one.name: getattr(change, one.name) for one in fields(change)}
    return {
        "kind": type(change).__name__,
        **{name: str(value) if isinstance(value, ResourceId) else value for name, value in values.items()},
    }


def decoded(data: Json) -> Change:
    """Return the change that `encoded` wrote."""
    kind = _KINDS[data["kind"]]
    values = {
        name: ResourceId(value) if name == "id" else value for name, value in data.items() if name != "kind"
    }  # fmt: skip
    made: Change = kind(**values)
    return made
