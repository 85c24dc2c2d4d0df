"""Throttling and reads that lag."""

from __future__ import annotations

import pytest

from cmk_remediate.simulator.settings import Settings
from tests.simulator.core.toy import IDENTITY, OTHER, RG, THINGS, Raw, azure, code


def test_reads_run_out_and_come_back() -> None:
    raw = Raw(azure(Settings.immediate(throttle=True)))
    path = f"{THINGS}/one"
    assert [raw("GET", path).status for _ in range(250)] == [200] * 250
    answer = raw("GET", path)
    assert (answer.status, code(answer), answer.headers["Retry-After"]) == (429, "SubscriptionRequestsThrottled", "1")
    assert answer.headers["x-ms-ratelimit-remaining-subscription-reads"] == "0"
    assert raw("PUT", f"{IDENTITY}/new", {"location": "westeurope"}).status == 201
    raw.wait(2)
    assert [raw("GET", path).status for _ in range(51)] == [200] * 50 + [429]
    assert raw.azure.counters.throttled == 2


def test_polls_are_reads_and_each_principal_has_its_own_bucket() -> None:
    settings = Settings.immediate(throttle=True, reads=(3, 1.0))
    it = azure(settings, role_assignments=[{"principal": OTHER, "role": "Owner", "scope": RG}])
    raw, other = Raw(it), Raw(it, OTHER)
    url = raw("PATCH", f"{THINGS}/one", {"tags": {"a": "b"}}).headers["Azure-AsyncOperation"]
    assert [raw("GET", url).status for _ in range(4)] == [200, 200, 200, 429]
    assert other("GET", url).status == 200


def test_writes_and_deletes_have_buckets_of_their_own() -> None:
    raw = Raw(azure(Settings.immediate(throttle=True, writes=(1, 1.0), deletes=(1, 1.0))))
    assert [raw("PUT", f"{IDENTITY}/n", {"location": "westeurope"}).status for _ in range(2)] == [201, 429]
    assert [raw("DELETE", f"{IDENTITY}/n").status for _ in range(2)] == [200, 429]


def test_without_the_switch_nothing_is_throttled() -> None:
    raw = Raw(azure(Settings.immediate()))
    assert {raw("GET", f"{THINGS}/one").status for _ in range(400)} == {200}


@pytest.mark.parametrize("seed", range(4))
def test_reads_lag_behind_a_write(seed: int) -> None:
    raw = Raw(azure(Settings.immediate(eventual_reads=True, eventual=(1.0, 10.0)), seed=seed))
    raw("PUT", f"{IDENTITY}/new", {"location": "westeurope"})
    assert raw("GET", f"{IDENTITY}/new").status == 404
    assert [one["name"] for one in raw("GET", IDENTITY).body["value"]] == ["u1"]
    raw.wait(10)
    assert raw("GET", f"{IDENTITY}/new").status == 200
    raw("PATCH", f"{IDENTITY}/new", {"tags": {"a": "b"}})
    assert "tags" not in raw("GET", f"{IDENTITY}/new").body
    raw("DELETE", f"{IDENTITY}/new")
    assert raw("GET", f"{IDENTITY}/new").status == 200
    assert [one["name"] for one in raw("GET", IDENTITY).body["value"]] == ["u1", "new"]
    raw.wait(10)
    assert raw("GET", f"{IDENTITY}/new").status == 404
    assert [one["name"] for one in raw("GET", IDENTITY).body["value"]] == ["u1"]


def test_a_get_and_a_list_need_not_agree() -> None:
    seen = set()
    for seed in range(20):
        raw = Raw(azure(Settings.immediate(eventual_reads=True), seed=seed))
        raw("PUT", f"{IDENTITY}/new", {"location": "westeurope"})
        raw.wait(5)
        names = [one["name"] for one in raw("GET", IDENTITY).body["value"]]
        seen.add((raw("GET", f"{IDENTITY}/new").status, "new" in names))
    assert seen == {(200, True), (200, False), (404, True), (404, False)}


def test_a_parent_just_made_may_not_be_seen_by_its_child() -> None:
    for switch, expected in ((True, 404), (False, 201)):
        raw = Raw(azure(Settings.immediate(eventual_reads=switch, eventual=(1.0, 10.0))))
        raw("PUT", f"{RG[:-3]}new", {"location": "westeurope"}, api="2021-04-01")
        path = f"{IDENTITY.replace('/rg1/', '/new/')}/x"
        assert raw("PUT", path, {"location": "westeurope"}).status == expected


def test_what_happened_is_remembered_for_an_hour() -> None:
    raw = Raw(azure())
    raw("PATCH", f"{IDENTITY}/u1", {"tags": {"a": "b"}})
    raw.wait(100)
    world = raw.azure.world
    assert "tags" not in (world.as_of(f"{IDENTITY}/u1", 101) or {})
    assert (world.as_of(f"{IDENTITY}/u1", 99) or {})["tags"] == {"a": "b"}
