"""Errors of Azure Cosmos DB.

DOC: learn.microsoft.com, the troubleshooting guides on customer-managed keys and on those of another tenant. No answer of the
service about a key was recorded.
"""

from __future__ import annotations

from cmk_remediate import codes
from cmk_remediate.connection.verdicts.kinds import Later, Never, Table

_NO = Never(codes.access.REFUSED_BY_AZURE, "DOC")
_KEY_WRONG = Never(codes.access.ACCESS_NEVER, "DOC", "Correct the key or the vault the message names.")
_REVOKED = Never(codes.access.ACCESS_NEVER, "DOC", "Give the account's identity access to its key again.")
_BUSY = Later("busy", "hashicorp/terraform-provider-azurerm#15842: 412")

TABLE = Table(
    namespace="microsoft.documentdb",
    texts=(
        (
            "error contacting the azure key vault resource",
            Later("access", "DOC: rights that have not arrived, and a wrong key", network_possible=True),
        ),
        ("unexpected error on document scan for cmk migration", Later("busy", "DOC: the scan was throttled")),
        ("in progress which requires an exclusive lock", _BUSY),
        ("provided keyvaultkeyuri", _KEY_WRONG),
        ("updating keyvaultkeyuri is not supported", _NO),
        ("the tenant for the new key vault", _KEY_WRONG),
        ("customer managed key in revoked status", _REVOKED),
        ("request is blocked due to customer managed key not being accessible", _REVOKED),
        ("updating default identity not allowed", _NO),
        ("setting non-fpi default identity is required", _NO),
        ("customer managed key enablement on an existing", _NO),
        ("customer managed key and full fidelity change feed cannot be enabled together", _NO),
        ("the given default identity for", _NO),
        ("cannot update customer managed key settings and other properties at the same time", _NO),
    ),
    vague={"preconditionfailed": _BUSY},
)
