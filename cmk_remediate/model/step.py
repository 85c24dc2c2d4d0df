"""The step contract.

A step does no I/O. It owns some properties of one resource, judges what is found there, and words the one request that is
missing. Reading, sending, waiting, pacing and journaling happen once, in the engine and the connection.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from cmk_remediate.model.decisions import Decision, Found, Keep, OneWay, Read
from cmk_remediate.model.values import Grant, Ref, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.permissions import Permissions

S = TypeVar("S", bound="Step")


@dataclasses.dataclass(frozen=True)
class Step(ABC):
    """A frozen value; its fields are JSON values, resource ids, tuples, frozen dataclasses of these, and promises."""

    kind: ClassVar[str]
    """Stable tag, stored in reviews and journals."""

    only_follows: ClassVar[bool] = False
    """It needs other steps for the sake of order alone, as protecting a vault comes after the grant: what it leaves behind does
    not stand on them. So it holds nothing up when a rollback keeps it, and does not count as their user."""

    runs_for_the_rest: ClassVar[bool] = False
    """Where a target is refused before the run, or fails in it, what it needs of that target does not count: protecting a vault is
    right for those that are left. Else it does not run: a vault is restricted after every switch or not at all."""

    sets_key: ClassVar[bool] = False
    """It says on which key its resource is: where a rollback keeps it, the resource stays on the plan's key."""

    @abstractmethod
    def address(self) -> ResourceId | Unknown:
        """Return the resource whose properties this step owns."""

    @abstractmethod
    def decide(self, found: Found) -> Decision:
        """Judge what is found; pure, and the only judge."""

    @abstractmethod
    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Undo:
        """Return what restores *before*, or why nothing does.

        Args:
            before: the resource's raw body before this step's write; None if there was none.
            after: the raw body after it.
            used: whether anything that stands on this step was ever sent.
        """

    @abstractmethod
    def permissions(self) -> Permissions:
        """Return the control- and data-plane actions it needs, with their scopes."""

    def owns(self) -> Mapping[str, Any]:
        """Return the properties this step sets, and to what; two steps that disagree on one are refused together."""
        return {}

    def also_reads(self) -> tuple[Read, ...]:
        """Return what it judges by beside its own resource."""
        return ()

    def reads_itself(self) -> bool:
        """Say whether the engine must GET `address` for `decide`; a step that judges a list need not."""
        return True

    def managed_by(self) -> ResourceId | None:
        """Return the resource that may manage this one's group: its own documentation lets it be changed there."""
        return None

    def probes(self) -> Ref[Grant] | None:
        """Return the wait whose grant, late, explains a "not yet" answered to this step."""
        return None

    def merged(self, other: Step) -> Step:
        """Return the step that stands for both where another target adds its equal; only fields left out of the id can differ."""
        del other
        return self

    def locks(self) -> frozenset[str]:
        """Return names of which only one step at a time may hold each; by default the top-level resource."""
        address = self.address()
        return frozenset() if isinstance(address, Unknown) else frozenset({address.top_level.key})


class AccessWait(Step):
    """A step that waits for a grant to arrive; the engine asks it how long that may take."""

    @abstractmethod
    def deadline(self, found: Found) -> datetime:
        """Return when the youngest cause is older than the timeout; Azure's clock."""

    @abstractmethod
    def youngest(self, found: Found) -> tuple[str, datetime | None]:
        """Return the youngest cause in words, and since when it exists; None when nothing says."""

    @abstractmethod
    def excludes_network(self, found: Found) -> bool:
        """Say whether the vault's network cannot be why a service is refused: it is open to all."""


Undo = Step | tuple[Step, ...] | Keep | OneWay
"""What undoing gives: one step, or several in their order; or nothing, and why."""


def refs(step: Step) -> Iterator[Ref[Any]]:
    """Yield every promise *step* holds, in the order of its fields."""
    for field in dataclasses.fields(step):
        yield from _refs(getattr(step, field.name))


def _refs(value: Any) -> Iterator[Ref[Any]]:
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _refs(item)


def bind(step: S, resolve: Callable[[Ref[Any]], Any]) -> S:
    """Return *step* with each promise replaced by what *resolve* returns for it, unless that is `UNKNOWN`."""

    def bound(value: Any) -> Any:
        if isinstance(value, Ref):
            found = resolve(value)
            return value if isinstance(found, Unknown) else found
        return tuple(bound(item) for item in value) if isinstance(value, tuple) else value

    changes = {}
    for field in dataclasses.fields(step):
        old = getattr(step, field.name)
        new = bound(old)
        if new is not old and new != old:
            changes[field.name] = new
    return dataclasses.replace(step, **changes) if changes else step
