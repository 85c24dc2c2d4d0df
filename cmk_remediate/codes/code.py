"""What a code is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self


class Code(str):
    """A stable id such as ``CMK301`` that knows its own explanation.

    It is a ``str``, so it goes into JSON and f-strings as its id.

    Attributes:
        heading: a short noun phrase; ``title`` is a method of every text.
        meaning: what was found, in one or two sentences.
        next: what the operator does about it.
    """

    __slots__ = ("heading", "meaning", "next")

    heading: str
    meaning: str
    next: str

    def __new__(cls, value: str, *, title: str, meaning: str, next: str) -> Self:  # noqa: A002 - its name in reviews
        """Make the code *value* with its explanation."""
        code = super().__new__(cls, value)
        code.heading = title
        code.meaning = meaning
        code.next = next
        return code

    @property
    def page(self) -> str:
        """The page and anchor of the documentation that explains this code."""
        return f"docs/errors.md#{self.lower()}"
