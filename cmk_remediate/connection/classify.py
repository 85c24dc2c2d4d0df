"""Judges errors: the only module that does.

By the codes in the error (the innermost first), then by known text, then by status; never by the class of an exception. A
doubt that runs through many services is whether a refusal comes as the first reply or as a failed operation: both come here
and are judged alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from cmk_remediate import codes
from cmk_remediate.connection.errors_text import AzureSays, azure_says
from cmk_remediate.connection.verdicts import (
    BY_CODE,
    BY_STATUS,
    BY_TEXT,
    UNCLEAR_CODES,
    Later,
    Never,
    ReadFirst,
    Verdict,
)
from cmk_remediate.model.outcomes import NotYet, Refused, Unclear

if TYPE_CHECKING:
    from cmk_remediate.connection.calls import Reply

Judged: TypeAlias = NotYet | Refused | Unclear

_SERVER_FAILED = 500


def judge_reply(reply: Reply) -> Judged:
    """Return what an answer that is no success means for the write it answers."""
    says = azure_says(reply.json, reply.content)
    return _judged(_verdict(says, reply.status), says, reply.status, reply.retry_after, reply.correlation_id)


def judge_operation(body: Any, *, correlation_id: str = "", retry_after: int = 0) -> Judged:
    """Return what the status *body* of an operation that failed or was canceled means for its write."""
    says = azure_says(body)
    if not says.codes and not says.all_text:
        return Unclear("the operation failed and does not say why", correlation_id)
    return _judged(_verdict(says, 0), says, 0, retry_after, correlation_id)


def judge_silence(error: BaseException) -> Unclear:
    """Return what it means that no answer came: the write may or may not have arrived."""
    said = " ".join(str(error).split())[:200]
    return Unclear(f"no answer from Azure ({type(error).__name__}: {said})" if said else "no answer from Azure")


def is_absent(reply: Reply) -> bool:
    """Say whether an answer to a read means that the resource does not exist.

    A 404 counts only with a code that says so: a proxy's page, or a subscription we cannot see, is no absence. Codes:
    ``ResourceNotFound``, ``ResourceGroupNotFound``, ``ParentResourceNotFound``, ``RoleAssignmentNotFound``, ``KeyNotFound``,
    ``VaultNotFound``... (ARM error codes; the providers' own end alike), ``RoleDefinitionDoesNotExist``.
    """
    if reply.status == 204:  # noqa: PLR2004 - No Content
        return True
    if reply.status != 404:  # noqa: PLR2004 - Not Found
        return False
    found = [code.lower() for code in azure_says(reply.json, reply.content).codes]
    elsewhere = ("subscription", "tenant", "provider")
    return any(code.endswith(("notfound", "doesnotexist")) and not code.startswith(elsewhere) for code in found)


def _verdict(says: AzureSays, status: int) -> Verdict:
    known = [code.lower() for code in says.codes]
    for code in known:
        if code in BY_CODE:
            return BY_CODE[code]
    for fragment, verdict in BY_TEXT:
        if fragment in says.all_text:
            return verdict
    families = [found for found in map(_family, known) if found is not None]
    if families:
        return families[0]
    if status in BY_STATUS:
        return BY_STATUS[status]
    if status >= _SERVER_FAILED:
        return ReadFirst("RFC 9110")
    return Never(codes.access.REFUSED_BY_AZURE, "no table knows it: refused, so that a human looks")


def _family(code: str) -> Verdict | None:
    """Return the verdict on codes known by how they begin or end."""
    if code.startswith("perdatabasecmk"):
        return Never(codes.access.REFUSED_BY_AZURE, "SPEC: PerDatabaseCMK...")
    if code.endswith("inprogress"):
        return Later("busy", "SPEC, ARM: ...InProgress")
    return ReadFirst("ARM") if code in UNCLEAR_CODES else None


def _judged(verdict: Verdict, says: AzureSays, status: int, retry_after: int, correlation_id: str) -> Judged:
    code = says.code or (f"HTTP {status}" if status else "")
    text = says.text or (f"HTTP {status} without an explanation" if status else "no explanation")
    if isinstance(verdict, Later):
        return NotYet(verdict.reason, code, text, retry_after, verdict.network_possible, correlation_id)
    if isinstance(verdict, Never):
        return Refused(verdict.code, code, text, verdict.hint, correlation_id)
    return Unclear(f"{code}: {text}" if code else text, correlation_id)
