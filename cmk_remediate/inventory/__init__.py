"""Reads an estate out of Azure, strips its secrets, and words it as an estate file of the embedded Azure."""

from __future__ import annotations

from cmk_remediate.inventory.exported import ExportedEstate, save_estate
from cmk_remediate.inventory.reading import Gathering

__all__ = ["ExportedEstate", "Gathering", "save_estate"]
