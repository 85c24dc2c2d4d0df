"""What an account's kind allows; pure data, each row with its source.

FOUNDRY: learn.microsoft.com, "Customer-managed keys for Microsoft Foundry", and microsoft-foundry/foundry-samples, the template
with customer-managed keys and a user-assigned identity. OPENAI: learn.microsoft.com, "Azure OpenAI encryption of data at rest".
OLDER: learn.microsoft.com, "Customer-managed keys with Azure Key Vault" of the single services (Language, Document
Intelligence, Face, ...), which knows the system-assigned identity only and has a new key version named by hand. TF: acceptance
tests of hashicorp/terraform-provider-azurerm (Face, SpeechServices).
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Answer = Literal["yes", "no", "unconfirmed"]


@dataclass(frozen=True)
class KindRow:
    """What accounts of a kind allow.

    Attributes:
        key: a customer-managed key on an existing account, where the account's own capabilities do not say.
        user_assigned: reading it with a user-assigned identity.
        way_back: to platform keys.
        follows: a key named without a version is followed to new ones; else a version is named, and moved by hand.
        one_vault: another key is taken from the same vault only.
        by_request: Azure may want the key to be asked for by a form.
        access_policies: the vault has to be on access policies, as its page says; it may be stale.
        tier: the only pricing tier that takes a key, as its page says; it may be stale; empty for any but the free one.
    """

    key: Answer
    user_assigned: Answer
    way_back: Answer
    follows: bool = False
    one_vault: bool = False
    by_request: bool = False
    access_policies: bool = False
    tier: str = ""


FOUNDRY = KindRow("yes", "yes", "no", follows=True, one_vault=True)
"""FOUNDRY; an older page said that it cannot be switched after creation."""
_OTHER = KindRow("unconfirmed", "unconfirmed", "unconfirmed")
_OLDER = KindRow("yes", "unconfirmed", "yes")
_E0_ONLY = KindRow("yes", "unconfirmed", "yes", tier="E0")

_ROWS: Mapping[str, KindRow] = MappingProxyType(
    {
        "aiservices": KindRow("yes", "yes", "unconfirmed", one_vault=True),
        "openai": KindRow("yes", "no", "yes", access_policies=True),
        "speechservices": KindRow("yes", "yes", "yes", by_request=True),
        "face": KindRow("yes", "yes", "yes", tier="E0"),
        "contentmoderator": KindRow("yes", "unconfirmed", "yes", by_request=True),
        "textanalytics": _OLDER,
        "formrecognizer": _OLDER,
        "texttranslation": _OLDER,
        "customvision.training": _E0_ONLY,
        "customvision.prediction": _E0_ONLY,
        "personalizer": _E0_ONLY,
        "luis": _OLDER,
        "luis.authoring": _OLDER,
        "qnamaker": _OLDER,
    }
)
"""FOUNDRY without projects (no page speaks of it; taken for the same where that is the safe side), OPENAI, TF, OLDER."""


def row_of(kind: str, *, projects: bool) -> KindRow:
    """Return what an account of *kind* allows; *projects*: ``properties.allowProjectManagement`` is true."""
    if projects and kind.lower() == "aiservices":
        return FOUNDRY
    return _ROWS.get(kind.lower(), _OTHER)


EXCLUDED = frozenset(
    {
        "cognitiveservices",
        "contentsafety",
        "immersivereader",
        "healthinsights",
        "luis.authoring",
        "luis",
        "qnamaker",
        "qnamaker.v2",
        "aiservices",
        "metricsadvisor",
        "speechtranslation",
        "internal.allinone",
        "conversationallanguageunderstanding",
        "knowledge",
        "transcriptionintelligence",
        "healthdecisionsupport",
    }
)
"""Kinds that Azure Policy's definition leaves out unless its assignment says otherwise (`POLICY`, version 2.2.0)."""

POLICY = "67121cc7-ff39-4ab8-b7e3-95b84dab487d"
"""Azure/azure-policy, "Azure AI Services resources should encrypt data at rest with a customer-managed key (CMK)"."""
