"""What about the plan's vault and key refuses every service alike; pure, and each refusal names the property that forbids it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.model.decisions import Blocked
from cmk_remediate.model.json_types import at_path, merge_patch
from cmk_remediate.steps import key_state, network, vault_state

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.steps.key_facts import KeyFacts


@dataclass(frozen=True)
class Wanted:
    """What a service and its plan want of a key.

    Attributes:
        service: which service is to use it.
        tenant: the plan's tenant id.
        cloud: the plan's cloud.
        declared_type: the type a key would be made with.
        types: the values of ``kty`` the service takes.
        sizes: the lengths in bits it takes.
        private_endpoint: the service reaches the vault by private endpoint.
        bypass: what the plan sets the vault's bypass to; None to leave it.
        default_action: what the vault's firewall is set to at the end; None to leave it.
        public_network_access: what public access is set to at the end; None to leave it.
    """

    service: network.ServiceKind
    tenant: str
    cloud: str
    declared_type: str
    types: tuple[str, ...]
    sizes: tuple[int, ...]
    private_endpoint: bool
    bypass: str | None = None
    default_action: str | None = None
    public_network_access: str | None = None


def judge(facts: KeyFacts, key: ResourceId, wanted: Wanted, now: datetime) -> Iterator[Blocked]:
    """Yield what about *key* and its vault refuses the service."""
    vault = key.top_level
    if facts.refused:
        yield Blocked(codes.vault.KEY_UNREADABLE, facts.refused, resource=vault.text)
        return
    if facts.vault is None:
        yield vault_state.absent(vault, facts.deleted)
        return
    state = vault_state.judge_vault(vault, facts.vault, wanted.tenant)
    if isinstance(state, Blocked):
        yield state
    sku = at_path(facts.vault, "properties.sku.name")
    if facts.body is not None:
        unusable = key_state.judge_key(key, facts.body, now, types=wanted.types, sizes=wanted.sizes)
        if unusable is not None:
            yield unusable
    elif wanted.declared_type == "RSA-HSM" and str(sku).lower() != "premium":
        why = f"properties.sku.name of {vault.name} is {sku} and key.type is RSA-HSM"
        yield Blocked(codes.vault.HSM_KEY_NEEDS_PREMIUM, why, resource=vault.text)
    verdict = reaches(vault, facts.vault, wanted)
    if isinstance(verdict, network.Refuse):
        yield verdict.blocked


def reaches(vault: ResourceId, body: JsonObject, wanted: Wanted) -> network.Verdict:
    """Say whether the service reaches *vault*, as it will be before the switch and as it will be once restricted."""
    if wanted.bypass is not None:
        body = merge_patch(body, {"properties": {"networkAcls": {"bypass": wanted.bypass}}})
    after = body
    if wanted.default_action is not None:
        after = merge_patch(after, {"properties": {"networkAcls": {"defaultAction": wanted.default_action}}})
    if wanted.public_network_access is not None:
        after = merge_patch(after, {"properties": {"publicNetworkAccess": wanted.public_network_access}})
    verdicts = [
        network.judge(vault, one, wanted.service, private_endpoint=wanted.private_endpoint, cloud=wanted.cloud)
        for one in (body, after)
    ]
    return network.worse(*verdicts)
