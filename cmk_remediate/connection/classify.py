"""Judges errors: the only module that does.

By the codes in the error (the innermost first), then by known text, then by status; never by the class of an exception. The
tables of the provider that answers come first: ``ForbiddenByRbac`` from a vault that we asked is about us, from Cosmos DB about
the account's identity. A doubt that runs through many services is whether a refusal comes as the first reply or as a failed
operation: both come here and are judged alike. What no table knows is refused and shown as it came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from cmk_remediate import codes
from cmk_remediate.connection.errors_text import AzureSays, azure_says
from cmk_remediate.connection.verdicts import tables_for
from cmk_remediate.connection.verdicts.arm import BY_STATUS, UNCLEAR_CODES
from cmk_remediate.connection.verdicts.kinds import Later, Never, ReadFirst, Table, Verdict
from cmk_remediate.model.outcomes import NotYet, Refused, Unclear

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cmk_remediate.connection.calls import Reply

Judged: TypeAlias = NotYet | Refused | Unclear

_SERVER_FAILED = 500


def judge_reply(reply: Reply, namespace: str) -> Judged:
    """Return what an answer that is no success means for the write it answers.

    Args:
        reply: the answer.
        namespace: of the provider that gave it (``Microsoft.Sql``).
    """
    says = azure_says(reply.json, reply.content)
    verdict = _verdict(says, reply.status, namespace)
    return _judged(verdict, says, reply.status, reply.retry_after, reply.correlation_id)


def judge_operation(body: Any, namespace: str, *, correlation_id: str = "", retry_after: int = 0) -> Judged:
    """Return what the status *body* of an operation that failed or was canceled means for its write.

    Args:
        body: the JSON of the status.
        namespace: of the provider whose operation it is.
        correlation_id: of the write.
        retry_after: seconds that Azure asked to wait; 0 when it did not say.
    """
    says = azure_says(body)
    if not says.codes and not says.all_text:
        return Unclear("the operation failed and does not say why", correlation_id)
    return _judged(_verdict(says, 0, namespace), says, 0, retry_after, correlation_id)


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


def _verdict(says: AzureSays, status: int, namespace: str) -> Verdict:
    found = next(_found(says, tables_for(namespace)), None)
    if found is not None:
        return found
    if status in BY_STATUS:
        return BY_STATUS[status]
    if status >= _SERVER_FAILED:
        return ReadFirst("RFC 9110")
    return Never(codes.access.REFUSED_BY_AZURE, "no table knows it: refused, so that a human looks")


def _found(says: AzureSays, tables: Sequence[Table]) -> Iterator[Verdict]:
    """Go through what the tables say, the most certain first."""
    known = [code.lower() for code in says.codes]
    for table in tables:
        yield from (verdict for code, part, verdict in table.said if code in known and part in says.all_text)
    for code in known:
        yield from (table.codes[code] for table in tables if code in table.codes)
    for table in tables:
        yield from (verdict for part, verdict in table.texts if part in says.all_text)
    yield from (table.vague[code] for code in known[:1] for table in tables if code in table.vague)
    yield from (verdict for verdict in map(_family, known) if verdict is not None)


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
