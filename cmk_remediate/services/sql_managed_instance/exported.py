"""What of a managed instance a copy of an estate needs: all that `detect` and the steps read."""

from __future__ import annotations

from cmk_remediate.model.inventory import Child, Kind
from cmk_remediate.services.protectors.detect import ADMINISTRATORS
from cmk_remediate.steps.sql.sorts import INSTANCE

KINDS = (
    Kind(
        INSTANCE,
        query=ADMINISTRATORS,
        children=(
            Child("encryptionProtector", name="current"),
            Child("keys", "list:keys"),
            Child("databases", "list:databases", children=(Child("transparentDataEncryption", name="current"),)),
        ),
        in_region=(Child("instanceFailoverGroups", "list:instanceFailoverGroups"),),
    ),
)
