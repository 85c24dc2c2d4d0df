"""How the embedded Azure behaves: every switch by name, with realistic defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

Range = tuple[float, float]
"""From, to; drawn from by seed."""


@dataclass(frozen=True)
class Cloud:
    """The hosts of one Azure cloud.

    Attributes:
        arm: host of Azure Resource Manager.
        login: host of the authority, as the 401 challenge names it.
        suffixes: host suffixes of the data planes.
        arm_audiences: the token audiences Azure Resource Manager accepts.
    """

    arm: str
    login: str
    suffixes: Mapping[str, str]
    arm_audiences: tuple[str, ...]


# Host names: learn.microsoft.com, "Key Vault security overview" and the Azure China and US Government developer guides.
CLOUDS: Mapping[str, Cloud] = {
    "AzureCloud": Cloud(
        "management.azure.com",
        "login.microsoftonline.com",
        {"vault": "vault.azure.net", "sql": "database.windows.net", "storage": "core.windows.net"},
        ("https://management.azure.com", "https://management.core.windows.net"),
    ),
    "AzureUSGovernment": Cloud(
        "management.usgovcloudapi.net",
        "login.microsoftonline.us",
        {"vault": "vault.usgovcloudapi.net", "sql": "database.usgovcloudapi.net", "storage": "core.usgovcloudapi.net"},
        ("https://management.usgovcloudapi.net", "https://management.core.usgovcloudapi.net"),
    ),
    "AzureChinaCloud": Cloud(
        "management.chinacloudapi.cn",
        "login.chinacloudapi.cn",
        {"vault": "vault.azure.cn", "sql": "database.chinacloudapi.cn", "storage": "core.chinacloudapi.cn"},
        ("https://management.chinacloudapi.cn", "https://management.core.chinacloudapi.cn"),
    ),
}


@dataclass(frozen=True)
class Settings:
    """What the embedded Azure models, and how strongly.

    A switch of a provider is not a field here: it stands in `switches` by its declared name.

    Attributes:
        cloud: which cloud's hosts exist.
        latency: seconds a request takes, there and back.
        throttle: whether token buckets limit requests.
        reads: bucket size and refill a second for reads, polls included.
        writes: the same for PUT, PATCH and POST.
        deletes: the same for DELETE.
        eventual_reads: whether reads and lists may answer the state before a write for a while.
        eventual: how long, in seconds.
        late_rbac: whether a new grant, and the loss of one, takes effect late.
        rbac_delay: how late a new grant takes effect.
        rbac_removal_delay: how late the removal of one does.
        rbac_cache: seconds for which a data plane keeps a decision, per principal and key; 0 for no cache.
        late_directory: whether a new principal is unknown to the directory for a while.
        directory_delay: how long.
        access_policy_delay: how late a new access policy entry takes effect.
        vault_delay: how late a vault's network rules and protection take effect (providers ask `World.as_of`).
        abac: whether conditions on role assignments are enforced.
        deny_assignments: whether deny assignments are enforced.
        policy_deny: whether policies with the effect deny refuse writes.
        policy_modify: whether policies with the effect modify change what is written.
        locks: whether management locks are enforced.
        status_rights: whether reading an operation's status needs rights at the scope of its URL.
        status_starter_only: whether only the principal that started an operation may read its status.
        status_kept: seconds until an operation's status is gone; 0 for never.
        operation_seconds: how long every operation takes, instead of what its type declares; None for that.
        token_seconds: how long a token is good for on the embedded Azure's clock, then a 401 with a claims challenge; 0 for ever
            (SDKs renew tokens by the machine's clock, which virtual time outruns).
        clock_skew: seconds by which the caller's clock is ahead of Azure's.
        id_casing: how ids in answers are spelled: ``kept``, or ``lower-groups`` for providers that write ``resourcegroups``.
        identity_spelling: ``sent``, ``spaced`` (``SystemAssigned, UserAssigned``) or ``unspaced``.
        switches: switches of the providers, by name, that differ from their default.
    """

    cloud: str = "AzureCloud"
    latency: float = 0.05
    throttle: bool = True
    reads: tuple[int, float] = (250, 25.0)
    writes: tuple[int, float] = (200, 10.0)
    deletes: tuple[int, float] = (200, 10.0)
    eventual_reads: bool = True
    eventual: Range = (0.0, 10.0)
    late_rbac: bool = True
    rbac_delay: Range = (5.0, 300.0)
    rbac_removal_delay: Range = (5.0, 300.0)
    rbac_cache: float = 20.0
    late_directory: bool = True
    directory_delay: Range = (0.0, 90.0)
    access_policy_delay: Range = (0.0, 20.0)
    vault_delay: Range = (0.0, 30.0)
    abac: bool = True
    deny_assignments: bool = True
    policy_deny: bool = True
    policy_modify: bool = True
    locks: bool = True
    status_rights: bool = True
    status_starter_only: bool = False
    status_kept: float = 86400.0
    operation_seconds: float | None = None
    token_seconds: float = 0.0
    clock_skew: float = 0.0
    id_casing: str = "kept"
    identity_spelling: str = "sent"
    switches: Mapping[str, bool] = field(default_factory=dict)

    @classmethod
    def immediate(cls, **changes: Any) -> Settings:
        """Return settings under which everything takes effect at once and nothing is throttled, less *changes*."""
        return replace(
            cls(
                throttle=False,
                eventual_reads=False,
                late_rbac=False,
                rbac_cache=0.0,
                late_directory=False,
                access_policy_delay=(0.0, 0.0),
                vault_delay=(0.0, 0.0),
            ),
            **changes,
        )

    def with_(self, **changes: Any) -> Settings:
        """Return these settings with *changes*."""
        return replace(self, **changes)

    def to_json(self) -> dict[str, Any]:
        """Return the settings as JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Settings:
        """Return the settings written in *data*; what it does not name has its default.

        Raises:
            ValueError: a name is not a setting's.
        """
        known = {one.name for one in fields(cls)}
        unknown = sorted(set(data) - known)
        if unknown:
            raise ValueError(f"no such setting: {', '.join(unknown)}")
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
        }
        return cls(**values)
