"""Claims: what a process says in the run store about the resources it is going to write.

A lease belongs to a resource, but a process has one claim for all of its resources: so it renews a thousand leases with one
request. Who claims first looks afterwards: of two that claim one resource at the same moment at least one sees the other.
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

CLAIMS = "leases"
"""The folder of a run store that holds the claims."""

_DIGEST = 64
_NAME = re.compile(rf"{CLAIMS}/(?P<id>[0-9a-f]{{{_DIGEST}}}-[0-9a-f]+)\.json")


@dataclass(frozen=True)
class Claim:
    """One process's claim, as the store shows it.

    Attributes:
        id: its name in the store: the run's digest, and what tells two processes of one run apart.
        names: what is claimed: lower-case resource ids, names of what Azure changes one at a time, ``run:`` and a digest.
            None where the store cannot say: then everything is.
        mark: another one after each renewal; None where the store does not show renewals.
        expired: the store itself says that it has run out.
    """

    id: str
    names: frozenset[str] | None
    mark: str | None = None
    expired: bool = False

    @property
    def run(self) -> str:
        """The digest of the run that claims."""
        return self.id[:_DIGEST]

    def shared(self, names: Collection[str]) -> tuple[str, ...]:
        """Return which of *names* it claims, sorted: those of a run come last, they say the least."""
        mine = names if self.names is None else self.names & set(names)
        return tuple(sorted(mine, key=lambda name: (name.startswith("run:"), name)))


def new_claim(run: str, names: Collection[str]) -> Claim:
    """Return the claim that a new process of *run* makes."""
    return Claim(f"{run}-{uuid.uuid4().hex[:16]}", frozenset(names))


def name_of(id_: str) -> str:
    """Return the name under which the claim *id_* is kept in a run store."""
    return f"{CLAIMS}/{id_}.json"


def id_of(name: str) -> str | None:
    """Return which claim is kept under *name*; None when it is none: whatever else somebody has put there."""
    found = _NAME.fullmatch(name)
    return None if found is None else found["id"]


def run_name(run: str) -> str:
    """Return the name under which *run* itself is claimed: one process at a time carries it out, or undoes it."""
    return f"run:{run}"


def to_bytes(claim: Claim) -> bytes:
    """Return *claim* as it is stored; names are sorted, a line each."""
    return json.dumps({"run": claim.run, "names": sorted(claim.names or ())}, indent=0).encode()


def from_bytes(id_: str, data: bytes, *, mark: str | None = None, expired: bool = False) -> Claim:
    """Return the claim *id_* stored as *data*; one that cannot be read claims everything."""
    try:
        found = json.loads(data)["names"]
        names = frozenset(str(name) for name in found) if isinstance(found, list) else None
    except (ValueError, LookupError, TypeError):
        names = None
    return Claim(id_, names, mark, expired)
