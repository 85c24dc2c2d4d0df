"""Errors of Azure Resource Manager, and what any provider may answer."""

from __future__ import annotations

from cmk_remediate import codes
from cmk_remediate.connection.verdicts.kinds import Later, Never, ReadFirst, Table, Verdict

_PROVIDER = Never(codes.access.PROVIDER_NOT_REGISTERED, "ARM")
_FRESH_PARENT = Later("replication", "ARM: a parent that was just created may not be known in every region yet")
_BUSY = Later("busy", "ARM: one write at a time a resource")
_REFUSED = Never(codes.access.REFUSED_BY_AZURE, "ARM")

TABLE = Table(
    namespace="",
    codes={
        "scopelocked": Never(codes.access.LOCKED, "LOCK"),
        "requestdisallowedbypolicy": Never(codes.access.POLICY_DENIES, "ARM"),
        "missingsubscriptionregistration": _PROVIDER,
        "noregisteredproviderfound": _PROVIDER,
        "subscriptionnotregistered": _PROVIDER,
        "readonlydisabledsubscription": Never(codes.access.SUBSCRIPTION_CLOSED, "ARM"),
        "subscriptionnotfound": _REFUSED,
        "resourcegroupnotfound": Never(codes.access.GROUP_ABSENT, "ARM"),
        "parentresourcenotfound": _FRESH_PARENT,
        "resourcenotfound": _FRESH_PARENT,
        "anotheroperationinprogress": _BUSY,
        "retryableerrorduetoanotheroperation": _BUSY,
        "operationpreempted": ReadFirst("learn.microsoft.com: Track asynchronous Azure operations"),
        "subscriptionrequeststhrottled": Later("throttled", "THR"),
        "toomanyrequests": Later("throttled", "THR"),
    },
    texts=(
        ("another operation is being performed on the", Later("busy", "hashicorp/terraform-provider-azurerm#22939")),
        ("another operation is pending on the specified resource", Later("busy", "Azure/azure-service-operator#4650")),
        (") is in progress, please wait for it to finish", Later("busy", "Azure/azure-workload-identity#417")),
        (
            "not allowed because there's an in progress",
            Later("busy", "Azure/azure-cli-extensions#9855: a managed cluster's"),
        ),
    ),
    vague={
        "conflict": _BUSY,
        "conflicterror": _BUSY,
        "operationnotallowed": _REFUSED,
    },
)
"""A bare ``Conflict`` is tried again, after a read; ``OperationNotAllowed`` mostly is for good: attached disks, quotas."""

BY_STATUS: dict[int, Verdict] = {
    401: Never(codes.input_.CREDENTIAL_UNUSABLE, "RFC 9110"),
    403: Never(codes.access.PERMISSION_MISSING, "RFC 9110"),
    408: ReadFirst("RFC 9110: nobody knows how far the server came"),
    429: Later("throttled", "THR"),
    500: ReadFirst("RFC 9110"),
    502: ReadFirst("RFC 9110"),
    503: ReadFirst("RFC 9110"),
    504: ReadFirst("RFC 9110"),
}
"""By status, where neither code nor text is known."""

UNCLEAR_CODES = frozenset(
    {
        "internalservererror",
        "internalerror",
        "servererror",
        "serviceunavailable",
        "gatewaytimeout",
        "badgateway",
        "requesttimeout",
        "servertimeout",
    }
)
"""A failure of Azure's own: the code says nothing of how far it came (ARM)."""
