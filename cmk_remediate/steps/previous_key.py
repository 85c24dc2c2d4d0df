"""Whether a rollback could return to the customer key that is in use before a switch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.steps import key_state, network, vault_state

if TYPE_CHECKING:
    from datetime import datetime

    from cmk_remediate.steps.key_facts import KeyFacts


def way_back(
    current: KeyFacts | None, service: network.ServiceKind, types: tuple[str, ...], now: datetime
) -> str | None:
    """Return why *service* could not return to the key in *current*; empty where it could; None where there is none.

    It is judged as a new one is: usable, its vault recoverable and within reach.
    """
    if current is None or current.key is None:
        return None
    if current.vault is None or current.body is None:
        return f"the previous key {current.key.name} does not exist any more"
    unusable = key_state.judge_key(current.key, current.body, now, types=types)
    if unusable is not None:
        return unusable.why
    vault = current.key.top_level
    if not vault_state.is_protected(current.vault):
        return f"the previous key's vault {vault.name} lacks soft delete or purge protection"
    verdict = network.judge(vault, current.vault, service)
    return verdict.blocked.why if isinstance(verdict, network.Refuse) else ""
