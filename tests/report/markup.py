"""Reads a page as a browser's parser does, and says what is out of order."""

from __future__ import annotations

from html.parser import HTMLParser

_VOID = frozenset({"meta", "link", "br", "line", "rect", "path"})
"""Elements without an end tag; those of SVG are closed in their start tag."""


class Markup(HTMLParser):
    """The elements, ids, links and text of a document.

    Attributes:
        tags: every start tag, in order.
        attributes: every attribute with its element.
        wrong: tags that do not fit.
        text: all text but that of the style sheet.
    """

    def __init__(self, document: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.wrong: list[str] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(document)
        self.close()
        self.wrong.extend(f"<{tag}> is not closed" for tag in self._open)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.extend((tag, name, value or "") for name, value in attrs)
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.extend((tag, name, value or "") for name, value in attrs)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.wrong.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.text.append(data)

    def all_of(self, name: str) -> list[str]:
        """Return the values of the attribute *name*."""
        return [value for _, found, value in self.attributes if found == name]

    def said(self) -> str:
        """Return the text, with single spaces."""
        return " ".join(" ".join(self.text).split())
