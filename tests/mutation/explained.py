"""Mutants that no test can kill, and why."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

EXPLAINED: Mapping[tuple[str, str], str] = MappingProxyType({})
"""By module and changed lines: why the changed code does the same."""
