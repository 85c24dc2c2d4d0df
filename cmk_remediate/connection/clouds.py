"""The clouds, and every host name and token audience we use in each."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.model.ids import ResourceId


@dataclass(frozen=True)
class Cloud:
    """One Azure cloud.

    Sources: `azure.mgmt.core.tools.get_arm_endpoints` for Resource Manager and its audience,
    `azure.identity.AzureAuthorityHosts` for the authority, learn.microsoft.com "Azure Key Vault security" (DNS suffixes of the
    clouds) for vaults.

    Attributes:
        name: as in plan files.
        arm: the endpoint of Azure Resource Manager, without a trailing slash.
        arm_scope: what a token for it is asked for.
        vault_suffix: the DNS suffix of vaults.
        vault_scope: what a token for a vault's data plane is asked for.
        authority: the host that signs in.
    """

    name: str
    arm: str
    arm_scope: str
    vault_suffix: str
    vault_scope: str
    authority: str

    @property
    def arm_host(self) -> str:
        """The host of `arm`, in lower case."""
        return self.arm.removeprefix("https://").lower()

    def vault_host(self, vault: ResourceId) -> str:
        """Return the host of the data plane of *vault* (or of the vault that a key's id names), in lower case."""
        return f"{vault.names[0].lower()}.{self.vault_suffix}"

    def scope_for(self, host: str) -> str:
        """Return what a token for *host* is asked for; hosts were checked before."""
        return self.arm_scope if host == self.arm_host else self.vault_scope


CLOUDS: Mapping[str, Cloud] = MappingProxyType(
    {
        one.name: one
        for one in (
            Cloud(
                "AzureCloud",
                "https://management.azure.com",
                "https://management.azure.com/.default",
                "vault.azure.net",
                "https://vault.azure.net/.default",
                "login.microsoftonline.com",
            ),
            Cloud(
                "AzureUSGovernment",
                "https://management.usgovcloudapi.net",
                "https://management.core.usgovcloudapi.net/.default",
                "vault.usgovcloudapi.net",
                "https://vault.usgovcloudapi.net/.default",
                "login.microsoftonline.us",
            ),
            Cloud(
                "AzureChinaCloud",
                "https://management.chinacloudapi.cn",
                "https://management.chinacloudapi.cn/.default",
                "vault.azure.cn",
                "https://vault.azure.cn/.default",
                "login.chinacloudapi.cn",
            ),
        )
    }
)
"""The clouds by name."""


def cloud_named(name: str) -> Cloud:
    """Return the cloud *name*.

    Raises:
        InputError: CMK102 when there is no such cloud.
    """
    if name not in CLOUDS:
        raise InputError(
            codes.input_.PLAN_INVALID,
            f"{name!r} is not a cloud",
            resource="cloud",
            hint=f"Use one of {', '.join(CLOUDS)}.",
        )
    return CLOUDS[name]
