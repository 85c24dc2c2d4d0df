"""Hazards 7, 10 and 17: rotation and expiry, the wait for access, keys that may exist deleted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cmk_remediate import codes
from tests.e2e.desk import adding, blocked, having, planning, without
from tests.e2e.estates import (
    IDENTITY,
    KEY,
    SERVER,
    VAULT,
    one_server,
    plan,
)
from tests.e2e.hazards.telling import sent_by, step_of
from tests.e2e.stage import path, writes

if TYPE_CHECKING:
    from tests.e2e.conftest import Azure, Sit


def test_7_a_key_is_made_by_one_body_with_its_rotation_policy_and_no_activation_date(azure: Azure) -> None:
    stage = azure(one_server(present=False))
    stage.moved()
    made = [one for one in writes(stage.since(0)) if path(one) == KEY.lower()]
    (body,) = [json.loads(one.body)["properties"] for one in made]
    assert body["rotationPolicy"]["lifetimeActions"]
    assert body["attributes"] == {"enabled": True}, "no expiry, no nbf"


def test_7_a_pinned_key_that_expires_is_refused(desk: Sit) -> None:
    version = "0123456789abcdef0123456789abcdef"
    uri = f"https://kv-cmk.vault.azure.net/keys/cmk/{version}"
    scene = having(one_server(), KEY, {"properties": {"keyUriWithVersion": uri, "attributes": {"exp": 2208988800}}})
    pinned = {**plan(SERVER)["customer_managed_key"], "key_version": version}
    outcome = desk(planning(scene, customer_managed_key=pinned)).dry_run()
    blocked(outcome, 4, codes.vault.PINNED_KEY_EXPIRES, "cmk", "exp")


@pytest.mark.parametrize("floor", ["60s", "4m"])
def test_10_access_is_tried_no_sooner_than_the_floor_after_the_youngest_cause(azure: Azure, floor: str) -> None:
    stage = azure(one_server(present=False), late_rbac=False, late_directory=False)
    review = stage.dry_run({**stage.scene.plan, "access": {"floor": floor}})
    assert stage.apply(review).exit_code == 0
    log = writes(stage.since(0))
    causes = [
        one
        for one in log
        if "/roleassignments/" in path(one) or path(one) in (KEY.lower(), VAULT.lower(), IDENTITY.lower())
    ]
    probe = next(one for one in log if "/servers/" in path(one) and "/keys/" in path(one))
    waited = (_moment(probe.at) - max(_moment(one.at) for one in causes)).total_seconds()
    assert {"60s": 60, "4m": 240}[floor] <= waited < {"60s": 180, "4m": 360}[floor]


def _moment(text: str) -> Any:
    from cmk_remediate.clock import parse_utc  # noqa: PLC0415 - one use

    return parse_utc(text)


def test_17_a_key_that_may_exist_deleted_is_said_and_never_recovered_or_purged(azure: Azure) -> None:
    """The operator has no right on the vault's own endpoint, so nobody can look; Azure then refuses the creation."""
    gone = {"id": f"{VAULT}/deletedKeys/cmk", "properties": {"kty": "RSA"}}
    stage = azure(adding(without(one_server(), KEY), "resources", gone))
    review = stage.dry_run()
    assert "may exist deleted" in step_of(review, "create_key").reason
    result = stage.apply(review)
    assert result.exit_code != 0
    sent = sent_by(stage)
    assert not [one for one in sent if "recover" in one or "purge" in one or "deletedkeys" in one]
    assert not [one for one in sent if "/servers/" in one]
    assert stage.protector(SERVER)["serverKeyType"] == "ServiceManaged"
