"""Who reaches the vault: whether a service can use a key behind the vault's network settings.

Facts: learn.microsoft.com, "Virtual network service endpoints for Azure Key Vault" (the table of trusted services:
SQL, storage and disks are in it; Cosmos DB, Redis and AI services are not named), "Configure network security for
Azure Key Vault" (``publicNetworkAccess`` Disabled does not close the bypass; ``SecuredByPerimeter`` does), "Configure
customer-managed keys for Azure Cosmos DB" (the vault must be public or let trusted services pass). That the bypass
works in other clouds is unconfirmed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from cmk_remediate import codes
from cmk_remediate.model.decisions import Acceptance, Blocked, Line
from cmk_remediate.steps import vault_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.model.ids import ResourceId

ServiceKind = Literal["sql", "managed-instance", "storage", "disks", "cosmos", "redis", "ai"]
TRUSTED: tuple[ServiceKind, ...] = ("sql", "managed-instance", "storage", "disks")
"""Services that Azure's table names as passing the firewall."""


@dataclass(frozen=True)
class Go:
    """The service reaches the vault."""

    why: str


@dataclass(frozen=True)
class Acknowledge:
    """The service may reach the vault; nobody has confirmed it, so it is accepted by name."""

    acceptance: Acceptance
    why: str


@dataclass(frozen=True)
class Refuse:
    """The service does not reach the vault."""

    blocked: Blocked


Verdict: TypeAlias = Go | Acknowledge | Refuse


def judge(
    vault: ResourceId,
    body: Mapping[str, Any],
    service: ServiceKind,
    *,
    private_endpoint: bool = False,
    cloud: str = "AzureCloud",
    perimeter_rule: bool = False,
) -> Verdict:
    """Say whether *service* reaches *vault* with the network settings in *body*.

    Args:
        vault: its id.
        body: as found, or as it will be.
        service: which service is to use a key in it.
        private_endpoint: the plan says that the service has a private endpoint to the vault; only Azure SQL is
            believed.
        cloud: ``AzureCloud``, ``AzureUSGovernment`` or ``AzureChinaCloud``.
        perimeter_rule: the plan names the rule of the network security perimeter that admits the service.
    """
    public, passes = vault_state.public_network_access(body), vault_state.bypass(body) == "AzureServices"
    if public == "SecuredByPerimeter":
        if perimeter_rule and service in TRUSTED:
            return Go("the plan names the perimeter rule that admits the service")
        return _refuse(
            vault, service, "properties.publicNetworkAccess is SecuredByPerimeter, which closes the bypass too"
        )
    if vault_state.is_open(body):
        return Go("the vault is open to every network")
    closed = (
        "properties.publicNetworkAccess is Disabled"
        if public == "Disabled"
        else "properties.networkAcls.defaultAction is Deny"
    )
    if not passes:
        if service == "sql" and private_endpoint:
            return Go("the plan says that the server reaches the vault by private endpoint")
        return _refuse(vault, service, f"{closed} and properties.networkAcls.bypass is None")
    if service == "cosmos":
        if public == "Disabled":
            return _refuse(vault, service, f"{closed}, which Cosmos DB does not pass")
        return Go("Cosmos DB passes a firewall whose bypass is AzureServices")
    if service in TRUSTED and cloud == "AzureCloud":
        return Go("the service is one of those that pass the firewall (bypass AzureServices)")
    doubt = f"in {cloud}" if service in TRUSTED else "for this service"
    return Acknowledge(
        Acceptance("bypass-unconfirmed", vault, "unconfirmed"),
        f"{closed}; that the bypass lets it in is not confirmed {doubt}",
    )


def worse(one: Verdict, other: Verdict) -> Verdict:
    """Return the worse of two verdicts, the first where they are equal; for before and after a vault is restricted."""
    rank = {Go: 0, Acknowledge: 1, Refuse: 2}
    return other if rank[type(other)] > rank[type(one)] else one


def relied_on(unconfirmed: ResourceId | None) -> tuple[Line, ...]:
    """Return the line that a doubtful way through the firewall of the vault *unconfirmed* is accepted by; none without one."""
    if unconfirmed is None:
        return ()
    accept = Acceptance("bypass-unconfirmed", unconfirmed, "unconfirmed")
    return (Line("networkAcls.bypass", "AzureServices", "AzureServices", "relied_on", acceptance=accept),)


def _refuse(vault: ResourceId, service: ServiceKind, why: str) -> Refuse:
    return Refuse(
        Blocked(codes.vault.NETWORK_REFUSES, f"{service} cannot reach {vault.name}: {why}", resource=vault.text)
    )
