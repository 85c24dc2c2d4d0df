"""What the steps of one account share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cmk_remediate.model.decisions import Caution, Estimate
from cmk_remediate.steps.on_account import AccountStep

ESTIMATE = Estimate(usual=30, worst=2400)
"""Seconds that setting a key takes: a PATCH of seconds to minutes, three tries five minutes apart, ten minutes until it shows."""
CAUTION = Caution(tries=3, pause=300, echo=600)
"""There is no harmless request that tries the access; and the account may not show its key right after the operation
(hashicorp/terraform-provider-azurerm issue 23353). The figures are our choice."""


@dataclass(frozen=True)
class AiStep(AccountStep):
    """A step on one account of Microsoft.CognitiveServices; status URLs as recorded by Azure/azure-cli."""

    actions: ClassVar[tuple[str, ...]] = (
        "Microsoft.CognitiveServices/accounts/read",
        "Microsoft.CognitiveServices/accounts/write",
    )
    polling: ClassVar[str] = "Microsoft.CognitiveServices/locations/operationResults/read"
