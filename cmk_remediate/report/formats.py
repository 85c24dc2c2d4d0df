"""Which formats there are, and which renderer shows what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from cmk_remediate.model.evidence import EvidenceCheck
from cmk_remediate.model.findings import Assessment
from cmk_remediate.model.result import RunResult, Verification
from cmk_remediate.model.review import Review
from cmk_remediate.report.json_ import JsonRenderer
from cmk_remediate.report.junit import JunitRenderer
from cmk_remediate.report.markdown import MarkdownRenderer
from cmk_remediate.report.text import TextRenderer

if TYPE_CHECKING:
    from cmk_remediate.report.renderer import Renderer

Format = Literal["text", "markdown", "json", "html", "junit"]
FORMATS: tuple[Format, ...] = get_args(Format)
"""Every format's name."""


def renderer(name: Format) -> Renderer:
    """Return the renderer of the format *name*.

    Raises:
        InputError: CMK141 when what makes the format is not installed.
    """
    if name == "html":
        from cmk_remediate.report.html import HtmlRenderer  # noqa: PLC0415 - the one format of an extra

        return HtmlRenderer()
    found: dict[Format, Renderer] = {
        "text": TextRenderer(),
        "markdown": MarkdownRenderer(),
        "json": JsonRenderer(),
        "junit": JunitRenderer(),
    }
    return found[name]


Subject: TypeAlias = Review | RunResult | Verification | Assessment | EvidenceCheck
"""What can be rendered."""


def render(subject: Subject, format: Format = "text") -> str:  # noqa: A002 - as --format
    """Return *subject* as a document of the format *format*, ending in a newline.

    Raises:
        InputError: CMK140 when the format has no such document; CMK141 when what makes it is not installed.
    """
    chosen = renderer(format)
    if isinstance(subject, Review):
        return chosen.review(subject)
    if isinstance(subject, Assessment):
        return chosen.assessment(subject)
    if isinstance(subject, RunResult):
        return chosen.run(subject)
    if isinstance(subject, EvidenceCheck):
        return chosen.evidence(subject)
    return chosen.verification(subject)
