"""HTML: one file that needs nothing else; no script, no network. Made with jinja2, which the extra `report` brings.

A page is a template that extends ``page.html.j2`` (frame, style sheet, policy), made by `page.page` of objects that were worked
out before. ``parts.html.j2`` has tables, tags and facts; pictures are inline SVG in per cent of their width (`scale.Scale`),
so that they fit a phone, and say in words what they show.
"""

from __future__ import annotations

from cmk_remediate.report.html.renderer import HtmlRenderer

__all__ = ["HtmlRenderer"]
