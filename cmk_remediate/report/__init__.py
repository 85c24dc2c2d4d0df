"""Reports: one interface, three formats, from the same objects. No terminal library here."""

from __future__ import annotations

from cmk_remediate.report.formats import FORMATS, render, renderer

__all__ = ["FORMATS", "render", "renderer"]
