"""An instance that is stopped, or between two states, takes no change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator.declare import Rule
from cmk_remediate.simulator.providers.common import properties_of
from cmk_remediate.simulator.providers.sql.names import refusal

if TYPE_CHECKING:
    from cmk_remediate.simulator.declare import ArmError, Write

_SPEC = "Azure/azure-rest-api-specs Microsoft.Sql 2024-05-01-preview ManagedInstanceKeys.json"


def _running(write: Write) -> ArmError | None:
    state = str(properties_of(write.world.get(write.id.top_level)).get("state") or "Ready")
    if state in ("Stopped", "Stopping"):
        text = "Conflicting operation submitted while instance is in stopping/stopped state"
        return refusal(400, "ManagedInstanceStoppingOrStopped", text, _SPEC)
    if state == "Starting":
        text = "Conflicting operation submitted while instance is in starting state"
        return refusal(400, "ManagedInstanceStarting", text, _SPEC)
    return None


RUNNING = Rule(_running, verbs=frozenset({"PUT", "PATCH"}))
RUNNING_TO_TRY = Rule(_running, verbs=frozenset({"POST"}), actions=frozenset({"validateAzureKeyVaultEncryptionKey"}))
