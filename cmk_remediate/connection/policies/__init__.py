"""The one list of pipeline policies that every client is built with.

In order: what the call carries, the end of the SDK's part in an answer, the hosts and paths we may ask, the read-only guard,
retries (of reads only), pacing, the token, the permit, the log. There are no redirects and no provider registration: the SDKs'
policy for that writes to the subscription (`azure.mgmt.core.policies.AsyncARMAutoResourceProviderRegistrationPolicy`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmk_remediate.connection.policies.guard import GuardPolicy
from cmk_remediate.connection.policies.hook import HookPolicy
from cmk_remediate.connection.policies.hosts import HostsPolicy
from cmk_remediate.connection.policies.log import LogPolicy
from cmk_remediate.connection.policies.pace import PacePolicy
from cmk_remediate.connection.policies.paths import PathsPolicy
from cmk_remediate.connection.policies.permit import PermitPolicy
from cmk_remediate.connection.policies.request_id import RequestIdPolicy
from cmk_remediate.connection.policies.retry import RetryPolicy
from cmk_remediate.connection.policies.token import TokenPolicy

if TYPE_CHECKING:
    from collections.abc import Collection

    from cmk_remediate.connection.azure_clock import AzureClock
    from cmk_remediate.connection.clouds import Cloud
    from cmk_remediate.connection.pacing import Pacing
    from cmk_remediate.connection.tokens import Tokens
    from cmk_remediate.connection.traffic import Traffic
    from cmk_remediate.model.protocols import Connection


def policy_list(
    connection: Connection,
    cloud: Cloud,
    *,
    vault_hosts: set[str],
    subscriptions: Collection[str] | None,
    read_only: bool,
    azure_clock: AzureClock,
    pacing: Pacing,
    tokens: Tokens,
    traffic: Traffic,
) -> list[Any]:
    """Return new policies, in order; a pipeline links them, so each client needs its own."""
    return [
        RequestIdPolicy(),
        HookPolicy(),
        HostsPolicy(cloud, vault_hosts),
        PathsPolicy(subscriptions),
        GuardPolicy(read_only=read_only),
        RetryPolicy(connection.clock),
        PacePolicy(pacing, azure_clock),
        TokenPolicy(cloud, tokens),
        PermitPolicy(),
        LogPolicy(connection.clock, azure_clock, traffic),
    ]
