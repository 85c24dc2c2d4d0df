"""What is done by hand for each service, and the same done by a plan: `by_hand/<service>.sh` and `by_hand/<service>.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.conformance.comparing import Allowed

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent / "by_hand"
TIME_SCALE = 60
"""Grants arrive within five seconds, operations end within one: az has to poll, and a script to try again."""
SERVICES = tuple(sorted(path.stem for path in FOLDER.glob("*.sh")))


@dataclass(frozen=True)
class Reading:
    """One command that only reads, and what it has to say: JSON paths, and values or patterns of texts."""

    ask: str
    says: dict[str, Any]


@dataclass(frozen=True)
class Rehearsal:
    """One service's.

    Attributes:
        service: its name; its page is docs/<service>.md.
        script: the script, which that page shows as it stands.
        plan: the plan that does the same.
        reads: what `az` says of the result of that plan.
        differs: what may differ between the two results.
        verdict: what `verify` says of the script's result: ``manual`` where more is left to be done by hand.
        time_scale: the embedded Azure's seconds in one of ours.
    """

    service: str
    script: Path
    plan: dict[str, Any]
    reads: tuple[Reading, ...]
    differs: tuple[Allowed, ...]
    verdict: str = "right"
    time_scale: int = TIME_SCALE


def rehearsal(service: str) -> Rehearsal:
    """Return what is written down for *service*."""
    told = _yaml(FOLDER / f"{service}.yaml")
    plan = _yaml(ROOT / told["plan"])
    plan["targets"] = [one for one in plan["targets"] if one["resource_id"].endswith(f"/{told['target']}")]
    return Rehearsal(
        service,
        FOLDER / f"{service}.sh",
        plan,
        tuple(Reading(**one) for one in told["reads"]),
        tuple(Allowed(**one) for one in told["differs"]),
        told.get("verdict", "right"),
        told.get("time_scale", TIME_SCALE),
    )


def _yaml(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))
