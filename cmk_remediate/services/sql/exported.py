"""What of Azure SQL a copy of an estate needs: all that `detect` and the steps read."""

from __future__ import annotations

from cmk_remediate.model.inventory import Child, Kind
from cmk_remediate.services.protectors.detect import ADMINISTRATORS
from cmk_remediate.steps.sql.sorts import SERVER

KINDS = (
    Kind(
        SERVER,
        query=ADMINISTRATORS,
        children=(
            Child("encryptionProtector", name="current"),
            Child("keys", "list:keys"),
            Child(
                "databases",
                "list:databases",
                without=("master",),  # the service's own: it has no encryption that could be set
                children=(Child("transparentDataEncryption", name="current"),),
            ),
            Child("failoverGroups", "list:failoverGroups"),
            Child("replicationLinks", "list:replicationLinks"),
        ),
    ),
)
