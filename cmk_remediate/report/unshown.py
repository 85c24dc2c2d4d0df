"""What a format does not show."""

from __future__ import annotations

from cmk_remediate import codes
from cmk_remediate.errors import InputError


def refused(format: str, subject: str) -> InputError:  # noqa: A002 - as --format
    """Return the refusal to show *subject*, such as ``a review``, as *format*."""
    return InputError(codes.input_.FORMAT_UNFIT, f"{subject} is not shown as {format}", resource=f"--format {format}")
