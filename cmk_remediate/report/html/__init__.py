"""HTML: one file that needs nothing else; no script, no network. Made with jinja2, which the extra `report` brings."""

from __future__ import annotations

from cmk_remediate.report.html.renderer import HtmlRenderer

__all__ = ["HtmlRenderer"]
