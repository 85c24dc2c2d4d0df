"""The agreement with the recordings in figures: what docs/simulator.md states."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tests.conformance.recordings.ours import is_ours
from tests.conformance.recordings.replay import Seen, by_operation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def share(seen: Iterable[Seen], *, ours: bool = False) -> tuple[int, int]:
    """Return how many interactions agree, and of how many with an operation that is modelled; *ours*: that our plans use."""
    counted = [one for one in seen if one.differences is not None and (not ours or is_ours(one.operation))]
    return sum(not one.differences for one in counted), len(counted)


def page(seen: list[Seen]) -> str:
    """Return the part of docs/simulator.md that states the agreement."""
    return "\n".join(_lines(seen)) + "\n"


def _lines(seen: list[Seen]) -> Iterator[str]:
    whole, used = share(seen), share(seen, ours=True)
    recordings = len({one.recording for one in seen})
    yield f"{len(seen)} interactions of {recordings} recordings were replayed:"
    yield ""
    yield "| interactions | number | agree |"
    yield "| --- | --: | --: |"
    yield f"| of operations that plans use | {used[1]} | {used[0]} ({_percent(used)}) |"
    yield f"| of all operations that are modelled | {whole[1]} | {whole[0]} ({_percent(whole)}) |"
    yield f"| of operations that are not modelled | {len(seen) - whole[1]} | not counted |"
    yield ""
    yield "| operation | plans use it | agree | differ |"
    yield "| --- | --- | --: | --: |"
    for name, counts in sorted(by_operation(seen).items()):
        if counts["agree"] or counts["differ"]:
            yield f"| {name} | {'yes' if is_ours(name) else ''} | {counts['agree']} | {counts['differ'] or ''} |"
    yield ""
    missing = Counter(_namespace(one.operation) for one in seen if one.differences is None)
    told = ", ".join(f"{name} {count}" for name, count in sorted(missing.items()))
    yield f"Not modelled, by provider: {told}."


def _percent(part: tuple[int, int]) -> str:
    return f"{100 * part[0] / part[1]:.1f} %"


def _namespace(operation: str) -> str:
    words = operation.removeprefix("poll of ").split(" ")
    if words[1] == "the":
        return "vaults' secrets and certificates"
    return words[1].split("/")[0]
