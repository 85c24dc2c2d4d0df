"""Every error this library raises on purpose.

    CmkError                    code, resource, cause, hint, exit code
    |- UsageError          64   the command line
    |- InputError           1   plan file, estate file, tenant, credential
    |  `- NoTokenError      1   the credential gave no token: nothing was sent
    |- ReviewError          3   altered, expired, foreign review; drift before the first write
    |- EvidenceError        3   evidence that was altered
    |- RefusedError         4   acceptance, permission, window, cap, policy: nothing changed
    |- RunStoreError        1   journal damaged or unwritable
    |  |- RunStoreBusy      1   another process has the lease of a resource
    |  `- LeaseLost         1   another process may have it now: we write no more
    |- AzureError           1   Azure refused a read, or never answered it clearly: nothing was changed
    |- StoppedError         5   interrupted part-way, deadline
    |- InterruptedEarly   130   interrupted before any write
    `- BugError             1   what the design rules out

The exit code of a run is worked out from its outcome; the numbers here are for an error that ends a command.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from cmk_remediate.codes.code import Code


_SECRET = re.compile(
    r"(\bBearer\s+(?=[^\s;,&'\"]{16})|\b(?:AccountKey|SharedAccessKey|SharedAccessSignature|Password|Pwd)\s*=|[?&;]?\bsig=)"
    r"[^\s;,&'\"]+",
    re.IGNORECASE,
)


def scrubbed(text: str) -> str:
    """Return *text* with tokens, keys, passwords and signatures taken out."""
    return _SECRET.sub(r"\1(removed)", text)


class CmkError(Exception):
    """Base of all expected failures.

    What it says is `scrubbed`: somebody may have pasted a URL with a signature.

    Attributes:
        code: what went wrong, stable; its page is `code.page`.
        resource: the resource, file or field concerned; may be empty.
        cause: one sentence, for a human.
        hint: what to do next; defaults to the code's own.
        correlation_id: Azure's id of the failing request, for its activity log; may be empty.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, code: Code, cause: str, *, resource: str = "", hint: str = "", correlation_id: str = "") -> None:
        """Build the message from its parts."""
        self.code = code
        self.resource = scrubbed(resource)
        self.cause = scrubbed(cause)
        self.hint = hint or code.next
        self.correlation_id = correlation_id
        super().__init__(f"[{code}] {self.resource + ': ' if resource else ''}{self.cause}")


class UsageError(CmkError):
    """The command line itself is wrong."""

    exit_code = 64


class InputError(CmkError):
    """A plan file, estate file, tenant or credential is wrong."""


class NoTokenError(InputError):
    """The credential gave no token, or not this time: what needed it was not sent."""


class ReviewError(CmkError):
    """The review cannot be applied: altered, expired, foreign, or Azure has drifted from it."""

    exit_code = 3


class EvidenceError(CmkError):
    """The file was evidence of a run, and is not as it was made."""

    exit_code = 3


class RefusedError(CmkError):
    """A gate refused the run before it changed anything."""

    exit_code = 4


class RunStoreError(CmkError):
    """The run store or a journal in it cannot be used."""


class LeaseLost(RunStoreError):  # noqa: N818 - what happened, not what is wrong
    """Our lease ran out, or was taken: whoever has it now may write, we may not."""


class LookTooOldError(CmkError):
    """A write waited so long that what it was decided on may be stale: it was not sent, and its step is looked at again."""


class RunStoreBusy(RunStoreError):  # noqa: N818 - it may be our own run, alive: then nothing is wrong
    """Another process has the lease of something this run writes.

    Attributes:
        holder: the digest of the run it carries out; empty when that cannot be told.
    """

    def __init__(self, code: Code, cause: str, *, resource: str, holder: str) -> None:
        """Build the message from its parts."""
        super().__init__(code, cause, resource=resource)
        self.holder = holder


class AzureError(CmkError):
    """Azure refused a read, or never answered it clearly.

    Within a run it ends a step, not the run; where it ends a command, nothing was changed.
    """


class StoppedError(CmkError):
    """A run ended before its work was done; the journal knows how far it came."""

    exit_code = 5


class InterruptedEarly(CmkError):  # noqa: N818 - the user's wish, not an error
    """Interrupted before the first write."""

    exit_code = 130


class BugError(CmkError):
    """Something the design rules out happened."""
