"""How the operations of managed instances look."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cmk_remediate.simulator.providers.sql.names import KEY_OPERATION, PROTECTOR_OPERATION

if TYPE_CHECKING:
    from cmk_remediate.simulator.declare import LongRunning

# The last segments: resource types that the provider lists (learn.microsoft.com, "Move operation support for resources",
# Microsoft.Sql); that validating and starting have one of their own is unconfirmed.


def _of(operation: LongRunning, name: str, kind: str) -> LongRunning:
    return replace(
        operation,
        name=name,
        path=f"locations/{{location}}/{kind}AzureAsyncOperation/{{id}}",
        result_path=f"locations/{{location}}/{kind}OperationResults/{{id}}",
    )


KEY = _of(KEY_OPERATION, "UpsertManagedServerEncryptionKeys", "managedInstanceKey")
PROTECTOR = _of(PROTECTOR_OPERATION, "UpsertManagedServerEncryptionProtector", "managedInstanceEncryptionProtector")
DELETE_KEY = replace(KEY, name="DeleteManagedServerEncryptionKeys", visible="after")
REVALIDATE = replace(PROTECTOR, name="RevalidateManagedServerEncryptionProtector", visible="after")
INSTANCE = replace(
    _of(KEY_OPERATION, "UpsertManagedServer", "managedInstance"),
    seconds=(30.0, 180.0),
    visible="after",
    states=("Creating", "InProgress"),
)
"""The name: learn.microsoft.com, "Overview of Azure SQL Managed Instance management operations"; how long a change of identity
takes is unconfirmed."""
VALIDATE = replace(INSTANCE, name="ValidateAzureKeyVaultEncryptionKey", seconds=(2.0, 10.0), states=("", ""), gone=200)
START = replace(
    INSTANCE,
    name="StartManagedInstance",
    seconds=(900.0, 1500.0),
    states=("Starting", "Starting"),
    settle_path="properties.state",
    final="Ready",
)
"""About 20 minutes: learn.microsoft.com, "Stop and start an instance - Azure SQL Managed Instance"; so is the next."""
STOP = replace(
    START, name="StopManagedInstance", seconds=(300.0, 480.0), states=("Stopping", "Stopping"), final="Stopped"
)
GROUP = _of(INSTANCE, "UpsertInstanceFailoverGroup", "instanceFailoverGroup")
