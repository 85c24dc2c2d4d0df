"""What a user loses if these fail: somebody's change to the same resource goes by without a word."""

from __future__ import annotations

from cmk_remediate.engine.foreign import changed_meanwhile

BEFORE = {
    "etag": "1",
    "tags": {"team": "orders"},
    "properties": {"networkAcls": {"bypass": "None", "ipRules": []}, "provisioningState": "Succeeded"},
}
SENT = {"properties": {"enablePurgeProtection": True, "identity": {"a": {}}}}


def test_our_own_write_is_no_foreign_change() -> None:
    after = {
        "etag": "2",
        "tags": {"team": "orders"},
        "properties": {
            "networkAcls": {"bypass": "none"},
            "provisioningState": "Updating",
            "enablePurgeProtection": True,
            "identity": {"a": {"principalId": "x", "made": "by Azure"}},
        },
    }
    assert changed_meanwhile(BEFORE, SENT, after) == ()


def test_a_property_that_moved_came_or_went_is_named() -> None:
    after = {
        "tags": {"team": "billing"},
        "properties": {"networkAcls": {"ipRules": [{"value": "1.2.3.4"}]}, "enablePurgeProtection": True},
    }
    assert changed_meanwhile(BEFORE, SENT, after) == (
        "properties.networkAcls.bypass",
        "properties.networkAcls.ipRules",
        "tags.team",
    )
