"""Acceptances by name: a door must not open because two names look alike."""

from __future__ import annotations

import itertools

import pytest

from cmk_remediate import codes
from cmk_remediate.engine.acceptance import check, names, parse_file
from cmk_remediate.errors import RefusedError
from cmk_remediate.model.decisions import Acceptance
from cmk_remediate.model.ids import ResourceId

SUB = "/subscriptions/1111"


def at(group: str, kind: str, name: str, sub: str = SUB) -> ResourceId:
    return ResourceId.parse(f"{sub}/resourceGroups/{group}/providers/{kind}/{name}")


def disk(group: str, sub: str = SUB, name: str = "data1") -> Acceptance:
    return Acceptance("temp-disk", at(group, "Microsoft.Compute/disks", name, sub), "outage")


VAULT = at("rg", "Microsoft.KeyVault/vaults", "kv-orders")
PURGE = Acceptance("purge-protection", VAULT, "one-way")


def texts(*acceptances: Acceptance, others: tuple[ResourceId, ...] = ()) -> list[str]:
    found = names(acceptances, others)
    return [found[acceptance] for acceptance in acceptances]


def test_a_name_that_is_unique_stands_alone() -> None:
    assert texts(PURGE) == ["purge-protection:kv-orders"]


def test_a_suffix_follows_the_name() -> None:
    assert texts(Acceptance("retention", VAULT, "one-way", "90")) == ["retention:kv-orders:90"]


def test_two_disks_of_one_name_are_told_apart_by_their_group() -> None:
    assert texts(disk("rg1"), disk("rg2")) == ["temp-disk:rg1/data1", "temp-disk:rg2/data1"]


def test_a_disk_that_needs_no_acceptance_makes_a_name_ambiguous_all_the_same() -> None:
    assert texts(disk("rg1"), others=(disk("rg2").resource,)) == ["temp-disk:rg1/data1"]


def test_groups_of_one_name_are_told_apart_by_their_subscription_in_any_casing() -> None:
    assert texts(disk("rg1"), disk("RG1", "/subscriptions/2222", "DATA1"), disk("rg2")) == [
        "temp-disk:1111/rg1/data1",
        "temp-disk:2222/RG1/DATA1",
        "temp-disk:rg2/data1",
    ]


def test_one_resource_spelt_twice_is_one_resource() -> None:
    assert texts(disk("rg1"), others=(disk("RG1", name="DATA1").resource,)) == ["temp-disk:data1"]


def test_a_child_is_told_apart_by_its_parent_first() -> None:
    one, two = (Acceptance("x", at("rg", "Microsoft.Sql/servers", f"{s}/databases/db"), "outage") for s in ("s1", "s2"))
    assert texts(one, two) == ["x:s1/db", "x:s2/db"]


def test_a_key_called_like_its_server_does_not_lengthen_the_servers_name() -> None:
    server = at("rg", "Microsoft.Sql/servers", "sql-orders")
    accepted = Acceptance("server-identity", server, "bystander")
    assert texts(accepted, others=(VAULT.child("keys", "sql-orders"),)) == ["server-identity:sql-orders"]


def test_no_text_ever_accepts_two_things() -> None:
    one = Acceptance("x", at("rg", "Microsoft.Sql/servers", "orders"), "outage")
    two = Acceptance("x", at("rg", "Microsoft.KeyVault/vaults", "orders"), "outage")
    assert texts(one, two) == [f"x:{one.resource.text[1:]}", f"x:{two.resource.text[1:]}"]


def test_groups_and_subscriptions_have_names_too() -> None:
    group = Acceptance("x", ResourceId.parse(f"{SUB}/resourceGroups/rg1"), "outage")
    assert texts(group, Acceptance("x", ResourceId.parse(SUB), "outage")) == ["x:rg1", "x:1111"]
    other = ResourceId.parse("/subscriptions/2222/resourceGroups/rg1")
    assert texts(group, others=(other,)) == ["x:1111/rg1"]


def test_the_order_of_steps_does_not_change_a_name() -> None:
    found = [names(order, ()) for order in itertools.permutations((PURGE, disk("rg1"), disk("rg2")))]
    assert all(item == found[0] for item in found)


def test_exactly_what_is_required_passes_in_any_casing_and_order() -> None:
    check(["a:x", "b:y"], [" B:Y ", "a:x", "a:x"])
    check([], [])


@pytest.mark.parametrize(
    ("required", "given", "code", "said"),
    [
        (
            ["a:x", "b:y"],
            ["a:x"],
            codes.engine.ACCEPTANCE_MISSING,
            ["not accepted: b:y", "--accept a:x\n  --accept b:y"],
        ),
        (
            ["a:x"],
            ["a:x", "c:z"],
            codes.engine.ACCEPTANCE_SURPLUS,
            ["not in this review: c:z", "exactly:\n  --accept a:x"],
        ),
        (["a:x"], ["c:z"], codes.engine.ACCEPTANCE_MISSING, ["not accepted: a:x", "not in this review: c:z"]),
        ([], ["a:x"], codes.engine.ACCEPTANCE_SURPLUS, ["calls for no acceptance"]),
    ],
)
def test_missing_and_surplus_names_both_refuse(
    required: list[str], given: list[str], code: str, said: list[str]
) -> None:
    with pytest.raises(RefusedError) as caught:
        check(required, given)
    assert caught.value.code == code
    assert all(text in caught.value.cause for text in said)


def test_an_accept_file_takes_one_a_line() -> None:
    assert parse_file("# CHG-17\n\n a:x \r\nb:y\n") == ("a:x", "b:y")
