"""The open questions about Azure that our path meets: each with its source, its readings and a default.

A provider declares those that concern it; `ALL` lists them for ``--doubt`` and for the page made from it. A doubt leaves only
with a source that settles it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator.doubts.ai_services import (
    AI_ENCRYPTION_MEANWHILE,
    AI_ENCRYPTION_PATCH,
    AI_ENCRYPTION_SHOWN,
    AI_FREE_TIER,
    AI_GRANT_SCOPE,
    AI_NO_RIGHT,
    AI_OPENAI_ROLES,
    AI_PLATFORM_SHOWN,
    AI_REFUSAL_ARRIVES,
    AI_SERVICES,
    AI_TRUSTED,
    AI_USER_ASSIGNED,
    AI_WAY_BACK,
)
from cmk_remediate.simulator.doubts.authorization import AUTHORIZATION, PRINCIPAL_TYPE
from cmk_remediate.simulator.doubts.compute import (
    COMPUTE,
    DIRECT_DRIVE_IDENTITY,
    DISK_ACTIVE_SAS,
    DISK_TO_PLATFORM_KEY,
    INCREMENTAL_SNAPSHOTS,
    SET_REFUSAL_ARRIVES,
)
from cmk_remediate.simulator.doubts.containerservice import CONTAINERSERVICE, EPHEMERAL_SHOWS_SET
from cmk_remediate.simulator.doubts.cosmosdb import (
    COSMOS_FLAGS,
    COSMOS_IDENTITY_RESETS,
    COSMOS_KEY_CHANGE,
    COSMOS_KEY_MEANWHILE,
    COSMOS_NO_RIGHT,
    COSMOS_REFUSAL_ARRIVES,
    COSMOSDB,
)
from cmk_remediate.simulator.doubts.keyvault import (
    ACCESS_POLICY_REMOVE,
    KEY_ON_POLICY_VAULT,
    KEY_URI_PORT,
    KEYVAULT,
    NETWORK_ACLS_PATCH,
    PERMISSION_MODEL_RIGHTS,
    SOFT_DELETED_KEY,
    VAULT_PATCH_NULL,
)
from cmk_remediate.simulator.doubts.redis import (
    REDIS,
    REDIS_AFTER_FAILURE,
    REDIS_EMPTY_OBJECT,
    REDIS_IDENTITY_PATCH,
    REDIS_KEY_MEANWHILE,
    REDIS_OPERATION_ENDS,
    REDIS_PASSES_FIREWALL,
    REDIS_PLATFORM_SHAPE,
    REDIS_REFUSAL_ARRIVES,
    REDIS_VERSION_CHANGE,
)
from cmk_remediate.simulator.doubts.sql import (
    SQL,
    SQL_ANALYTICS_KIND,
    SQL_GEO_ROLLBACK,
    SQL_IDENTITY_PATCH,
    SQL_INACCESSIBLE_READS,
    SQL_KEY_AGAIN,
    SQL_KEY_ID,
    SQL_KEY_MEANWHILE,
    SQL_MASTER_TDE,
    SQL_PERMISSION_CODE,
    SQL_PRIMARY_SWITCH,
    SQL_PROTECTOR_MEANWHILE,
    SQL_PROTECTOR_VERSION,
    SQL_REFUSAL_ARRIVES,
    SQL_ROTATION_LAG,
    SQL_UPDATE_NEEDS_PRIMARY,
)
from cmk_remediate.simulator.doubts.storage import (
    STORAGE,
    STORAGE_ENCRYPTION_PATCH,
    STORAGE_IDENTITY_NULL,
    STORAGE_NO_RIGHT,
    STORAGE_SCOPE_ALONE,
    STORAGE_WAY_BACK,
)

if TYPE_CHECKING:
    from cmk_remediate.simulator.declare import Doubt

ALL: tuple[Doubt, ...] = (
    *KEYVAULT,
    *AUTHORIZATION,
    *SQL,
    *COSMOSDB,
    *REDIS,
    *COMPUTE,
    *CONTAINERSERVICE,
    *AI_SERVICES,
    *STORAGE,
)
"""Every doubt of the providers, in the order of the page."""

__all__ = [
    "ACCESS_POLICY_REMOVE",
    "AI_ENCRYPTION_MEANWHILE",
    "AI_ENCRYPTION_PATCH",
    "AI_ENCRYPTION_SHOWN",
    "AI_FREE_TIER",
    "AI_GRANT_SCOPE",
    "AI_NO_RIGHT",
    "AI_OPENAI_ROLES",
    "AI_PLATFORM_SHOWN",
    "AI_REFUSAL_ARRIVES",
    "AI_SERVICES",
    "AI_TRUSTED",
    "AI_USER_ASSIGNED",
    "AI_WAY_BACK",
    "ALL",
    "AUTHORIZATION",
    "COMPUTE",
    "CONTAINERSERVICE",
    "COSMOSDB",
    "COSMOS_FLAGS",
    "COSMOS_IDENTITY_RESETS",
    "COSMOS_KEY_CHANGE",
    "COSMOS_KEY_MEANWHILE",
    "COSMOS_NO_RIGHT",
    "COSMOS_REFUSAL_ARRIVES",
    "DIRECT_DRIVE_IDENTITY",
    "DISK_ACTIVE_SAS",
    "DISK_TO_PLATFORM_KEY",
    "EPHEMERAL_SHOWS_SET",
    "INCREMENTAL_SNAPSHOTS",
    "KEYVAULT",
    "KEY_ON_POLICY_VAULT",
    "KEY_URI_PORT",
    "NETWORK_ACLS_PATCH",
    "PERMISSION_MODEL_RIGHTS",
    "PRINCIPAL_TYPE",
    "REDIS",
    "REDIS_AFTER_FAILURE",
    "REDIS_EMPTY_OBJECT",
    "REDIS_IDENTITY_PATCH",
    "REDIS_KEY_MEANWHILE",
    "REDIS_OPERATION_ENDS",
    "REDIS_PASSES_FIREWALL",
    "REDIS_PLATFORM_SHAPE",
    "REDIS_REFUSAL_ARRIVES",
    "REDIS_VERSION_CHANGE",
    "SET_REFUSAL_ARRIVES",
    "SOFT_DELETED_KEY",
    "SQL",
    "SQL_ANALYTICS_KIND",
    "SQL_GEO_ROLLBACK",
    "SQL_IDENTITY_PATCH",
    "SQL_INACCESSIBLE_READS",
    "SQL_KEY_AGAIN",
    "SQL_KEY_ID",
    "SQL_KEY_MEANWHILE",
    "SQL_MASTER_TDE",
    "SQL_PERMISSION_CODE",
    "SQL_PRIMARY_SWITCH",
    "SQL_PROTECTOR_MEANWHILE",
    "SQL_PROTECTOR_VERSION",
    "SQL_REFUSAL_ARRIVES",
    "SQL_ROTATION_LAG",
    "SQL_UPDATE_NEEDS_PRIMARY",
    "STORAGE",
    "STORAGE_ENCRYPTION_PATCH",
    "STORAGE_IDENTITY_NULL",
    "STORAGE_NO_RIGHT",
    "STORAGE_SCOPE_ALONE",
    "STORAGE_WAY_BACK",
    "VAULT_PATCH_NULL",
]
