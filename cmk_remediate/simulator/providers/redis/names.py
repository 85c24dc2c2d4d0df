"""What the modules of Microsoft.Cache share: types, api-versions, how operations look, and reading clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.bodies import lookup
from cmk_remediate.simulator.declare import Json, LongRunning, Write
from cmk_remediate.simulator.providers.common import parse_key_uri, properties_of

if TYPE_CHECKING:
    from cmk_remediate.simulator.world import World

CLUSTER = "Microsoft.Cache/redisEnterprise"
DATABASE = f"{CLUSTER}/databases"
API_VERSIONS = ("2025-07-01", "2025-04-01", "2024-10-01", "2024-09-01-preview", "2023-11-01", "2023-03-01-preview")
"""azure-mgmt-redisenterprise 3.1.0 asks for the first."""
ENCRYPTION = "properties.encryption"
KEY = f"{ENCRYPTION}.customerManagedKeyEncryption"
RESOURCE_STATE = "properties.resourceState"
USER_ASSIGNED = "userAssignedIdentity"

MAINTENANCE = (300.0, 900.0)
"""Creating clusters took 5 to 8 minutes (recorded by Azure/azure-cli-extensions); for a change of the key nobody
says how long."""
SHORT = (20.0, 60.0)
LATER = 180.0
"""Seconds from the operation's end to Running: our choice; that there are some: hashicorp/terraform-provider-azurerm."""


def key_of(body: Json | None) -> Json:
    """Return the ``customerManagedKeyEncryption`` of a cluster's body; empty where there is none."""
    found: Any = lookup(body or {}, KEY)
    return found if isinstance(found, dict) else {}


def key_url(body: Json | None) -> str:
    """Return the URL of the key a cluster's body names, or empty."""
    return str(key_of(body).get("keyEncryptionKeyUrl") or "")


def reads_with(body: Json | None) -> str:
    """Return the id of the identity that a cluster's body says its key is read with, in lower case, or empty."""
    found = key_of(body).get("keyEncryptionKeyIdentity") or {}
    return str(found.get("userAssignedIdentityResourceId") or "").lower()


def principal_of(world: World, body: Json | None) -> str:
    """Return the object id a cluster reaches its vault with; empty where its identity is not attached."""
    wanted = reads_with(body)
    attached = ((body or {}).get("identity") or {}).get("userAssignedIdentities") or {}
    if wanted not in {name.lower() for name in attached}:
        return ""
    return str(properties_of(world.get(wanted)).get("principalId") or "")


def changes_key(write: Write) -> bool:
    """Say whether *write* leaves a cluster that there was with another key, or another way to it."""
    return write.old is not None and (key_url(write.old), reads_with(write.old)) != (
        key_url(write.new),
        reads_with(write.new),
    )


def disrupts(write: Write) -> bool:
    """Say whether *write* is a maintenance: any change of the key; of its version alone that is in doubt."""
    if not changes_key(write):
        return False
    old, new = parse_key_uri(key_url(write.old)), parse_key_uri(key_url(write.new))
    same = old is not None and new is not None and (old.vault, old.key) == (new.vault, new.key)
    return not same or write.world.doubt(doubts.REDIS_VERSION_CHANGE) == "maintenance"


def operation_of(write: Write) -> LongRunning:
    """Return the operation that *write* starts; resourceState follows it, provisioningState runs with it."""
    early = write.world.doubt(doubts.REDIS_OPERATION_ENDS) == "early"
    failed = write.world.doubt(doubts.REDIS_AFTER_FAILURE) == "update-failed" and not write.creates
    return LongRunning(
        seconds=MAINTENANCE if write.creates or write.method == "DELETE" or disrupts(write) else SHORT,
        path="locations/{location}/operationsStatus/{id}",
        style="resource",
        under="subscription",
        visible=doubts.REDIS_KEY_MEANWHILE,
        retry_after=None,
        end_all_along=True,
        states=("Creating", "Updating"),
        settle_path=RESOURCE_STATE,
        settles=LATER if early and disrupts(write) else 0.0,
        final="Running",
        tells=doubts.REDIS_OPERATION_TELLS,
        fails=((RESOURCE_STATE, "UpdateFailed"), ("properties.provisioningState", "Failed")) if failed else (),
    )
