"""What of a body or a text must not be written down, though Azure showed it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cmk_remediate.errors import scrubbed

_NAMES = ("password", "passwd", "secret", "connectionstring", "accountkey", "sharedkey", "sastoken", "privatekey")


def without_secrets(body: Any) -> Any:
    """Return the JSON-like *body* without texts whose name says that they are secret; no step of ours owns one."""
    if isinstance(body, Mapping):
        return {
            name: without_secrets(value)
            for name, value in body.items()
            if not (isinstance(value, str) and any(part in str(name).lower() for part in _NAMES))
        }
    if isinstance(body, (list, tuple)):
        return [without_secrets(item) for item in body]
    return scrubbed(body) if isinstance(body, str) else body
