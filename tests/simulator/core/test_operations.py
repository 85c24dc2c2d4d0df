from __future__ import annotations

from typing import Any

from cmk_remediate.simulator.settings import Settings
from tests.simulator.core.toy import CONTRIBUTOR, OTHER, RG, SUB, THINGS, Raw, azure, code


def begun(raw: Raw, **properties: Any) -> dict[str, str]:
    answer = raw("PUT", f"{THINGS}/x", {"location": "westeurope", "properties": properties})
    assert (answer.status, answer.body["operation"], answer.headers["Retry-After"]) == (202, "UpsertThing", "15")
    return answer.headers


def test_an_operation_runs_and_succeeds() -> None:
    raw = Raw(azure())
    headers = begun(raw, colour="blue")
    url, result = headers["Azure-AsyncOperation"], headers["Location"]
    assert f"{RG}/providers/Microsoft.Toy/locations/westeurope/thingAzureAsyncOperation/" in url
    poll = raw("GET", url)
    assert (poll.body["status"], poll.headers["Retry-After"], poll.poll) == ("InProgress", "15", True)
    assert raw("GET", result).status == 202
    assert code(raw("GET", f"{THINGS}/x")) == "ResourceNotFound"
    assert code(raw("PUT", f"{THINGS}/x", {"location": "westeurope"})) == "ThingBusy"
    raw.wait(60)
    assert raw("GET", url).body["status"] == "Succeeded"
    assert raw("GET", result).body["properties"] == {"colour": "blue"}
    assert raw("GET", f"{THINGS}/x").body["systemData"]["createdAt"] == "2030-01-07T08:01:00+00:00"
    assert raw.azure.counters.polls == 4


def test_a_refusal_comes_at_once_or_as_a_failed_operation() -> None:
    raw = Raw(azure())
    assert code(raw("PATCH", f"{THINGS}/one", {"properties": {"colour": "grey"}})) == "ThingIsGrey"
    headers = begun(raw, colour="black")
    raw.wait(60)
    failed = raw("GET", headers["Azure-AsyncOperation"]).body
    assert (failed["status"], failed["error"]["code"]) == ("Failed", "ThingIsBlack")
    assert code(raw("GET", headers["Location"])) == "ThingIsBlack"
    assert raw("GET", f"{THINGS}/x").status == 404
    raw("PATCH", f"{THINGS}/one", {"properties": {"colour": "black"}})
    raw.wait(60)
    assert raw("GET", f"{THINGS}/one").body["properties"]["colour"] == "red"


def test_deletion_and_actions_are_operations_too() -> None:
    raw = Raw(azure(Settings.immediate(switches={"toy-tick": False})))
    action = raw("POST", f"{THINGS}/one/polish")
    assert action.status == 202
    assert raw.wait(11) == ["2030-01-07T08:00:10Z polished"]
    assert raw("DELETE", f"{THINGS}/one").status == 202
    assert raw("GET", f"{THINGS}/one").status == 200
    raw.wait(31)
    assert raw("GET", f"{THINGS}/one").status == 404
    assert raw("GET", f"{THINGS}/one/parts/current").status == 404
    assert raw("DELETE", f"{THINGS}/one").status == 204


def narrow(settings: Settings) -> tuple[Raw, Raw]:
    """Return the operator and a second principal who may do all with things, but nothing else."""
    role = {"Name": "things", "Actions": ["Microsoft.Toy/things/*"]}
    grants = [{"principal": OTHER, "role": role, "scope": SUB}]
    it = azure(settings, role_assignments=grants)
    return Raw(it), Raw(it, OTHER)


def test_a_status_needs_rights_at_its_scope() -> None:
    for switch, expected in ((True, 403), (False, 200)):
        _, other = narrow(Settings.immediate(status_rights=switch))
        url = begun(other)["Azure-AsyncOperation"]
        assert other("GET", url).status == expected


def test_a_status_may_be_for_its_starter_only() -> None:
    for switch, expected in ((True, 403), (False, 200)):
        operator, other = narrow(Settings.immediate(status_starter_only=switch))
        url = begun(other)["Azure-AsyncOperation"]
        assert operator("GET", url).status == expected


def test_a_status_is_gone_after_a_day() -> None:
    for kept, expected in ((86400.0, 404), (0.0, 200)):
        raw = Raw(azure(Settings.immediate(status_kept=kept)))
        url = begun(raw)["Azure-AsyncOperation"]
        raw.wait(60 + 86300)
        assert raw("GET", url).status == 200
        raw.wait(200)
        assert raw("GET", url).status == expected


def test_the_length_of_operations_can_be_set() -> None:
    raw = Raw(azure(Settings.immediate(operation_seconds=5.0)))
    url = begun(raw)["Azure-AsyncOperation"]
    raw.wait(6)
    assert raw("GET", url).body["status"] == "Succeeded"


def test_rights_of_a_contributor_suffice_for_polls() -> None:
    it = azure(role_assignments=[{"principal": OTHER, "role": CONTRIBUTOR, "scope": RG}])
    other = Raw(it, OTHER)
    assert other("GET", begun(other)["Azure-AsyncOperation"]).status == 200
