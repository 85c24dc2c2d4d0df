"""What a seed decides: an estate and a plan, Azure's moods, a course of things, and a mix of mishaps at their moments."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Literal

from cmk_remediate import simulator
from cmk_remediate.simulator import doubts
from tests.e2e import databases, estates
from tests.e2e.stage import Stage, told
from tests.faults.disk import empty
from tests.faults.ends import End
from tests.faults.mishaps import Mishap, drawn
from tests.faults.moments import life
from tests.faults.owner import Places
from tests.faults.plans import FLUSHED, FOLDER, Case, shipped_as
from tests.hostile.planted import in_tags

if TYPE_CHECKING:
    from pathlib import Path

    from cmk_remediate.simulator.declare import Doubt
    from cmk_remediate.simulator.embedded import EmbeddedAzure

Course = Literal["resume", "rollback", "back"]
"""Struck in the apply, then resumed and rolled back; struck in the apply, then rolled back; struck in the rollback."""


@dataclass(frozen=True)
class Setting:
    """An estate with its plan.

    Attributes:
        scene: makes it.
        length: about how many requests its undisturbed apply sends: mishaps fall anywhere in it.
        paired: whether its servers may fail over.
        weight: how often it is drawn.
        rest: seconds from the end of an apply until everything can go back.
    """

    scene: Callable[[], estates.Scene]
    length: int
    paired: bool = False
    weight: int = 20
    rest: float = 0.0


def _shipped(name: str) -> estates.Scene:
    return shipped_as(name).scene


LENGTHS = {
    "ai-services.yaml": 250,
    "aks.yaml": 130,
    "cosmosdb.yaml": 220,
    "estate.yaml": 1800,
    "managed-disks.yaml": 160,
    "redis-enterprise.yaml": 280,
    "sql-managed-instance.yaml": 370,
}
"""Of the plans in plans/ that are not of the usual length."""
USUAL = 330
FAILING_OVER = frozenset({"estate.yaml", "sql-database.yaml", "sql.yaml"})
"""Plans with a target in a failover group."""
SETTINGS: Mapping[str, Setting] = {
    "one server": Setting(estates.one_server, 30),
    "nothing there": Setting(partial(estates.one_server, present=False), 85),
    "two servers, nothing there": Setting(partial(estates.bare, 2), 105),
    "a geo pair": Setting(estates.geo, 80, paired=True),
    "on a previous key": Setting(estates.previous_cmk, 45),
    "a geo pair on a previous key": Setting(estates.geo_on_previous_cmk, 110, paired=True),
    "a database": Setting(partial(databases.one_database, present=False), 85, weight=6),
    "a database with a replica": Setting(databases.replicated, 73, paired=True, weight=6),
    "a database on its previous key": Setting(databases.on_its_previous_key, 60, weight=6, rest=FLUSHED),
    "a database on a customer's server": Setting(databases.on_a_customers_server, 60, weight=4),
    **{
        f"plans/{plan.name}": Setting(
            partial(_shipped, f"plans/{plan.name}"), LENGTHS.get(plan.name, USUAL), plan.name in FAILING_OVER, weight=2
        )
        for plan in sorted(FOLDER.glob("*.yaml"))
    },
}
COURSES: Mapping[Course, int] = {"resume": 60, "rollback": 20, "back": 20}
BY_HAND: tuple[Mapping[str, str], ...] = (
    {"sql-protector-meanwhile": "before", "sql-database-meanwhile": "before"},
    {"sql-server-key-meanwhile": "before", "sql-database-keys-patch": "replace"},
    {
        "sql-protector-meanwhile": "before",
        "sql-server-key-meanwhile": "before",
        "sql-database-revert-leaves": "nothing",
    },
)
"""Readings that are hard together, for SQL; by their numbers, from 1."""
READINGS = 8
"""Ways in which a scene's doubts are read: as they are by default, by hand where there is one, the others drawn."""
SHARED: tuple[Doubt, ...] = (*doubts.KEYVAULT, *doubts.AUTHORIZATION)
CONCERNS: Mapping[str, tuple[Doubt, ...]] = {
    "ai-services": doubts.AI_SERVICES,
    "aks": (*doubts.COMPUTE, *doubts.CONTAINERSERVICE),
    "cosmosdb": doubts.COSMOSDB,
    "estate": doubts.ALL,
    "managed-disks": doubts.COMPUTE,
    "redis-enterprise": doubts.REDIS,
    "storage": doubts.STORAGE,
}
"""What a plan meets beside what all meet; all others are SQL's."""
TURNS_AWAY = frozenset(
    {
        "ai-grant-scope",
        "arm-key-on-policy-vault",
        "cosmos-feature-flags",
        "disk-incremental-snapshots",
        "redis-empty-object",
    }
)
"""Read otherwise, Azure refuses a target of a shipped plan, or its way back, whatever goes wrong: tests/e2e has each."""
RBAC = ((0.0, 0.0), (5.0, 60.0), (60.0, 300.0), (300.0, 900.0), (1500.0, 2400.0))
"""How late a grant takes effect: from at once to beyond the timeout of 20 min."""
HEALED_FOR = 3600.0
"""Seconds between the end of the mishaps and what comes then: what was late has arrived."""


@dataclass(frozen=True)
class Scenario:
    """What a seed decides."""

    seed: int
    scene: str
    course: Course
    readings: int
    world: int
    settings: Mapping[str, Any]
    mishaps: tuple[Mishap, ...]

    def __str__(self) -> str:
        """Return it in words."""
        struck = "in the rollback" if self.course == "back" else "in the apply"
        chosen = readings(self.scene, self.readings)
        said = ", ".join(f"{name}={reading}" for name, reading in chosen.items()) or "none by hand"
        settings = ", ".join(f"{name} {value}" for name, value in self.settings.items())
        mishaps = "; ".join(map(str, self.mishaps))
        return f"seed {self.seed}: {self.scene}; struck {struck}: {mishaps}\n  {settings}; doubts: {said}"


def scenario(seed: int, only: str = "") -> Scenario:
    """Return what *seed* decides; *only*: of that setting, whatever would have been drawn."""
    dice = random.Random(seed)
    drawn_scene = dice.choices(list(SETTINGS), [one.weight for one in SETTINGS.values()])[0]
    scene = only or drawn_scene
    course = dice.choices(list(COURSES), list(COURSES.values()))[0]
    settings: dict[str, Any] = {"rbac_delay": dice.choice(RBAC)}
    if dice.random() < 0.15:
        settings["operation_seconds"] = dice.choice((1.0, 45.0, 200.0))
    if dice.random() < 0.1:
        settings["directory_delay"] = (60.0, 900.0)
    settings["vault_delay"] = (0.0, 0.0)  # the owner's hand is seen when it moves, not during a request of ours
    number, world = dice.randrange(READINGS), dice.randrange(2)
    length = SETTINGS[scene].length // (3 if course == "back" else 1)
    mishaps = drawn(dice, length, paired=SETTINGS[scene].paired)
    return Scenario(seed, scene, course, number, world, settings, mishaps)


def readings(scene: str, number: int) -> Mapping[str, str]:
    """Return the readings with that number of what is doubtful in *scene*, those that are not the default."""
    of_plan = CONCERNS.get(scene.removeprefix("plans/").removesuffix(".yaml"))
    if number == 0:
        return {}
    if of_plan is None and number <= len(BY_HAND):
        return BY_HAND[number - 1]
    dice = random.Random(f"{scene} {number}")
    met = {one.name: one for one in (*SHARED, *(doubts.SQL if of_plan is None else of_plan))}
    given = {
        name: (dice.choice(list(one.readings)), one.default) for name, one in met.items() if name not in TURNS_AWAY
    }
    return {name: reading for name, (reading, default) in given.items() if reading != default}


@cache
def rehearsed(scene: str, number: int, world: int, folder: Path) -> Rehearsed:
    """Return the undisturbed course of a scene, with the readings of that number."""
    return Rehearsed(Case(scene, in_tags(SETTINGS[scene].scene())), readings(scene, number), world, folder)


class Rehearsed:
    """A scene's review, its state before, and the undisturbed end."""

    def __init__(self, case: Case, chosen: Mapping[str, str], seed: int, folder: Path) -> None:
        """Dry-run it, and carry a copy of it through."""
        empty(folder)
        self.case = case
        self.azure: EmbeddedAzure = simulator.azure(estate=case.scene.estate, seed=seed, doubts=chosen)
        stage = Stage(self.azure, case.scene, folder)
        self.review = life(stage, Stage.dry_run)
        self.before = stage.bodies()
        self.places = Places.of(self.review, self.azure.world)
        calm = Stage(self.azure.clone(), case.scene, folder)
        result = life(calm, lambda one: one.apply(self.review))
        assert result.exit_code == 0, told(result)
        self.requests = len(calm.azure.requests)
        calm.azure.advance(HEALED_FOR)
        calm.at_rest()
        self.end = End.of(calm)
        empty(folder)
