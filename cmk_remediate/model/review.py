"""The review: the result of a dry run, and the only thing `apply` accepts.

Its digest is SHA-256 over the document as RFC 8785 JSON without the member ``digest``.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, PrivateAttr, SerializerFunctionWrapHandler, model_serializer

from cmk_remediate.model.artefacts import ArtefactFile
from cmk_remediate.model.json_types import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


LARGEST = 256 << 20
"""Bytes of a saved review that are read at most: tens of thousands of steps."""
FORMAT_VERSION = "1.0"

Action = Literal["create", "update", "delete", "start", "stop", "wait", "keep", "none", "manual"]


class Frozen(BaseModel):
    """Strict, frozen, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Made(Frozen):
    """Who made the review, when and with what; ``id`` is a random UUID, ``at`` ISO 8601 UTC, ``with_`` a name and version."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)

    id: str
    at: str
    by: str
    with_: str


class PlanSource(Frozen):
    """The plan the review was made from; ``content`` is the validated plan as JSON, ``sha256`` of the file's bytes."""

    name: str
    sha256: str
    content: dict[str, Any]


class ReviewedReversibility(Frozen):
    """How a line can be undone; ``code`` is for `explain`, empty when nothing needs explaining."""

    kind: Literal["reversible", "kept", "one-way"]
    code: str
    why: str


class ReviewedLine(Frozen):
    """One property: what it is, what it becomes, how that can be undone, and what must be accepted for it."""

    path: str
    before: Any
    after: Any
    role: Literal["owned", "carried", "relied_on"]
    reversibility: ReviewedReversibility | None
    accept: str | None


class ReviewedRequest(Frozen):
    """The request a step would send; unknown parts are ``{"unknown": true}``."""

    method: str
    body: Any


class ReviewedEstimate(Frozen):
    """Seconds."""

    usual: int
    worst: int


class ReviewedPermission(Frozen):
    """One action needed on one scope."""

    action: str
    scope: str
    split: str
    data: bool
    checkable: bool


class ReviewedStep(Frozen):
    """One step; a step shared by many targets stands once.

    Of a rollback: ``left_open`` where the run that is undone has opened a bracket with it and not closed it; absent elsewhere.
    """

    id: str
    kind: str
    params: dict[str, Any]
    resource_id: str | None
    api_version: str | None
    action: Action
    request: ReviewedRequest | None
    lines: tuple[ReviewedLine, ...]
    reason: str
    waits: str | None
    downtime: str
    estimate: ReviewedEstimate | None
    permissions: tuple[ReviewedPermission, ...]
    needs: tuple[str, ...]
    after: tuple[str, ...]
    closes: str | None
    left_open: bool = False

    @model_serializer(mode="wrap")
    def _without_the_usual(self, serialized: SerializerFunctionWrapHandler) -> dict[str, Any]:
        found: dict[str, Any] = serialized(self)
        if not self.left_open:
            del found["left_open"]
        return found


class ReviewedBlock(Frozen):
    """Why a target cannot be moved."""

    code: str
    why: str
    next: str


class ReviewedTarget(Frozen):
    """One target: its state as found, and its steps in order."""

    id: str
    service: str
    state: str
    blocked: ReviewedBlock | None
    steps: tuple[str, ...]


class Note(Frozen):
    """Something a reviewer should know; ``scope`` is a resource id, a target, or empty for the whole review."""

    code: str
    scope: str
    text: str


class Artefact(Frozen):
    """A file made beside the review; ``sha256`` of its bytes."""

    name: str
    sha256: str


def one_after_another(estimates: Iterable[ReviewedEstimate | None]) -> ReviewedEstimate:
    """Return the sums of *estimates*; None is of a step that takes no time."""
    known = [one for one in estimates if one is not None]
    return ReviewedEstimate(usual=sum(one.usual for one in known), worst=sum(one.worst for one in known))


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


class Review(Frozen):
    """What a dry run found and what an apply would do.

    Of a rollback: ``undoes`` is the run it undoes, ``undoes_at`` the digest of the last line of that one's journal when it was
    reviewed; the latter is absent elsewhere.
    """

    format_version: str
    digest: str
    made: Made
    expires: str
    tenant: str
    cloud: str
    runs: str
    plan: PlanSource
    undoes: str | None
    steps: tuple[ReviewedStep, ...]
    targets: tuple[ReviewedTarget, ...]
    notes: tuple[Note, ...]
    artefacts: tuple[Artefact, ...]
    acknowledgements_required: tuple[str, ...]
    undoes_at: str | None = None

    _files: tuple[ArtefactFile, ...] = PrivateAttr(default=())

    @property
    def files(self) -> tuple[ArtefactFile, ...]:
        """The artefacts with their contents; none in a review that was loaded: they are no part of it."""
        return self._files

    def with_files(self, files: Iterable[ArtefactFile]) -> Review:
        """Return the review with the contents of its artefacts at hand."""
        found = self.model_copy()
        found._files = tuple(files)  # noqa: SLF001 - a copy of our own
        return found

    @property
    def short_digest(self) -> str:
        """The digest's first eight characters."""
        return self.digest[:8]

    def times(self) -> dict[str, ReviewedEstimate]:
        """Return how long the steps of each target take one after another, shared ones too, by the target's id.

        It is what the change window is judged by; a target may be through sooner, as steps that need not wait begin together.
        """
        steps = {step.id: step.estimate for step in self.steps}
        return {target.id: one_after_another(steps.get(step) for step in target.steps) for target in self.targets}

    def to_json(self) -> dict[str, Any]:
        """Return the review as JSON."""
        document: dict[str, Any] = self.model_dump(mode="json")
        document["made"]["with"] = document["made"].pop("with_")
        if self.undoes_at is None:
            del document["undoes_at"]
        return document

    def computed_digest(self) -> str:
        """Return the digest its contents call for.

        Hashed part by part: the whole document at once would be most of the memory of a review of a thousand targets.
        """
        found = hashlib.sha256()
        for part in self._canonical(self._members() - {"digest"}):
            found.update(part)
        return found.hexdigest()

    def to_bytes(self) -> bytes:
        """Return the review as RFC 8785 JSON."""
        return b"".join(self._canonical(self._members()))

    def _members(self) -> set[str]:
        return set(type(self).model_fields) - ({"undoes_at"} if self.undoes_at is None else set())

    def _canonical(self, names: set[str]) -> Iterator[bytes]:
        for index, name in enumerate(sorted(names)):
            yield (b"," if index else b"{") + canonical(name) + b":"
            yield from self._parts(name)
        yield b"}"

    def _parts(self, name: str) -> Iterator[bytes]:
        """Yield the canonical text of one member, a list item by item."""
        value = getattr(self, name)
        if name == "made":
            made = value.model_dump(mode="json")
            yield canonical({**{key: made[key] for key in made if key != "with_"}, "with": made["with_"]})
        elif isinstance(value, tuple):
            yield b"["
            for index, item in enumerate(value):
                yield (b"," if index else b"") + canonical(_plain(item))
            yield b"]"
        else:
            yield canonical(_plain(value))

    def sealed(self) -> Review:
        """Return the review with the digest its contents call for."""
        return self.model_copy(update={"digest": self.computed_digest()})
