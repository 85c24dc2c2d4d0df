"""Errors of Redis Enterprise and Azure Managed Redis.

No answer of the service about a key was recorded; what it passes on of Key Vault is judged by `keyvault.PASSED_ON`. The rest is how
the embedded Azure words what documentation says: an answer in other words is refused and shown as it came.
"""

from __future__ import annotations

from cmk_remediate import codes
from cmk_remediate.connection.verdicts.kinds import Later, Never, Table

_DOC = "learn.microsoft.com, Configure disk encryption for Azure Managed Redis"
_NO = Never(codes.access.REFUSED_BY_AZURE, _DOC)
_KEY_WRONG = Never(codes.access.ACCESS_NEVER, _DOC, "Correct the key or the vault the message names.")

TABLE = Table(
    namespace="microsoft.cache",
    texts=(
        ("another operation is in progress", Later("busy", "unconfirmed")),
        ("only userassignedidentity is supported", _NO),
        ("a versioned key url is needed", _KEY_WRONG),
        ("must be in the region of the cluster", _KEY_WRONG),
        ("is not an rsa key", _KEY_WRONG),
        ("must have soft delete and purge protection", _KEY_WRONG),
        ("is not one of the cluster's user-assigned identities", _NO),
    ),
)
