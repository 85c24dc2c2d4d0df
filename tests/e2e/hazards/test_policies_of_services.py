"""Hazard 13 on accounts and clusters: the conditions of Azure's own definitions, assigned with the effect Deny.

Fails: a rollback is promised that a policy refuses, or a run is refused half way by a policy that could have been asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cmk_remediate import codes
from tests.e2e.ai_accounts import on_previous_key, speech
from tests.e2e.clusters import one_cluster
from tests.e2e.desk import adding
from tests.e2e.estates import SUB, Scene
from tests.e2e.storage import doubly_encrypted, one_account

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.conftest import Azure


def _of(kind: str, *conditions: dict[str, Any]) -> dict[str, Any]:
    return {"allOf": [{"field": "type", "equals": kind}, *conditions]}


_STORAGE, _AI, _REDIS = (
    "Microsoft.Storage/storageAccounts",
    "Microsoft.CognitiveServices/accounts",
    "Microsoft.Cache/redisEnterprise",
)
_ON_KEY = {"field": f"{_STORAGE}/encryption.keySource", "equals": "Microsoft.Keyvault"}
ACCOUNT = _of(_STORAGE, {"not": _ON_KEY})
QUEUES = _of(_STORAGE, _ON_KEY, {"field": f"{_STORAGE}/encryption.services.queue.keyType", "notEquals": "Account"})
AI = _of(_AI, {"field": f"{_AI}/encryption.keySource", "notEquals": "Microsoft.KeyVault"})
CLUSTER = _of(_REDIS, {"field": f"{_REDIS}/encryption.customerManagedKeyEncryption", "exists": "false"})
"""6fac406b, f0e5abd0, 67121cc7 and 09aa11bb of Azure/azure-policy; kinds that are left out by a parameter are left out here."""


def _denied(scene: Scene, condition: dict[str, Any]) -> Scene:
    rule = {"if": condition, "then": {"effect": "deny"}}
    return adding(scene, "policies", {"name": "only-cmk", "scope": f"/subscriptions/{SUB}", "rule": rule})


@pytest.mark.parametrize(
    ("scene", "condition", "name"), [(one_account, ACCOUNT, "stone"), (one_cluster, CLUSTER, "redis-one")]
)
def test_13_where_platform_keys_are_denied_there_is_no_way_back(
    azure: Azure, scene: Callable[[], Scene], condition: dict[str, Any], name: str
) -> None:
    stage = azure(_denied(scene(), condition))
    review, _ = stage.moved()
    assert f"one-way:{name}" in review.acknowledgements_required
    (target,) = stage.review_rollback(review.digest).targets
    assert target.blocked is not None, "the policy is asked again: it may be another by then"
    assert target.blocked.code == codes.access.POLICY_DENIES
    assert stage.verify().exit_code == 0


def test_13_where_queues_have_to_be_covered_and_cannot_be_the_account_is_refused(azure: Azure) -> None:
    (target,) = azure(_denied(one_account(), QUEUES)).dry_run().targets
    assert target.blocked is not None
    assert target.blocked.code == codes.access.POLICY_DENIES
    assert "only-cmk" in target.blocked.why
    (target,) = azure(_denied(doubly_encrypted(), QUEUES)).dry_run().targets
    assert target.blocked is None, "its queues are covered"


def test_13_an_ai_account_gets_its_identity_first_which_such_a_policy_denies(azure: Azure) -> None:
    (target,) = azure(_denied(speech(), AI)).dry_run().targets
    assert target.blocked is not None
    assert target.blocked.code == codes.access.POLICY_DENIES
    assert "attach_ai_identity" in target.blocked.why
    stage = azure(_denied(on_previous_key(), AI))
    review, _ = stage.moved()
    assert not [one for one in review.acknowledgements_required if one.startswith("one-way")]
    stage.rolled_back(review.digest)
