"""What a step needs to be allowed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cmk_remediate.model.ids import ResourceId

Split = Literal["vault", "identity", "service", "partner", "run store"]


@dataclass(frozen=True)
class Permission:
    """One action on one scope.

    Attributes:
        action: as Azure spells it, such as ``Microsoft.Sql/servers/write``.
        scope: where it is needed.
        split: which team would hold it.
        data: a data action: the permissions API does not judge it for us.
        checkable: whether the permissions API can report it at a scope we may ask at; status URLs above the resource cannot.
        asks: it changes nothing, though its name does not say so: a question that is asked by a POST.
    """

    action: str
    scope: ResourceId
    split: Split
    data: bool = False
    checkable: bool = True
    asks: bool = False

    @property
    def is_read(self) -> bool:
        """Whether it only reads."""
        return self.asks or self.action.lower().endswith("/read")


Permissions = tuple[Permission, ...]
