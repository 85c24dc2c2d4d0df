"""What exit codes mean, and which requests are reads."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cmk_remediate.codes import CODES
from cmk_remediate.model.result import RunResult
from cmk_remediate.report.words import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cmk_remediate.model.result import Verification

MEANINGS: Mapping[int, str] = MappingProxyType(
    {
        0: "all reviewed changes are done or in progress, or there was nothing to do",
        1: "error, nothing was changed",
        2: "changes are needed, or it is not as it should be",
        3: "not as reviewed, or review or evidence is altered, expired or foreign; nothing was changed",
        4: "refused: acceptance, permission, window, cap or policy; nothing was changed",
        5: "stopped part-way, or something failed, drifted or was skipped after other changes",
        6: "the rollback is incomplete: a human is needed",
        64: "the command line is wrong",
        130: "interrupted before any write",
    }
)
"""Every exit code of the command line, and of a run."""

# The read-only POSTs: Resource Graph (learn.microsoft.com/rest/api/azureresourcegraph), checkPolicyRestrictions
# (learn.microsoft.com/rest/api/policyinsights), the managed instance's validate call
# (learn.microsoft.com/rest/api/sql).
_READ_ONLY_POSTS = re.compile(
    r"/providers/microsoft\.(resourcegraph/resources|policyinsights/checkpolicyrestrictions)$"
    r"|/validateazurekeyvaultencryptionkey$"
)


def meaning(result: RunResult) -> str:
    """Return what the exit code of *result* means; of a run that ended well, what is left by hand too."""
    said = MEANINGS.get(result.exit_code, "unknown")
    left = sum(target.end == "manual" for target in result.targets)
    return f"{said}; left to do by hand: {count(left, 'target')}" if left and result.exit_code == 0 else said


def read_or_write(request: Mapping[str, Any]) -> str:
    """Return ``read`` or ``write`` for a row of a request log; what is not known to be a read is a write."""
    method = str(request.get("method", "")).upper()
    path = str(request.get("url", "")).partition("?")[0].rstrip("/").lower()
    reads = method in ("GET", "HEAD", "OPTIONS") or (method == "POST" and _READ_ONLY_POSTS.search(path) is not None)
    return "read" if reads else "write"


def verified(found: Verification) -> str:
    """Return what *found* comes to."""
    if found.exit_code:
        return "not as it should be"
    if any(one.verdict == "stays" for one in found.targets):
        return "all is as the rollback's review said"
    return "all that can be moved is right"


def unsettled(found: RunResult | Verification) -> Iterator[str]:
    """Yield the code of each target of *found* that leaves somebody something to do: what stays was accepted long ago."""
    if isinstance(found, RunResult):
        yield from (one.code for one in found.targets if one.end != "done")
    else:
        yield from (one.code for one in found.targets if one.verdict != "stays")


def next_steps(found: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return each code of *found* once, in their order, with what to do next."""
    return tuple((code, CODES[code].next) for code in dict.fromkeys(found) if code in CODES)
