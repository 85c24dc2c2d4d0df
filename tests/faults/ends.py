"""How a run ended: every resource, and names for what Azure makes up, which another order of writes makes up otherwise."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.e2e.equality import Bodies, differences
from tests.faults.plans import SECOND

if TYPE_CHECKING:
    from cmk_remediate.simulator.embedded import EmbeddedAzure
    from tests.e2e.stage import Stage


@dataclass(frozen=True)
class End:
    """How a run ended.

    Attributes:
        bodies: of all resources.
        names: what Azure made up, and names for it.
    """

    bodies: Bodies
    names: dict[str, str]

    @staticmethod
    def of(stage: Stage) -> End:
        """Return how the run on *stage* ended."""
        return End(stage.bodies(), made_up(stage.azure))

    def differences(self, stage: Stage) -> list[str]:
        """Return how the end on *stage* differs from this one, what Azure makes up aside."""
        other = End.of(stage)
        if self.names == other.names and not differences(self.bodies, other.bodies):
            return []
        return differences(renamed(self.bodies, self.names), renamed(other.bodies, other.names))


def made_up(azure: EmbeddedAzure) -> dict[str, str]:
    """Return what Azure makes up, and what follows from it, by a name for it: another order of writes gives other ids."""
    world = azure.world
    names: dict[str, str] = {str(azure.operator["object_id"]).lower(): "operator", SECOND: "operator"}
    for identity, body in world.by_type("Microsoft.ManagedIdentity/userAssignedIdentities"):
        for name in ("principalId", "clientId"):
            names[str(body.get("properties", {}).get(name, "")).lower()] = f"{name} of {identity.key}"
    for resource, body in world.resources():
        principal = str((body.get("identity") or {}).get("principalId", "")).lower()
        names[principal] = f"principal of {resource.key}"
    for key, body in world.by_type("Microsoft.KeyVault/vaults/keys"):
        uri = str(body.get("properties", {}).get("keyUriWithVersion", ""))
        names[uri.rsplit("/", 1)[-1].lower()] = f"version of {key.key}"
    for _, body in (
        *world.by_type("Microsoft.Sql/servers/keys"),
        *world.by_type("Microsoft.Sql/managedInstances/keys"),
    ):
        found = body.get("properties", {})
        of = re.sub(_RANDOM, lambda one: names.get(one[0].lower(), one[0]), str(found.get("uri", "")))
        names[str(found.get("thumbprint", "")).lower()] = f"thumbprint of {of}"
    for _, body in world.by_type("Microsoft.Sql/servers/databases"):
        for uri, found in (body.get("properties", {}).get("keys") or {}).items():
            of = re.sub(_RANDOM, lambda one: names.get(one[0].lower(), one[0]), uri)
            names[str(found.get("thumbprint", "")).lower()] = f"thumbprint of {of}"
    for grant, body in world.by_type("Microsoft.Authorization/roleAssignments"):
        found = body["properties"]
        who = names.get(str(found["principalId"]).lower(), found["principalId"])
        names[grant.name.lower()] = f"grant of {found['roleDefinitionId']} to {who}"
    names.pop("", None)
    return {value: name.replace("/", "|") for value, name in names.items()}


_RANDOM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32,64}", re.IGNORECASE)


def renamed(bodies: Bodies, names: dict[str, str]) -> Bodies:
    """Return *bodies* with what Azure makes up replaced by its *names*."""
    text = json.dumps(bodies)
    found: Bodies = json.loads(_RANDOM.sub(lambda one: names.get(one[0].lower(), one[0]), text))
    return found
