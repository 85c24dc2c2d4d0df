"""Every step class this version knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.services import services
from cmk_remediate.steps import REGISTRY

if TYPE_CHECKING:
    from cmk_remediate.model.codec import Registry


def registry() -> Registry:
    """Return the shared steps and those of every service."""
    found = REGISTRY
    for service in services().values():
        found = found | service.steps
    return found
