"""What a consequence, an event or an action does to the world: values, carried out by `World.apply`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from cmk_remediate.model.ids import ResourceId

Json = dict[str, Any]
"""A JSON object."""


@dataclass(frozen=True)
class SetResource:
    """Keep *body* as the resource *id*, new or changed.

    Attributes:
        id: the resource.
        body: its whole body; id, name and type are filled in where absent.
        hidden: members to merge into the resource's hidden state; a None removes one.
    """

    id: ResourceId
    body: Json
    hidden: Json = field(default_factory=dict)


@dataclass(frozen=True)
class RemoveResource:
    """Forget the resource *id*, and its children and extensions with it."""

    id: ResourceId


@dataclass(frozen=True)
class SetHidden:
    """Merge *values* into the hidden state of *id*, which no answer shows; a None removes a member.

    The resource need not exist: hidden state may stand for what Azure keeps of a deleted one.
    """

    id: ResourceId
    values: Json


@dataclass(frozen=True)
class SetPrincipal:
    """Keep a service principal, or remove it (*data* None).

    Attributes:
        object_id: its object id.
        data: ``{"kind": "ServicePrincipal" | "User" | "Group", "clientId", "tenantId", "name", "resource"}``; the engine adds
            ``created``. ``visibleAt`` (ISO 8601) may delay the moment the directory knows it.
    """

    object_id: str
    data: Json | None


@dataclass(frozen=True)
class Schedule:
    """Run the event *event* after *seconds*.

    Attributes:
        seconds: how long from now.
        event: the name of an `Event` that some provider declares.
        data: what the event gets; JSON.
        replaces: a name; an earlier timer of that name is forgotten first. Empty for none.
    """

    seconds: float
    event: str
    data: Json = field(default_factory=dict)
    replaces: str = ""


@dataclass(frozen=True)
class Cancel:
    """Forget the timer that was scheduled with ``replaces=name``."""

    name: str


@dataclass(frozen=True)
class Say:
    """Add a sentence to what `advance` reports happened."""

    sentence: str


@dataclass(frozen=True)
class Begin:
    """Start an operation that no request asked for (a rotation that happens by itself), so that `World.running` shows it.

    Attributes:
        id: the resource that is busy.
        name: what kind of operation.
        seconds: how long.
    """

    id: ResourceId
    name: str
    seconds: float


Change = SetResource | RemoveResource | SetHidden | SetPrincipal | Schedule | Cancel | Say | Begin
"""What a consequence, an event or an action does to the world."""

Changes = Iterable[Change]
