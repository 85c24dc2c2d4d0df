"""Azure AI services."""

from __future__ import annotations

from cmk_remediate.connection.rowsets.wording import GROUP, SUBSCRIPTION, sdk

_AI = ("azure.mgmt.cognitiveservices.aio:CognitiveServicesManagementClient", "2025-09-01")

_ACCOUNT = "microsoft.cognitiveservices/accounts"
_OF_ACCOUNT = "resource_group_name=group account_name=name"

ROWS = (
    sdk(_AI, _ACCOUNT, "get", "accounts.get", _OF_ACCOUNT),
    sdk(_AI, _ACCOUNT, "patch", "accounts.begin_update", f"{_OF_ACCOUNT} account=body"),
    sdk(_AI, GROUP, "list:accounts", "accounts.list_by_resource_group", "resource_group_name=group"),
    sdk(_AI, SUBSCRIPTION, "list:accounts", "accounts.list", ""),
)
