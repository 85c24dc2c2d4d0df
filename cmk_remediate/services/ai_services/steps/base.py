"""What the steps of one account share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cmk_remediate.steps.on_account import AccountStep


@dataclass(frozen=True)
class AiStep(AccountStep):
    """A step on one account of Microsoft.CognitiveServices; status URLs as recorded by Azure/azure-cli."""

    actions: ClassVar[tuple[str, ...]] = (
        "Microsoft.CognitiveServices/accounts/read",
        "Microsoft.CognitiveServices/accounts/write",
    )
    polling: ClassVar[str] = "Microsoft.CognitiveServices/locations/operationResults/read"
