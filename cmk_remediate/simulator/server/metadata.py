"""What a client asks before it trusts a cloud: ``/metadata/endpoints``.

Shapes: the answers of https://management.azure.com/metadata/endpoints, which needs no token; azure-cli-core reads the list form
(2019-05-01) and the single object (2022-09-01) in ``azure/cli/core/cloud.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator.declare import ArmError
from cmk_remediate.simulator.wire import Outgoing, refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.simulator.declare import Json
    from cmk_remediate.simulator.settings import Cloud

LIST_VERSION = "2019-05-01"
OBJECT_VERSION = "2022-09-01"

# azure-cli-core, cloud.py: the suffixes and endpoints of the three clouds.
_SUFFIXES: Mapping[str, Mapping[str, str]] = {
    "AzureCloud": {
        "mhsmDns": "managedhsm.azure.net",
        "storage": "core.windows.net",
        "acrLoginServer": "azurecr.io",
        "mysqlServerEndpoint": "mysql.database.azure.com",
        "postgresqlServerEndpoint": "postgres.database.azure.com",
        "storageSyncEndpointSuffix": "afs.azure.net",
    },
    "AzureUSGovernment": {
        "mhsmDns": "managedhsm.usgovcloudapi.net",
        "storage": "core.usgovcloudapi.net",
        "acrLoginServer": "azurecr.us",
        "mysqlServerEndpoint": "mysql.database.usgovcloudapi.net",
        "postgresqlServerEndpoint": "postgres.database.usgovcloudapi.net",
        "storageSyncEndpointSuffix": "afs.azure.us",
    },
    "AzureChinaCloud": {
        "mhsmDns": "managedhsm.azure.cn",
        "storage": "core.chinacloudapi.cn",
        "acrLoginServer": "azurecr.cn",
        "mysqlServerEndpoint": "mysql.database.chinacloudapi.cn",
        "postgresqlServerEndpoint": "postgres.database.chinacloudapi.cn",
        "storageSyncEndpointSuffix": "afs.azure.cn",
    },
}
_ENDPOINTS: Mapping[str, Mapping[str, str]] = {
    "AzureCloud": {
        "portal": "https://portal.azure.com",
        "graph": "https://graph.windows.net/",
        "media": "https://rest.media.azure.net",
        "batch": "https://batch.core.windows.net/",
        "sqlManagement": "https://management.core.windows.net:8443/",
        "microsoftGraphResourceId": "https://graph.microsoft.com/",
        "logAnalyticsResourceId": "https://api.loganalytics.io",
    },
    "AzureUSGovernment": {
        "portal": "https://portal.azure.us",
        "graph": "https://graph.windows.net/",
        "media": "https://rest.media.usgovcloudapi.net",
        "batch": "https://batch.core.usgovcloudapi.net/",
        "sqlManagement": "https://management.core.usgovcloudapi.net:8443/",
        "microsoftGraphResourceId": "https://graph.microsoft.us/",
        "logAnalyticsResourceId": "https://api.loganalytics.us",
    },
    "AzureChinaCloud": {
        "portal": "https://portal.azure.cn",
        "graph": "https://graph.chinacloudapi.cn/",
        "media": "https://rest.media.chinacloudapi.cn",
        "batch": "https://batch.chinacloudapi.cn/",
        "sqlManagement": "https://management.core.chinacloudapi.cn:8443/",
        "microsoftGraphResourceId": "https://microsoftgraph.chinacloudapi.cn",
        "logAnalyticsResourceId": "https://api.loganalytics.azure.cn",
    },
}


def answer(name: str, cloud: Cloud, version: str, arm: str, login: str) -> Outgoing:
    """Answer for the cloud *name* as a client that reaches it at *arm* and its authority at *login* has to see it."""
    if version not in (LIST_VERSION, OBJECT_VERSION):
        text = f"The api-version '{version}' is invalid. Supported are '{LIST_VERSION}' and '{OBJECT_VERSION}'."
        return refused(ArmError(400, "InvalidApiVersionParameter", text, "unconfirmed"))
    found = document(name, cloud, arm, login)
    return Outgoing(200, [found] if version == LIST_VERSION else found, read=True)


def document(name: str, cloud: Cloud, arm: str, login: str) -> Json:
    """Return the description of one cloud."""
    endpoints = _ENDPOINTS[name]
    return {
        **endpoints,
        "name": name,
        "resourceManager": f"{arm}/",
        "graphAudience": endpoints["graph"],
        "authentication": {
            "loginEndpoint": login,
            "audiences": [f"{one}/" for one in reversed(cloud.arm_audiences)],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "suffixes": {
            **_SUFFIXES[name],
            "keyVaultDns": cloud.suffixes["vault"],
            "sqlServerHostname": cloud.suffixes["sql"],
        },
    }
