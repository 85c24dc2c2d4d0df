"""Keys and protector of a managed instance: as a server's, but every key has its version."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cmk_remediate.simulator.declare import SYNC, Action, Answer, ArmError, Json, Reply, Rule, Schedule, Write
from cmk_remediate.simulator.providers.common import parse_key_uri, properties_of
from cmk_remediate.simulator.providers.sql import protector, serverkeys
from cmk_remediate.simulator.providers.sql.names import INSTANCE_KEY, INSTANCE_PROTECTOR, refusal
from cmk_remediate.simulator.providers.sql_instances import operations
from cmk_remediate.simulator.providers.sql_instances.running import RUNNING

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.world import World


def _versioned(write: Write) -> ArmError | None:
    """Refuse a key without version: learn.microsoft.com, "TDE with customer-managed key" (logical servers only)."""
    uri = parse_key_uri(str(properties_of(write.sent).get("uri") or ""))
    if uri is None or uri.versioned:
        return None
    text = "The operation could not be completed because of an invalid Server Key name."
    return refusal(400, "SecurityAzureKeyVaultInvalidKeyName", text)


def _shown(_resource: ResourceId, body: Json, _world: World) -> Json:
    """Return a key or a protector as it is shown: the models of managed instances have neither version nor location."""
    properties = {name: value for name, value in properties_of(body).items() if name != "keyVersion"}
    return {name: value for name, value in body.items() if name != "location"} | {"properties": properties}


KEYS = replace(
    serverkeys.KEYS,
    type=INSTANCE_KEY,
    answers={
        "GET": SYNC,
        "LIST": SYNC,
        "PUT": Answer(status=202, created=202, body="operation", operation=operations.KEY),
        "DELETE": Answer(status=202, body="operation", operation=operations.DELETE_KEY),
    },
    since={},
    on_read=_shown,
    rules=(RUNNING, Rule(_versioned), *serverkeys.KEYS.rules),
)
"""azure-mgmt-sql ManagedInstanceKeysOperations."""


def _revalidate(write: Write) -> Reply | ArmError:
    follows = (Schedule(0.0, protector.REVALIDATED, {"server": str(write.id.top_level)}),)
    return Reply(status=202, changes=follows, operation=operations.REVALIDATE)


PROTECTORS = replace(
    protector.PROTECTORS,
    type=INSTANCE_PROTECTOR,
    answers={
        "GET": SYNC,
        "LIST": SYNC,
        "PUT": Answer(status=202, created=202, body="operation", operation=operations.PROTECTOR),
    },
    since={"properties.thumbprint": "2024-11-01"},
    on_read=_shown,
    rules=(RUNNING, *protector.PROTECTORS.rules),
    actions=(Action("revalidate", _revalidate),),
)
"""azure-mgmt-sql ManagedInstanceEncryptionProtectorsOperations; its model has no key version."""
