"""A rehearsal on a copy says of every plan what its dry run on the original says. Fails: a window is rehearsed on another Azure."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import simulator
from cmk_remediate.inventory import secrets
from cmk_remediate.model.protocols import Connection
from cmk_remediate.simulator import estate as estates

if TYPE_CHECKING:
    from cmk_remediate.model.review import Review

PLANS = sorted((Path(__file__).parents[2] / "plans").glob("*.yaml"))
PRODUCTION, CONTINUITY = "22222222-2222-4222-8222-222222222201", "22222222-2222-4222-8222-222222222202"
GROUP = f"/subscriptions/{PRODUCTION}/resourceGroups/rg-mi-weu"
_BY_CHANCE = ("digest", "made", "expires")
"""What differs between two dry runs of one plan on one Azure."""


@dataclass(frozen=True)
class Both:
    """The demo estate and its copy, and where runs are kept."""

    original: Connection
    copied: Connection
    runs: Path


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    """Export both subscriptions once: dry runs only read, so every plan may look at the same two."""
    folder = tmp_path_factory.mktemp("rehearsals")
    original = simulator.azure()
    estate = cmk.export_estate((PRODUCTION, CONTINUITY), connection=original.connection())
    cmk.save_estate(estate, folder / "estate.yaml")
    return Both(original.connection(), simulator.azure(estate=folder / "estate.yaml").connection(), folder)


def said(review: Review) -> dict[str, Any]:
    """Return all that is in *review*, the files made beside it too, less its digest, dates and own random id."""
    document = {name: value for name, value in review.to_json().items() if name not in _BY_CHANCE}
    document["artefacts"] = {one.name: one.content.decode() for one in review.files}
    told = json.dumps(document, sort_keys=True).replace(review.made.id, "ID")
    found: dict[str, Any] = json.loads(told)
    return found


@pytest.mark.parametrize("plan", PLANS, ids=[plan.stem for plan in PLANS])
def test_the_dry_run_on_the_copy_is_that_on_the_original(both: Both, plan: Path) -> None:
    there = said(cmk.dry_run(plan, connection=both.original, runs=both.runs))
    here = said(cmk.dry_run(plan, connection=both.copied, runs=both.runs))

    assert there["steps"]
    assert here == there


def test_a_failover_group_whose_partner_is_not_in_the_copy_stops_its_target(tmp_path: Path) -> None:
    """Fails: the rehearsal moves one half of a pair, alone."""
    estate = cmk.export_estate(PRODUCTION, connection=simulator.azure().connection())
    cmk.save_estate(estate, tmp_path / "estate.yaml")
    azure = simulator.azure(estate=tmp_path / "estate.yaml")

    review = cmk.dry_run(PLANS[0].with_name("sql-managed-instance.yaml"), connection=azure.connection(), runs=tmp_path)

    (blocked,) = [one.blocked for one in review.targets if one.id.endswith("/mi-billing-weu")]
    assert blocked is not None
    assert blocked.code == "CMK417"
    assert any("mi-billing-neu: named in the export, but outside" in text for text in estate.not_read)
    assert not [
        one for one, _ in azure.world.by_type("Microsoft.Sql/managedInstances/databases") if CONTINUITY in one.text
    ]


def test_an_instance_whose_region_cannot_be_named_says_that_its_failover_groups_are_not_read() -> None:
    content: dict[str, Any] = copy.deepcopy(dict(estates.read(simulator.demo_estate())))
    orders = next(one for one in content["resources"] if one["id"].endswith("/managedInstances/mi-orders-weu"))
    orders["location"] = "west/../europe"

    estate = cmk.export_estate(GROUP, connection=simulator.azure(estate=content).connection())

    (told,) = [text for text in estate.not_read if text.startswith("instanceFailoverGroups of ")]
    assert told == f"instanceFailoverGroups of {orders['id']}: its location is 'west/../europe'"


@pytest.mark.parametrize("end", ["", "&FederatedClientId=33333333-3333-4333-8333-333333333301"])
def test_a_reference_behind_a_word_is_no_secret(end: str) -> None:
    """Fails: a Cosmos DB account comes without its default identity, and its plan is refused (CMK712)."""
    identity = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-cmk-Cosmos-1"
    body = {"properties": {"defaultIdentity": f"UserAssignedIdentity={identity}{end}"}}

    assert secrets.stripped(body) == (body, ())


@pytest.mark.parametrize(
    "text",
    [
        "Password=/subscriptions/Planted-1",
        "Word=aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD3fG6",
        "aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD3fG6=/subscriptions/x",
        "Word=/subscriptions/x?sig=abcDEF123",
        "Word=Word=/subscriptions/aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD3fG6",
    ],
)
def test_a_word_and_a_sign_before_it_hide_no_secret(text: str) -> None:
    assert secrets.stripped({"properties": {"note": text}}) == ({"properties": {}}, ("properties.note",))
