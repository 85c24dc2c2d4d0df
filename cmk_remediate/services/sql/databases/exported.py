"""What of databases with keys of their own a copy of an estate needs: all that `detect` and the steps read."""

from __future__ import annotations

from cmk_remediate.model.inventory import Child, Kind
from cmk_remediate.services.sql.databases.body import DATABASE

KINDS = (
    Kind(
        DATABASE,
        query=(("expand", "keys"),),
        children=(
            Child("transparentDataEncryption", name="current"),
            Child("backupLongTermRetentionPolicies", name="default"),
            Child("replicationLinks", "list:replicationLinks"),
        ),
    ),
)
