"""What an operation is called in the figures: the method and the type of what it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.ids import ResourceId
from tests.conformance.recordings.recorded import ARM

if TYPE_CHECKING:
    from tests.conformance.recordings.recorded import Interaction

VAULT = "the vault's"


def operation(interaction: Interaction, started: dict[str, str]) -> str:
    """Return the operation's name.

    Args:
        interaction: the request.
        started: what each status path belongs to.
    """
    starter = started.get(interaction.path.lower())
    if interaction.method == "GET" and starter:
        return f"poll of {starter}"
    if interaction.host.endswith(".vault.azure.net"):
        return f"{interaction.method} {VAULT} {_in_vault(interaction.path)}"
    if interaction.host != ARM:
        return f"{interaction.method} {interaction.host}"
    return f"{interaction.method} {_in_arm(interaction)}"


def _in_vault(path: str) -> str:
    parts = path.strip("/").split("/")
    return "/".join([parts[0], *(["{name}"] if len(parts) > 1 else []), *parts[2:]])


def _in_arm(interaction: Interaction) -> str:
    parts = interaction.path.strip("/").split("/")
    lower = [part.lower() for part in parts]
    if "providers" not in lower:
        return _container(lower)
    tail = parts[len(lower) - lower[::-1].index("providers") :]
    if len(tail) == 1:
        return "Microsoft.Resources/providers"
    if interaction.method == "POST":
        return "/".join([tail[0], *tail[1:-1:2]]) + f" {tail[-1]}"
    kind = "/".join([tail[0], *tail[1::2]])
    return kind if len(tail) % 2 else f"{kind} (list)"


def _container(lower: list[str]) -> str:
    if lower[-1] == "resources":
        return "Microsoft.Resources/resources (list)"
    if lower[-1] in ("subscriptions", "resourcegroups"):
        return f"Microsoft.Resources/{lower[-1]} (list)"
    if len(lower) in (2, 4):
        return ResourceId("/" + "/".join(lower)).type
    return f"Microsoft.Resources/subscriptions/{lower[2]}"
