"""Values that are not known yet, as types.

A step class declares what it will produce: ``principal_id = Output[PrincipalId]("properties", "principalId")``. On an instance
that is a ``Ref[PrincipalId]``: a promise another step can hold, and an edge of the graph. Once the producing step is done the
engine binds the promise to the value found in Azure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, NewType, TypeAlias, TypeVar, overload

if TYPE_CHECKING:
    from cmk_remediate.model.step import Step  # noqa: TC004 - a step holds promises, a promise names its step

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

PrincipalId = NewType("PrincipalId", str)
"""Object id of a service principal in Entra."""
ClientId = NewType("ClientId", str)
"""Application id of a managed identity."""
KeyUri = NewType("KeyUri", str)
"""``https://<vault host>/keys/<name>/<version>``, or without the version."""
ServerKeyName = NewType("ServerKeyName", str)
"""Name of a key registered on a SQL server: ``<vault>_<key>_<version>`` or ``<vault>_<key>``."""
Grant = NewType("Grant", str)
"""Says that a principal was given a key, and that the floor of the access wait has passed."""


class Unknown:
    """The one value that stands for "known after apply"; see `UNKNOWN`."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return the words a review prints."""
        return "(known after apply)"


UNKNOWN: Final = Unknown()
"""Stands for a value that only Azure can make. In JSON it is ``{"unknown": true}``."""


@dataclass(frozen=True)
class Ref(Generic[T_co]):
    """A promise of one value of another step's resource.

    Attributes:
        step: the step that produces it.
        path: where it stands in that resource's body; empty for "the step is done".
    """

    step: Step
    path: tuple[str, ...]


Maybe: TypeAlias = T | Ref[T]
"""A value, or the promise of one."""


class Output(Generic[T]):
    """Declares on a step class a value that the step's resource will have.

    Args:
        path: the keys that lead to it in the resource's body.
    """

    def __init__(self, *path: str) -> None:
        """Remember the path."""
        self.path = path

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Output[T]: ...
    @overload
    def __get__(self, instance: Step, owner: type[Any]) -> Ref[T]: ...
    def __get__(self, instance: Step | None, owner: type[Any]) -> Output[T] | Ref[T]:
        """Return the declaration on the class, a promise on an instance."""
        return self if instance is None else Ref(instance, self.path)


def known(value: T | Ref[T]) -> T | Unknown:
    """Return *value*, or `UNKNOWN` while it is still a promise."""
    return UNKNOWN if isinstance(value, Ref) else value


def promised(value: T | Ref[T] | None) -> Ref[T] | None:
    """Return *value* while it is still a promise; None where it is known, or there is none."""
    return value if isinstance(value, Ref) else None


def holds_unknown(value: Any) -> bool:
    """Say whether `UNKNOWN`, or a promise, stands anywhere in the JSON-like *value*."""
    if isinstance(value, (Unknown, Ref)):
        return True
    if isinstance(value, dict):
        return any(holds_unknown(item) for pair in value.items() for item in pair)
    return isinstance(value, (list, tuple)) and any(holds_unknown(item) for item in value)


def to_json(value: Any) -> Any:
    """Return the JSON-like *value* with `UNKNOWN` written as ``{"unknown": true}``."""
    if isinstance(value, (Unknown, Ref)):
        return {"unknown": True}
    if isinstance(value, dict):
        return {str(to_json(key)) if isinstance(key, Unknown) else key: to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    return value


def is_unknown_json(value: Any) -> bool:
    """Say whether *value* is how a review writes `UNKNOWN`."""
    return isinstance(value, dict) and value == {"unknown": True}
