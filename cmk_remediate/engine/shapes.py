"""What Azure shows may have another shape than its api-version describes: then the resource is named, and no bug of ours."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.errors import AzureError, CmkError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator


_HINT = "Look at the resource. If it is as Azure documents it, this is a bug of ours: report it."


class ShapeError(AzureError):
    """What Azure shows of a resource cannot be made sense of."""


@contextmanager
def making_sense_of(resource: object) -> Iterator[None]:
    """Say of which *resource* Azure shows what has not the shape that its api-version describes.

    Raises:
        ShapeError: CMK210 in place of an error that is none of ours, and of one about an id that Azure shows.
    """
    try:
        yield
    except InputError as error:
        if error.code != codes.input_.RESOURCE_ID_INVALID:
            raise
        raise ShapeError(codes.access.UNCLEAR_ANSWER, error.cause, resource=str(resource), hint=_HINT) from error
    except CmkError:
        raise
    except Exception as error:
        cause = f"what Azure shows of it cannot be made sense of: {type(error).__name__}: {error}"
        raise ShapeError(codes.access.UNCLEAR_ANSWER, cause, resource=str(resource), hint=_HINT) from error
