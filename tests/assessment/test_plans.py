"""Plans out of findings. Fails: a finding falls between the files, or a plan is written that nobody can use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes, simulator
from cmk_remediate.assessment import plans_of
from cmk_remediate.errors import InputError
from cmk_remediate.model.findings import VaultFound
from cmk_remediate.model.review import ReviewedBlock
from tests.assessment.made import GROUP, SUB, account, assessment, finding, key
from tests.assessment.test_assess import CONTINUITY, PRODUCTION, STORE, assessed

EXEMPT = {"resource": account("one"), "owner": "o", "reason": "r", "expires": "2031-01-31", "state": "in force"}
LOCKED = ReviewedBlock(code="CMK206", why="the ReadOnly lock frozen\nforbids the write", next="Remove it.")


def vault(name: str, location: str = "westeurope", **more: Any) -> VaultFound:
    values = {"purge_protection": True, "roles": True, "preferred": False, **more}
    return VaultFound(id=f"{GROUP}/providers/Microsoft.KeyVault/vaults/{name}", location=location, **values)


def written(folder: Path, *findings: Any, vaults: tuple[VaultFound, ...] = ()) -> Any:
    """Return the one plan that *findings* become, loaded from its file."""
    (path,) = cmk.write_plans(assessment(*findings, vaults=vaults), folder)
    return filled_in(path).documents[0].plan


def filled_in(path: str) -> Any:
    """Load the plan at *path* once its placeholders are filled in, as its head asks for."""
    file = Path(path)
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("CHANGE-ME", "platform-team").replace("change-me", "kv-mine"), encoding="utf-8")
    return cmk.load_plan(path)


def test_every_open_finding_of_the_demo_estate_is_a_target_or_named_with_the_reason(tmp_path: Path) -> None:
    azure = simulator.azure()
    found = assessed(azure)
    paths = cmk.write_plans(found, tmp_path)
    text = "".join(plan.text for plan in plans_of(found)).lower()
    open_ = [one for one in found.findings if one.verdict == "not compliant"]
    alone = {one.service for one in open_ if one.obstacle is None}
    assert all(one.id.lower() in text for one in open_ if one.service in alone)
    targets = [entry.resource_id for path in paths for entry in filled_in(path).documents[0].plan.targets]
    assert sorted(targets) == sorted(one.id for one in open_ if one.obstacle is None)


@pytest.mark.parametrize(
    "service", ["storage", "sql", "cosmosdb", "redis-enterprise", "ai-services", "managed-disks", "aks"]
)
def test_a_written_plan_is_as_movable_as_the_assessment_said(tmp_path: Path, service: str) -> None:
    azure = simulator.azure()
    found = assessed(azure, only=cmk.Selection(services=(service,)))
    for path in cmk.write_plans(found, tmp_path):
        filled_in(path)
        review = cmk.dry_run(path, connection=azure.connection(), runs=tmp_path / "runs")
        blocked = {target.id: target.blocked for target in review.targets if target.blocked is not None}
        assert blocked == {}, path


def test_one_file_a_subscription_and_service(tmp_path: Path) -> None:
    found = assessed(simulator.azure(), only=cmk.Selection(services=("sql", "storage")))
    names = sorted(plan.name for plan in plans_of(found))
    assert names == sorted({f"{one.service}-{one.id.split('/')[2]}.yaml" for one in found.findings if one.cost})
    assert f"storage-{PRODUCTION}.yaml" in names
    assert CONTINUITY not in "".join(names), "a pair is moved with its partner"


def test_targets_of_another_region_name_a_vault_of_theirs(tmp_path: Path) -> None:
    vaults = (vault("kv-weu"), vault("kv-neu", "northeurope"))
    far = finding("far", location="northeurope")
    plan = written(tmp_path, finding("one"), finding("two"), far, vaults=vaults)
    assert plan.customer_managed_key.key_vault_resource_id.endswith("kv-weu")
    other = {entry.resource_id: entry.overrides for entry in plan.targets}[account("far")]
    assert other is not None
    assert other.customer_managed_key is not None
    assert other.customer_managed_key.key_vault_resource_id.endswith("kv-neu")


def test_a_vault_asked_for_by_name_comes_first_then_protected_ones_on_roles(tmp_path: Path) -> None:
    weak = vault("kv-a", purge_protection=False)
    policies = vault("kv-b", roles=False)
    right = vault("kv-c")
    assert (
        written(
            tmp_path / "1", finding("one"), vaults=(weak, policies, right)
        ).customer_managed_key.key_vault_resource_id
        == right.id
    )
    wished = vault("kv-d", purge_protection=False, preferred=True)
    plan = written(tmp_path / "2", finding("one"), vaults=(right, wished))
    assert plan.customer_managed_key.key_vault_resource_id == wished.id


def test_where_no_vault_is_the_plan_says_where_to_put_one(tmp_path: Path) -> None:
    (path,) = cmk.write_plans(assessment(finding("one")), tmp_path)
    text = Path(path).read_text(encoding="utf-8")
    assert "has no vault in westeurope: put one in the place of CHANGE-ME" in text
    assert "/resourceGroups/CHANGE-ME/providers/Microsoft.KeyVault/vaults/change-me" in text


def test_a_written_plan_is_refused_until_its_placeholders_are_filled_in(tmp_path: Path) -> None:
    """Fails: a key, an identity or a role is made in the name of CHANGE-ME."""
    (path,) = cmk.write_plans(assessment(finding("one")), tmp_path)

    with pytest.raises(InputError) as raised:
        cmk.load_plan(path)

    assert raised.value.code == codes.input_.PLAN_INVALID
    said = str(raised.value)
    assert all(place in said for place in ("owner", "key_vault_resource_id", "user_assigned_identity.resource_id")), (
        said
    )
    assert filled_in(path).documents[0].plan.owner == "platform-team"


def test_a_target_that_only_uses_its_key_wrongly_keeps_it(tmp_path: Path) -> None:
    mine = key("theirs", version="0" * 32)
    plan = written(tmp_path, finding("one", state="customer (wrong)", keys=(mine,)), vaults=(vault("kv-other"),))
    (entry,) = plan.targets
    assert entry.overrides is not None
    assert entry.overrides.customer_managed_key is not None
    assert entry.overrides.customer_managed_key.key_vault_resource_id == mine.vault
    assert entry.overrides.customer_managed_key.key_version is None


@pytest.mark.parametrize("broken", [{"enabled": False}, {"expires": "2030-02-01T00:00:00Z"}, {"why": "not shown"}])
def test_a_target_on_a_key_that_cannot_be_relied_on_gets_another(tmp_path: Path, broken: dict[str, Any]) -> None:
    wrong = finding("one", state="customer (wrong)", keys=(key("theirs", **broken),))
    (entry,) = written(tmp_path, wrong, vaults=(vault("kv-other"),)).targets
    assert entry.overrides is None


def test_what_is_exempt_or_stands_in_the_way_is_no_target(tmp_path: Path) -> None:
    found = assessment(finding("one"), finding("exempt", exemption=EXEMPT), finding("held", obstacle=LOCKED))
    (plan,) = plans_of(found)
    assert plan.targets == 1
    assert "the ReadOnly lock frozen forbids the write [CMK206]" in plan.text
    assert account("exempt") not in plan.text


def test_what_can_not_be_moved_at_all_makes_no_file() -> None:
    assert plans_of(assessment(finding("held", obstacle=LOCKED))) == ()


def test_no_file_of_somebody_is_replaced(tmp_path: Path) -> None:
    found = assessment(finding("one"))
    cmk.write_plans(found, tmp_path)
    with pytest.raises(InputError) as caught:
        cmk.write_plans(found, tmp_path)
    assert caught.value.code == codes.input_.OUTPUT_UNWRITABLE


@pytest.mark.parametrize("owner", ["x: y\n# evil", "*alias", "'", "{target}", "\u202e", "no", "\x1b[2J\0"])
def test_a_hostile_owner_tag_is_a_text_and_nothing_else(tmp_path: Path, owner: str) -> None:
    """A plan takes no control characters: there is a blank in the place of each."""
    expected = owner.translate({ord(sign): " " for sign in "\n\x1b\0"})
    assert written(tmp_path, finding("one", owner=owner)).owner == expected


def test_a_plan_out_of_a_saved_assessment_needs_no_azure(tmp_path: Path) -> None:
    found = assessed(simulator.azure(), f"{STORE}/stordersweu")
    assert [plan.name for plan in plans_of(found)] == [f"storage-{PRODUCTION}.yaml"]
    assert SUB not in plans_of(found)[0].text
