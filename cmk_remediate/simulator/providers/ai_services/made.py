"""What an account has that nobody asked for: as recorded (Azure/azure-cli, test_cognitiveservices_identity)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator.bodies import below

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Json


def whole(account: ResourceId, body: Json, properties: Json) -> Json:
    """Return *properties* with all that an account has."""
    region = str(body.get("location") or "").replace(" ", "").lower()
    named = str(properties.get("customSubDomainName") or "")
    kind = str(body.get("kind") or account.name)
    host = f"{named}.cognitiveservices.azure.com" if named else f"{region}.api.cognitive.microsoft.com"
    defaults = {
        "endpoint": f"https://{host}/",
        "isMigrated": False,
        "privateEndpointConnections": [],
        "publicNetworkAccess": "Enabled",
        "capabilities": [
            {"name": "VirtualNetworks"},
            {"name": "CustomerManagedKey"},
            {"name": "Container", "value": f"{kind}.*"},
        ],
        "endpoints": {kind: f"https://{host}/", "Container": f"https://{host}/"},
        "callRateLimit": {
            "rules": [
                {
                    "key": "default",
                    "renewalPeriod": 1,
                    "count": 30,
                    "dynamicThrottlingEnabled": True,
                    "matchPatterns": [{"path": "*", "method": "*"}],
                }
            ]
        },
    }
    return below({name: value for name, value in defaults.items() if name not in properties}, properties)
