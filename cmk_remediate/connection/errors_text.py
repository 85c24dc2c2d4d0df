"""Reads Azure's error envelopes: no judgement, only what is said."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cmk_remediate.errors import scrubbed

_DEPTH = 6
_LONGEST = 600


@dataclass(frozen=True)
class AzureSays:
    """An error as Azure words it.

    Attributes:
        codes: every code in it, the most specific (innermost) first; details last.
        text: the message, on one line and cut short.
        all_text: every message in it, in lower case, to look for known text.
    """

    codes: tuple[str, ...]
    text: str
    all_text: str

    @property
    def code(self) -> str:
        """The outermost code that says something, or an empty text."""
        return self.codes[0] if self.codes else ""


def azure_says(body: Any, content: bytes = b"") -> AzureSays:
    """Return what *body*, parsed from *content*, says.

    Shapes: ``{"error": {"code", "message", "innererror", "details"}}`` (Azure REST API guidelines), the same without ``error``
    (some providers), ``{"properties": {"error": ...}}``, ``{"status": "Failed", "error": ...}`` of an operation, and all of these
    inside a second ``error`` (OperationStatus of redisenterprise.json, 2024-10-01). Anything else is text.
    """
    error = _error_in(body)
    if error is None:
        text = _one_line(content.decode("utf-8", "replace"))
        return AzureSays((), text, text.lower())
    chain = list(_chain(error))
    details = [one for one in _details(error) for one in _chain(one)]
    codes = [scrubbed(_text(one, "code")) for one in (*reversed(chain), *details)]
    messages = [_text(one, "message") for one in (*chain, *details)]
    shown = next((message for message in messages if message), "") or _one_line(json.dumps(error))
    return AzureSays(
        tuple(code for code in codes if code), _one_line(shown), _one_line(" ".join(messages), cut=False).lower()
    )


def _error_in(body: Any) -> Mapping[str, Any] | None:
    if not isinstance(body, Mapping):
        return None
    for candidate in (body.get("error"), body.get("odata.error"), body.get("Error")):
        if isinstance(candidate, Mapping):
            inner = candidate.get("error")
            return inner if isinstance(inner, Mapping) and not _text(candidate, "code") else candidate
    properties = body.get("properties")
    if isinstance(properties, Mapping) and isinstance(properties.get("error"), Mapping):
        return _error_in(properties)
    return body if _text(body, "code") else None


def _chain(error: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield *error* and what is inside it, outermost first."""
    found: Any = error
    for _ in range(_DEPTH):
        if not isinstance(found, Mapping):
            return
        yield found
        found = next((found[name] for name in ("innererror", "innerError", "InnerError") if name in found), None)


def _details(error: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    details = error.get("details")
    return [one for one in details if isinstance(one, Mapping)] if isinstance(details, list) else []


def _text(mapping: Mapping[str, Any], name: str) -> str:
    value = mapping.get(name, mapping.get(name.capitalize(), ""))
    if isinstance(value, Mapping):  # OData: {"lang": ..., "value": ...}
        value = value.get("value", "")
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def _one_line(text: str, *, cut: bool = True) -> str:
    line = scrubbed(" ".join(text.split()))
    return line if not cut or len(line) <= _LONGEST else f"{line[:_LONGEST]}..."
