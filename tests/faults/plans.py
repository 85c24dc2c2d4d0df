"""The plans to crash: every one in plans/ on the demo estate, and the smallest of each service."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from cmk_remediate import simulator
from cmk_remediate.simulator.estate import read
from tests.e2e.estates import Scene, one_server

if TYPE_CHECKING:
    from cmk_remediate.simulator.embedded import EmbeddedAzure

FOLDER = Path(__file__).parents[2] / "plans"
SECOND = "77777777-7777-4777-8777-7777777777ac"
"""Another operator with the same rights: who resumes what the first began."""


@dataclass(frozen=True)
class Case:
    """A plan and what it is carried out on."""

    name: str
    scene: Scene
    settings: simulator.Settings = field(default_factory=simulator.Settings)

    def having(self, **settings: Any) -> Case:
        """Return the same on an Azure with other settings."""
        return replace(self, settings=self.settings.with_(**settings))

    def azure(self, seed: int = 0) -> EmbeddedAzure:
        """Return a new Azure."""
        return simulator.azure(estate=self.scene.estate, seed=seed, settings=self.settings)


def smallest(*, present: bool = True) -> Case:
    """Return one server, one vault."""
    return Case("one server" if present else "one server, nothing there", _two_operators(one_server(present=present)))


def shipped() -> list[Case]:
    """Return every plan in plans/, on the demo estate."""
    estate = read(simulator.demo_estate())
    yaml = YAML(typ="safe", pure=True)
    plans = sorted(FOLDER.glob("*.yaml"))
    return [
        Case(f"plans/{plan.name}", _two_operators(Scene(estate, yaml.load(plan.read_text("utf-8"))))) for plan in plans
    ]


def _two_operators(scene: Scene) -> Scene:
    estate = copy.deepcopy(scene.estate)
    subscriptions = [one["subscriptionId"] for one in estate["subscriptions"]]
    tenant = estate["subscriptions"][0]["tenantId"]
    estate.setdefault("principals", {})[SECOND] = {"name": "second operator", "tenantId": tenant}
    estate.setdefault("role_assignments", []).extend(
        {"principal": SECOND, "role": "Owner", "scope": f"/subscriptions/{one}"} for one in subscriptions
    )
    return Scene(estate, scene.plan, scene.servers, scene.keys)
