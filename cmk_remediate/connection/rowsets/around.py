"""Groups, subscriptions, diagnostic settings, Resource Graph and policy."""

from __future__ import annotations

from cmk_remediate.connection.catalog import ANY
from cmk_remediate.connection.rowsets.wording import GROUP, REST, SEARCH, SUBSCRIPTION, path, sdk

_RESOURCES = ("azure.mgmt.resource.resources.aio:ResourceManagementClient", "2025-04-01")
_POLICY = ("azure.mgmt.policyinsights.aio:PolicyInsightsClient", "2020-07-01")

ROWS = (
    sdk(_RESOURCES, GROUP, "get", "resource_groups.get", "resource_group_name=group"),
    sdk(_RESOURCES, SUBSCRIPTION, "provider", "providers.get", "resource_provider_namespace=query.namespace"),
    path(
        ANY,
        "list:diagnosticSettings",
        "/{id}/providers/Microsoft.Insights/diagnosticSettings",
        "2021-05-01-preview",
        f"{REST}Azure Monitor: Diagnostic Settings - List",
    ),
    path(
        ANY,
        "list:metrics",
        "/{id}/providers/Microsoft.Insights/metrics",
        "2018-01-01",
        f"{REST}Azure Monitor: Metrics - List",
        filtered=True,
        takes=("metricnames", "timespan", "interval", "aggregation"),
    ),
    path(SUBSCRIPTION, "get", "/{id}", "2022-12-01", f"{REST}Subscriptions - Get"),
    path(
        "microsoft.management/managementgroups",
        "list:descendants",
        "/{id}/descendants",
        "2020-05-01",
        f"{REST}Management Groups - Get Descendants",
    ),
    # Without `subscriptions` in the body it is asked of all that the caller may read in the tenant.
    path(
        ANY,
        SEARCH,
        "/providers/Microsoft.ResourceGraph/resources",
        "2021-03-01",
        f"{REST}Azure Resource Graph: Resources - Resources",
    ),
    sdk(
        _POLICY,
        ANY,
        "check-policy",
        "policy_restrictions.check_at_resource_group_scope",
        "resource_group_name=group parameters=body",
    ),
    sdk(_POLICY, SUBSCRIPTION, "check-policy", "policy_restrictions.check_at_subscription_scope", "parameters=body"),
    path(
        ANY,
        "list:policyAssignments",
        "/{id}/providers/Microsoft.Authorization/policyAssignments",
        "2022-06-01",
        f"{REST}Policy Assignments - List For Resource",
    ),
    path(
        SUBSCRIPTION,
        "built-in-policy-definition",
        "/providers/Microsoft.Authorization/policyDefinitions/{query.name}",
        "2021-06-01",
        f"{REST}Policy Definitions - Get Built In",
    ),
    path(
        "microsoft.authorization/policydefinitions",
        "get",
        "/{id}",
        "2021-06-01",
        f"{REST}Policy Definitions - Get",
    ),
    path(
        "microsoft.authorization/policysetdefinitions",
        "get",
        "/{id}",
        "2021-06-01",
        f"{REST}Policy Set Definitions - Get",
    ),
)
