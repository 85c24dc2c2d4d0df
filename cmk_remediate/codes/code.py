"""What a code is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from typing_extensions import Self


Kind = Literal["reason", "note", "state"]


class Code(str):
    """A stable id such as ``CMK301`` that knows its own explanation.

    It is a ``str``, so it goes into JSON and f-strings as its id.

    Attributes:
        heading: a short noun phrase; ``title`` is a method of every text.
        meaning: what was found, in one or two sentences.
        next: what the operator does about it.
        kind: ``reason``: why something is refused, failed or stays; ``note``: a remark on what an apply would do or recovery
            would need; ``state``: a remark on how things are, which a verification repeats.
    """

    __slots__ = ("heading", "kind", "meaning", "next")

    heading: str
    meaning: str
    next: str
    kind: Kind

    def __new__(
        cls,
        value: str,
        *,
        title: str,
        meaning: str,
        next: str,  # noqa: A002 - its name in reviews
        kind: Kind = "reason",
    ) -> Self:
        """Make the code *value* with its explanation."""
        code = super().__new__(cls, value)
        code.heading = title
        code.meaning = meaning
        code.next = next
        code.kind = kind
        return code

    def __deepcopy__(self, memo: object) -> Self:
        """Return the code itself: what holds one is turned into JSON by `dataclasses.asdict`, which copies."""
        return self

    @property
    def page(self) -> str:
        """The page and anchor of the documentation that explains this code."""
        return f"docs/errors.md#{self.lower()}"
