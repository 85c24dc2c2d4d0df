"""JSON files that an assessment is given: an earlier assessment, findings of other tools. Bounded, and never a traceback."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from cmk_remediate import codes, files
from cmk_remediate.errors import InputError
from cmk_remediate.model.findings import FORMAT_VERSION, Assessment
from cmk_remediate.nesting import is_shallow

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_LARGEST = 512 * 1024 * 1024
_DEEPEST = 64


def read_json(path: str | Path) -> Any:
    """Return the JSON in the file at *path*; one object a line is read as a list of them.

    Raises:
        InputError: CMK921 when it cannot be read, is too large, too deep or no JSON.
    """
    with files.naming(path, codes.assess.FILE_UNREADABLE):
        text = files.read(path, _LARGEST).decode("utf-8-sig")
    if not is_shallow(text, deepest=_DEEPEST):
        raise _unreadable("it is nested too deeply", path)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        lines = [line for line in text.splitlines() if line.strip()]
        try:
            if lines:
                return [json.loads(line) for line in lines]
        except (ValueError, RecursionError):
            pass
        raise _unreadable(f"it is not JSON: {error}", path) from error


def load_assessment(path: str | Path) -> Assessment:
    """Return the assessment saved at *path*.

    Raises:
        InputError: CMK921 when it cannot be read or is none, or of a format that this version does not read.
    """
    document = read_json(path)
    if not isinstance(document, dict) or not isinstance(document.get("made"), dict):
        raise _unreadable("it is not an assessment", path)
    version = str(document.get("format_version"))
    if version.split(".", maxsplit=1)[0] != FORMAT_VERSION.split(".", maxsplit=1)[0]:
        raise _unreadable(f"its format is {version[:20]}, this version reads {FORMAT_VERSION}", path)
    try:
        return Assessment.model_validate_json(json.dumps({**document, "made": _made(document["made"])}))
    except (ValidationError, ValueError, RecursionError) as error:
        where = error.errors()[0]["loc"] if isinstance(error, ValidationError) else error
        raise _unreadable(f"it is not of the assessment's schema: {where}", path) from error


def _made(made: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``made`` as the model names it."""
    return {("with_" if name == "with" else name): value for name, value in made.items()}


def _unreadable(why: str, path: str | Path) -> InputError:
    return InputError(codes.assess.FILE_UNREADABLE, why, resource=str(path))
