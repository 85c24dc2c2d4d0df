"""Questions to Azure about what surrounds a change: each once, many at a time, a refusal being an answer too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from cmk_remediate import codes
from cmk_remediate.errors import AzureError
from cmk_remediate.model.decisions import Blocked, Read
from cmk_remediate.model.review import Note

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from cmk_remediate.codes.code import Code
    from cmk_remediate.model.decisions import Reversibility
    from cmk_remediate.model.graph import Node
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.model.outcomes import Reader

T = TypeVar("T")
R = TypeVar("R")


class Each(Protocol):
    """How many questions are asked at once: `cmk_remediate.engine.schedule.each`."""

    def __call__(self, items: Sequence[T], work: Callable[[T], Awaitable[R]], /) -> Awaitable[list[R]]:
        """Return what *work* returns for each of *items*, in their order."""


class Asking:
    """The answers so far."""

    def __init__(self, reader: Reader, each: Each) -> None:
        """Ask *reader*, as many at once as *each* sees fit."""
        self._reader = reader
        self._each = each
        self._answers: dict[Read, Any] = {}

    async def about(self, reads: Iterable[Read]) -> None:
        """Ask what has not been asked yet.

        Raises:
            AzureError: CMK210 when no clear answer came; a refusal is kept as the answer.
        """
        wanted = [read for read in dict.fromkeys(reads) if read not in self._answers]
        for read, answer in zip(wanted, await self._each(wanted, self._ask), strict=True):
            self._answers[read] = answer

    def refused(self, read: Read) -> AzureError | None:
        """Return the refusal of *read*; None when it was answered, or never asked."""
        answer = self._answers.get(read)
        return answer if isinstance(answer, AzureError) else None

    def body(self, read: Read) -> Any:
        """Return what *read* was answered; None when it does not exist, was refused or was never asked."""
        answer = self._answers.get(read)
        return None if isinstance(answer, AzureError) else answer

    def items(self, read: Read) -> Sequence[Any]:
        """Return the items the list *read* was answered with; none when it was refused or never asked."""
        return self.body(read) or ()

    async def _ask(self, read: Read) -> Any:
        try:
            return (await self._reader.read(read)).body
        except AzureError as error:
            if error.code == codes.access.UNCLEAR_ANSWER:
                raise
            return error


class Findings:
    """What the preflight has to say so far; the first reason to block a target stands."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.blocked: dict[str, Blocked] = {}
        self.notes: dict[Note, None] = {}
        self.one_way: dict[str, Reversibility] = {}

    def block(self, node: Node, code: Code, why: str, resource: ResourceId) -> None:
        """Block every target that needs *node*."""
        for target in node.targets:
            self.blocked.setdefault(target, Blocked(code, why, resource=resource.text))

    def note(self, code: Code, scope: ResourceId | None, text: str) -> None:
        """Say *text*, once."""
        self.notes[Note(code=str(code), scope=scope.text if scope else "", text=text)] = None

    def not_checked(self, what: str, scope: ResourceId, error: AzureError) -> None:
        """Say that *what* could not be asked at *scope*."""
        self.note(codes.notes.NOT_CHECKED, scope, f"{what} not checked: {error.cause}")
