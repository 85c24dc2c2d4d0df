"""What hostile input may come to: an answer, or one of our errors; never a bug, wherever it is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.model.result import RunResult
from cmk_remediate.model.review import Review

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def expected(work: Callable[[], Any]) -> Any:
    """Return what *work* returns, or None for one of our errors; anything else fails the test, a bug that is reported too."""
    try:
        answer = work()
    except cmk.CmkError as error:
        if error.code == codes.engine.BUG:
            raise
        return None
    bugs = [text for code, text in _reasons(answer) if code == codes.engine.BUG]
    assert not bugs, bugs
    return answer


def _reasons(answer: Any) -> Iterator[tuple[str, str]]:
    """Yield each reason that a result or a review gives, as code and text."""
    if isinstance(answer, RunResult):
        yield from ((one.code, one.text) for one in answer.targets)
    elif isinstance(answer, Review):
        yield from ((one.blocked.code, one.blocked.why) for one in answer.targets if one.blocked is not None)
