"""An assessment of an estate. Fails: a resource on Azure's own keys is missed, or one is accused that its owner put right."""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes, simulator
from cmk_remediate.errors import InputError, UsageError
from cmk_remediate.planfile.exemptions import ExemptionEntry
from cmk_remediate.services import services
from cmk_remediate.simulator import estate as estates
from cmk_remediate.simulator.faults import Fault
from cmk_remediate.simulator.wire import Outgoing
from tests.assessment.made import TODAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmk_remediate.model.findings import Assessment, Finding
    from cmk_remediate.simulator.wire import Incoming

PRODUCTION, CONTINUITY = "22222222-2222-4222-8222-222222222201", "22222222-2222-4222-8222-222222222202"
IN_PRODUCTION = f"/subscriptions/{PRODUCTION}/resourceGroups"
GROUP = f"{IN_PRODUCTION}/rg-store-weu"
STORE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts"
DAY = 86400.0
TENANT = "11111111-1111-4111-8111-111111111111"
ROOT = "/providers/Microsoft.Management/managementGroups/root"
PLANS = Path(__file__).parents[2] / "plans"


def demo() -> dict[str, Any]:
    """Return the demo estate, to be changed at will."""
    return copy.deepcopy(estates.read(simulator.demo_estate()))


def assessed(azure: Any, *scopes: str, principal: str | None = None, **options: Any) -> Assessment:
    return cmk.assess(scopes or (PRODUCTION, CONTINUITY), connection=azure.connection(principal), **options)


def by_name(found: Assessment) -> dict[str, Finding]:
    return {one.id.rpartition("/")[2]: one for one in found.findings}


def test_everything_that_plans_name_is_found_once_with_proofs_and_nothing_is_written() -> None:
    azure = simulator.azure()
    found = assessed(azure)
    named = {
        entry.resource_id.lower()
        for plan in sorted(PLANS.glob("*.yaml"))
        if plan.name not in ("estate.yaml", "sql-database.yaml")
        for entry in cmk.load_plan(plan).documents[0].plan.targets
    }
    members = [member.lower() for one in found.findings for member in one.members]
    assert named <= set(members)
    assert len(members) == len(set(members)), "found twice"
    assert all(one.evidence for one in found.findings), "a state without a proof"
    assert {one.reads for one in azure.requests} == {True}
    assert found.not_read == ()


def test_no_request_is_sent_twice() -> None:
    azure = simulator.azure()
    assessed(azure)
    sent = Counter((one.method, one.url, one.body) for one in azure.requests)
    assert [one for one, times in sent.items() if times > 1] == []


@pytest.mark.parametrize(
    ("name", "state", "verdict"),
    [
        ("stordersweu", "platform", "not compliant"),
        ("stpinnedweu", "customer (wrong)", "not compliant"),
        ("stbrokenweu", "customer (wrong)", "not compliant"),
        ("starchiveweu", "mixed", "not compliant"),
        ("sql-ledger-weu", "customer (healthy)", "compliant"),
        ("mi-ledger-weu", "customer, system-assigned", "compliant"),
        ("sql-synapse-weu", "foreign", "not ours"),
        ("redis-ledger-weu", "customer (healthy)", "compliant"),
        ("redis-growing-weu", "in progress", "in progress"),
        ("cosmos-ledger-weu", "customer (healthy)", "compliant"),
        ("cosmos-pinned-weu", "customer (wrong)", "not compliant"),
        ("ai-notes-weu", "customer (healthy)", "compliant"),
    ],
)
def test_each_is_what_it_is(whole: Assessment, name: str, state: str, verdict: str) -> None:
    one = by_name(whole)[name]
    assert (one.state, one.verdict) == (state, verdict)


@pytest.fixture(scope="module")
def whole() -> Assessment:
    """Give the assessment of the demo estate."""
    return assessed(simulator.azure())


def test_what_stands_in_the_way_is_named_with_its_property(whole: Assessment) -> None:
    found = by_name(whole)
    ways = {name: found[name].obstacle for name in ("stblobsweu", "sql-locked-weu", "mi-night-weu", "ai-forms-weu")}
    assert {name: way and way.code for name, way in ways.items()} == {
        "stblobsweu": "CMK807",
        "sql-locked-weu": "CMK206",
        "mi-night-weu": "CMK871",
        "ai-forms-weu": "CMK827",
    }
    assert found["stordersweu"].obstacle is None


def test_what_moving_costs_is_told_and_what_is_right_costs_nothing(whole: Assessment) -> None:
    found = by_name(whole)
    assert found["cosmos-orders-weu"].cost is not None
    assert found["cosmos-orders-weu"].cost.one_way
    assert found["redis-sessions-weu"].cost is not None
    assert found["redis-sessions-weu"].cost.downtime == "disruption"
    assert found["sql-ledger-weu"].cost is None


def test_a_key_is_shown_with_vault_age_policy_and_next_rotation(whole: Assessment) -> None:
    (key,) = by_name(whole)["sql-ledger-weu"].keys
    assert key.vault.endswith("/vaults/kv-ledger-weu")
    assert len(key.latest) == 32
    assert (key.name, key.version, key.enabled, key.why) == ("cmk-sql-ledger-weu", "", True, "")
    assert key.age_days == 30
    assert key.rotation
    assert key.rotation_due > key.rotated
    (pinned,) = by_name(whole)["stpinnedweu"].keys
    assert pinned.version


def test_a_rotation_since_makes_the_key_younger() -> None:
    azure = simulator.azure()
    azure.advance(400 * DAY)
    (key,) = by_name(assessed(azure, f"{IN_PRODUCTION}/rg-sql-weu"))["sql-ledger-weu"].keys
    assert key.age_days is not None
    assert key.age_days < 400
    assert key.created < key.rotated


def test_what_was_moved_is_compliant_and_the_run_says_since_when(tmp_path: Path) -> None:
    azure = simulator.azure()
    before = assessed(azure, STORE.rpartition("/providers/")[0])
    connection = azure.connection()
    plan = cmk.load_plan(PLANS / "storage.yaml")
    review = cmk.dry_run(plan, connection=connection, runs=tmp_path)
    cmk.apply(review, accept=review.acknowledgements_required, connection=connection)
    azure.advance(3 * DAY)
    after = assessed(azure, STORE.rpartition("/providers/")[0], earlier=before, runs=tmp_path)
    one = by_name(after)["stordersweu"]
    assert one.verdict == "compliant"
    done = {item.id.rpartition("/")[2]: item for item in after.figures.remediated}
    assert done["stordersweu"].by == review.digest
    assert 0 < done["stordersweu"].seconds < 86400
    assert after.compared is not None
    assert after.compared.alike
    assert "stordersweu" in {item.id.rpartition("/")[2] for item in after.compared.moved}


def test_a_subscription_that_may_not_be_read_is_named_and_never_called_compliant() -> None:
    azure = simulator.azure(
        estate=demo() | {"role_assignments": [*demo()["role_assignments"], reader(f"/subscriptions/{CONTINUITY}")]}
    )
    found = assessed(azure, principal=APP)
    assert [one.what for one in found.not_read] == [f"/subscriptions/{PRODUCTION}"]
    assert found.subscriptions == (f"/subscriptions/{CONTINUITY}",)
    assert not found.compliant


def test_a_management_group_is_all_its_subscriptions_and_what_is_hidden_in_it_is_named() -> None:
    grants = demo()["role_assignments"]
    whole_group = {"role_assignments": [*grants, reader(ROOT)]}
    found = assessed(simulator.azure(estate=demo() | whole_group), ROOT, principal=APP)
    assert len(found.subscriptions) == 2
    assert found.not_read == ()
    above = {"principal": APP, "role": LISTER, "scope": ROOT}
    partly = {"role_assignments": [*grants, above, reader(f"/subscriptions/{CONTINUITY}")]}
    found = assessed(simulator.azure(estate=demo() | partly), ROOT, principal=APP)
    assert [one.what for one in found.not_read] == [f"/subscriptions/{PRODUCTION}"]


def test_a_management_group_whose_subscriptions_may_not_be_listed_is_never_called_whole() -> None:
    estate = demo() | {"role_assignments": [*demo()["role_assignments"], reader(f"/subscriptions/{CONTINUITY}")]}
    found = assessed(simulator.azure(estate=estate), ROOT, principal=APP)
    assert found.subscriptions == (f"/subscriptions/{CONTINUITY}",)
    assert [one.what for one in found.not_read] == [f"descendants of {ROOT}"]
    assert not found.compliant


LISTER = {
    "Name": "lists subscriptions",
    "Actions": ["Microsoft.Management/managementGroups/descendants/read"],
    "AssignableScopes": [ROOT],
}
APP = "44444444-4444-4444-8444-444444444402"


def reader(scope: str) -> dict[str, str]:
    return {"principal": APP, "role": "Reader", "scope": scope}


def test_who_may_read_one_group_is_told_what_is_hidden_and_may_assess_that_group() -> None:
    grants = {"role_assignments": [*demo()["role_assignments"], reader(GROUP)]}
    azure = simulator.azure(estate=demo() | grants)
    found = assessed(azure, GROUP, principal=APP)
    assert len(found.findings) > 3
    assert found.not_read == ()
    assert assessed(azure, PRODUCTION, principal=APP).not_read


def test_who_may_not_read_one_kind_of_resource_is_told_which() -> None:
    all_but = {"Name": "all but", "Actions": ["*/read"], "NotActions": ["Microsoft.Sql/*"], "AssignableScopes": [ROOT]}
    grant = {"principal": APP, "role": all_but, "scope": f"/subscriptions/{PRODUCTION}"}
    found = assessed(simulator.azure(estate=demo() | {"role_assignments": [grant]}), PRODUCTION, principal=APP)
    (hidden,) = found.not_read
    assert hidden.what == f"all of /subscriptions/{PRODUCTION}"
    assert "Microsoft.Sql/servers" in hidden.why
    assert not found.compliant


def test_where_nobody_can_say_how_much_is_readable_that_is_said() -> None:
    azure = simulator.azure()
    azure.faults.add(Fault("status", url="Microsoft.Authorization/permissions", status=403, code="AuthorizationFailed"))
    found = assessed(azure, PRODUCTION, only=cmk.Selection(services=("redis-enterprise",)))
    assert found.not_read == ()
    assert [one.what for one in found.unsure] == [f"all of /subscriptions/{PRODUCTION}"]


def test_a_resource_that_is_asked_for_by_name_is_assessed_alone() -> None:
    found = assessed(simulator.azure(), f"{STORE}/stordersweu")
    assert [one.id for one in found.findings] == [f"{STORE}/stordersweu"]


def test_a_scope_that_is_none_is_refused_before_anything_is_asked() -> None:
    azure = simulator.azure()
    with pytest.raises(InputError) as caught:
        assessed(azure, "production")
    assert caught.value.code == codes.input_.SCOPE_INVALID
    assert azure.requests == []


@pytest.mark.parametrize(
    ("only", "names"),
    [
        ({"names": ("ST*weu",), "services": ("storage",)}, 7),
        ({"locations": ("North Europe",), "services": ("ai-services",)}, 1),
        ({"tags": (("Data-Classification", "confidential"),)}, 1),
        ({"tags": (("data-classification", "public"),)}, 0),
    ],
)
def test_filters_leave_out_what_they_say(only: dict[str, Any], names: int) -> None:
    estate = demo()
    (account,) = [one for one in estate["resources"] if str(one.get("id")).endswith("/stordersweu")]
    account["tags"] = {"data-classification": "Confidential", "Owner": "orders"}
    found = assessed(simulator.azure(estate=estate), only=cmk.Selection(**only))
    assert len(found.findings) == names
    assert found.filters
    if names == 1 and "tags" in only:
        assert found.findings[0].owner == "orders"


def test_an_exempt_finding_is_shown_and_does_not_count() -> None:
    entry = ExemptionEntry(resource_id=f"{STORE}/stordersweu", owner="orders", reason="goes away", expires="2031-01-01")
    found = assessed(simulator.azure(), f"{STORE}/stordersweu", exemptions=[entry])
    assert found.findings[0].exemption is not None
    assert found.compliant
    assert found.figures.services[0].exempt == 1


def test_an_assessment_survives_its_file(whole: Assessment, tmp_path: Path) -> None:
    path = tmp_path / "assessment.json"
    path.write_text(json.dumps(whole.to_json()), encoding="utf-8")
    assert cmk.load_assessment(path) == whole


def test_the_day_something_was_first_seen_is_that_of_the_first_assessment(whole: Assessment) -> None:
    azure = simulator.azure()
    azure.advance(10 * DAY)
    later = assessed(azure, earlier=whole)
    assert by_name(later)["stordersweu"].first_seen[:10] == TODAY[:10]
    assert later.compared is not None
    assert later.compared.moved == ()


@pytest.mark.parametrize(
    "odd",
    [
        {"tags": ["a"]},
        {"tags": "a"},
        {"location": 5},
        {"identity": []},
        {"properties": []},
        {"kind": {"a": 1}},
        {"sku": "x"},
    ],
    ids=json.dumps,
)
def test_a_body_of_no_known_shape_is_a_finding_or_named_and_never_a_traceback(odd: dict[str, Any]) -> None:
    azure = simulator.azure()
    body = azure.world.get(f"{STORE}/stordersweu")
    assert body is not None
    body.update(odd)
    found = assessed(azure, GROUP)
    assert "stordersweu" in by_name(found)


def test_a_key_of_no_known_shape_costs_no_other_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails: one odd body, of a proxy or a new api-version, costs the assessment of a whole tenant."""
    azure = simulator.azure()
    whole = assessed(azure)
    answer = azure.answer
    keys = re.compile(r"/vaults/[^/]+/keys/[^/?]+\?", re.IGNORECASE)

    def odd(incoming: Incoming) -> Outgoing:
        found = answer(incoming)
        if not keys.search(incoming.url) or found.status != 200:
            return found
        content = json.dumps({**found.body, "properties": "x"}).encode("ascii")
        return Outgoing(200, content, {**found.headers, "Content-Length": str(len(content))})

    monkeypatch.setattr(azure, "answer", odd)
    found = assessed(azure)

    named = {one.what for one in found.not_read if "[CMK210]" in one.why}
    assert {one.id for one in found.findings} | named == {one.id for one in whole.findings}
    assert by_name(found)["stordersweu"].state == by_name(whole)["stordersweu"].state


def test_one_of_a_batch_that_nobody_can_judge_is_named_and_the_rest_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever of reading, judging and explaining it fails."""
    azure = simulator.azure()
    whole = assessed(azure, GROUP)
    service = services()["storage"]
    for name in ("detect", "insight"):
        stood = getattr(service, name)

        def odd(*given: Any, stood: Callable[..., Any] = stood, **more: Any) -> Any:
            if any("stordersweu" in str(getattr(one, "resource_id", getattr(one, "id", ""))) for one in given):
                raise AttributeError("'str' object has no attribute 'get'")
            return stood(*given, **more)

        with monkeypatch.context() as patch:
            patch.setattr(type(service), name, staticmethod(odd))
            found = assessed(azure, GROUP)
        assert by_name(found).keys() == by_name(whole).keys() - {"stordersweu"}
        assert [one.what for one in found.not_read] == [f"{STORE}/stordersweu"]
        assert not found.compliant


@pytest.mark.parametrize("only", [{"services": ("sqll",)}, {"services": ("sql", "SQL")}])
def test_a_service_that_there_is_none_of_is_refused(only: dict[str, Any]) -> None:
    """Fails: a slip in a pipeline's option, and everything is compliant for ever."""
    with pytest.raises(UsageError, match="no such service; there are sql, ") as raised:
        cmk.Selection(**only)
    assert raised.value.code == codes.input_.USAGE


def test_a_resource_group_that_there_is_none_of_was_not_read() -> None:
    """Fails: 0 findings, all compliant, in a group whose name was typed wrongly."""
    azure = simulator.azure()
    found = assessed(azure, f"{IN_PRODUCTION}/rg-typo", GROUP)

    assert [one.what for one in found.not_read] == [f"{IN_PRODUCTION}/rg-typo"]
    assert "there is no such resource group" in found.not_read[0].why
    assert not found.compliant
    assert "stordersweu" in by_name(found)
    asked = [one.url for one in azure.requests if "/rg-typo" in one.url]
    assert len(asked) == 1


def test_who_may_not_read_a_group_itself_may_assess_what_is_in_it() -> None:
    azure = simulator.azure()
    azure.faults.add(Fault("status", url=f"{GROUP}\\?", status=403, code="AuthorizationFailed", nth=0))
    found = assessed(azure, GROUP)

    assert "stordersweu" in by_name(found)
    assert found.not_read == ()
