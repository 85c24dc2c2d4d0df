"""The plans to crash: every one in plans/ on the demo estate, and the smallest of each service that has a plan there."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

import cmk_remediate as cmk
from cmk_remediate import simulator
from cmk_remediate.simulator import doubts as open_questions
from cmk_remediate.simulator.estate import read
from tests.e2e import databases
from tests.e2e.estates import Scene, one_server
from tests.e2e.machines import one_machine
from tests.hostile.planted import in_tags

if TYPE_CHECKING:
    from cmk_remediate.simulator.embedded import EmbeddedAzure

FOLDER = Path(__file__).parents[2] / "plans"
FLUSHED = 2 * 3600.0
"""Seconds until a database's active log files need no older key, in the embedded Azure."""
SECOND = "77777777-7777-4777-8777-7777777777ac"
"""Another operator with the same rights: who resumes what the first began."""


AT_ONCE = frozenset({"before", "new-succeeded"})
"""What the readings are called under which a GET shows the new value while the operation runs."""


@dataclass(frozen=True)
class Case:
    """A plan and what it is carried out on.

    Attributes:
        rest: seconds from its end until everything can go back: a database's active log files hold its key up (DBDOC: "once
            enough log has been generated").
        doubts: readings other than the default ones.
    """

    name: str
    scene: Scene
    settings: simulator.Settings = field(default_factory=simulator.Settings)
    rest: float = 0.0
    doubts: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return its name."""
        return self.name

    def having(self, **settings: Any) -> Case:
        """Return the same on an Azure with other settings."""
        return replace(self, settings=self.settings.with_(**settings))

    def shown_at_once(self) -> Case:
        """Return the same on an Azure where a GET shows the new value while the operation runs that sets it."""
        meanwhile = [one for one in open_questions.ALL if one.name.endswith("-meanwhile")]
        return replace(self, doubts={one.name: way for one in meanwhile for way in one.readings if way in AT_ONCE})

    def azure(self, seed: int = 0) -> EmbeddedAzure:
        """Return a new Azure."""
        return simulator.azure(estate=self.scene.estate, seed=seed, settings=self.settings, doubts=self.doubts)


def smallest(*, present: bool = True) -> Case:
    """Return one server, one vault."""
    return Case("one server" if present else "one server, nothing there", _two_operators(one_server(present=present)))


def own_key() -> list[Case]:
    """Return a database on another key of its own, and one whose traits Azure's sources disagree on."""
    doubtful = databases.changed(databases.retained(), sku={"name": "HS_Gen5", "tier": "Hyperscale"})
    return [
        Case("a database on its previous key", _two_operators(databases.on_its_previous_key()), rest=FLUSHED),
        Case("a Hyperscale database with long-term retention", _two_operators(doubtful)),
    ]


def bracketed() -> Case:
    """Return a machine that has to be stopped for its disks."""
    return Case("one machine", _two_operators(one_machine()))


def shipped() -> list[Case]:
    """Return every plan in plans/, on the demo estate."""
    return [shipped_as(name) for name in _plans()]


def shipped_as(name: str) -> Case:
    """Return the plan called *name* (``plans/sql.yaml``) on the demo estate."""
    return Case(name, _two_operators(Scene(_demo(), _plans()[name])))


def services() -> list[str]:
    """Return every service that has a plan in plans/."""
    return sorted({str(plan["service"]) for plan in _plans().values() if "service" in plan})


def smallest_of(service: str) -> Case:
    """Return the smallest plan of *service*: made by hand where there is one, else the least target of its plans."""
    by_hand = {"sql": smallest}
    return by_hand[service]() if service in by_hand else least(service)


def least(service: str) -> Case:
    """Return a plan of *service* in plans/, cut down to the target that needs the fewest changes."""
    found = []
    for name, plan in _plans().items():
        if plan.get("service") != service:
            continue
        case = shipped_as(name)
        for target, changes in _changes(case).items():
            alone = [one for one in plan["targets"] if one["resource_id"].lower() == target.lower()]
            if changes and alone:
                scene = replace(case.scene, plan={**plan, "targets": alone})
                found.append((changes, target, Case(f"{name}, {target.rsplit('/', 1)[1]} alone", scene)))
    return min(found, key=lambda one: one[:2])[2]


def _changes(case: Case) -> dict[str, int]:
    """Return how many changes each target of *case* needs that can be moved."""
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder).resolve()
        review = cmk.dry_run(case.scene.plan, connection=case.azure().connection(), runs=runs)
    changing = {step.id for step in review.steps if step.request is not None and step.action not in ("keep", "none")}
    return {one.id: len(changing & set(one.steps)) for one in review.targets if one.blocked is None}


@cache
def _demo() -> dict[str, Any]:
    return read(simulator.demo_estate())


@cache
def _plans() -> dict[str, dict[str, Any]]:
    found = sorted(FOLDER.glob("*.yaml"))
    return {f"plans/{plan.name}": _values(plan) for plan in found}


def _values(path: Path) -> dict[str, Any]:
    """Return the plan in *path*; of an estate file, the plans it lists in their place."""
    values: dict[str, Any] = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
    return {"plans": [_values(path.parent / one) for one in values["plans"]]} if "plans" in values else values


def _two_operators(scene: Scene) -> Scene:
    """Return *scene* with a second operator, and with secrets in its targets' tags that no run may write down."""
    estate = copy.deepcopy(scene.estate)
    subscriptions = [one["subscriptionId"] for one in estate["subscriptions"]]
    tenant = estate["subscriptions"][0]["tenantId"]
    estate.setdefault("principals", {})[SECOND] = {"name": "second operator", "tenantId": tenant}
    estate.setdefault("role_assignments", []).extend(
        {"principal": SECOND, "role": "Owner", "scope": f"/subscriptions/{one}"} for one in subscriptions
    )
    return in_tags(Scene(estate, scene.plan, scene.servers, scene.keys))
