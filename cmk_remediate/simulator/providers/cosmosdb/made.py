"""What a new account has that nobody asked for: as recorded (Azure/azure-cli, test_cosmosdb_managed_service_identity)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmk_remediate.simulator.bodies import below
from cmk_remediate.simulator.providers.common import display_region, properties_of

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Json, Write

_DEFAULTS: Json = {
    "publicNetworkAccess": "Enabled",
    "enableAutomaticFailover": False,
    "enableMultipleWriteLocations": False,
    "enablePartitionKeyMonitor": False,
    "isVirtualNetworkFilterEnabled": False,
    "virtualNetworkRules": [],
    "EnabledApiTypes": "Sql",
    "disableKeyBasedMetadataWriteAccess": False,
    "enableFreeTier": False,
    "enableAnalyticalStorage": False,
    "analyticalStorageConfiguration": {"schemaType": "WellDefined"},
    "databaseAccountOfferType": "Standard",
    "networkAclBypass": "None",
    "disableLocalAuth": False,
    "consistencyPolicy": {
        "defaultConsistencyLevel": "Session",
        "maxIntervalInSeconds": 5,
        "maxStalenessPrefix": 100,
    },
    "configurationOverrides": {},
    "cors": [],
    "capabilities": [],
    "ipRules": [],
    "backupPolicy": {
        "type": "Periodic",
        "periodicModeProperties": {
            "backupIntervalInMinutes": 240,
            "backupRetentionIntervalInHours": 8,
            "backupStorageRedundancy": "Geo",
        },
    },
    "networkAclBypassResourceIds": [],
}


def made(write: Write) -> Json:
    """Return the properties of the account that *write* creates."""
    asked = {name: value for name, value in properties_of(write.new).items() if name != "createMode" and value != {}}
    return whole(write.id, write.new or {}, {"instanceId": write.world.new_guid("instance", write.id.key), **asked})


def whole(account: ResourceId, body: Json, properties: Json) -> Json:
    """Return *properties* with all that an account has."""
    named = account.name
    asked = properties.get("locations") or [{"locationName": body.get("location")}]
    places = [_place(named, number, one) for number, one in enumerate(asked)]
    short = ("id", "locationName", "failoverPriority")
    lists: dict[str, Any] = {
        "documentEndpoint": f"https://{named}.documents.azure.com:443/",
        "writeLocations": places[:1],
        "readLocations": places,
        "locations": places,
        "failoverPolicies": [{name: one[name] for name in short} for one in places],
    }
    kept = {name: value for name, value in properties.items() if name != "locations"}
    defaults = {name: value for name, value in _DEFAULTS.items() if name != "backupPolicy" or name not in kept}
    return below({**defaults, **lists}, kept)


def _place(account: str, number: int, asked: Json) -> Json:
    region = str(asked.get("locationName") or "")
    stem = f"{account}-{region.replace(' ', '').lower()}"
    return {
        "id": stem,
        "locationName": display_region(region),
        "documentEndpoint": f"https://{stem}.documents.azure.com:443/",
        "provisioningState": "Succeeded",
        "failoverPriority": number,
        "isZoneRedundant": False,
        **{name: value for name, value in asked.items() if name in ("failoverPriority", "isZoneRedundant")},
    }


def unfinished(properties: Json) -> Json:
    """Return *properties* as a GET shows them while the account is being made: without its addresses."""
    if properties.get("provisioningState") != "Creating":
        return properties
    found = {name: value for name, value in properties.items() if name != "documentEndpoint"}
    for name in ("writeLocations", "readLocations", "locations"):
        found[name] = [
            {key: value for key, value in one.items() if key != "documentEndpoint"} | {"provisioningState": "Creating"}
            for one in found.get(name) or ()
        ]
    return found
