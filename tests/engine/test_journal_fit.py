"""A journal that names what its review does not. Fails: whoever can write the run store chooses what is waited for or undone."""

from __future__ import annotations

import pytest

from cmk_remediate import codes
from cmk_remediate.engine.journal_fit import check_fits
from cmk_remediate.engine.journal_state import JournalState
from cmk_remediate.errors import RunStoreError
from cmk_remediate.model.records import OperationBegan, Record
from tests.engine.journal_parts import AT, intent
from tests.report import sample

SUB = "/subscriptions/22222222-2222-2222-2222-222222222222"
VAULT = f"{SUB}/resourceGroups/rg-orders/providers/Microsoft.KeyVault/vaults/kv-orders"
KEY, GRANT = "create_key.0123456789abcdef", "assign_key_role.0123456789abcdef"
PROTECT = "protect_vault.0123456789abcdef"


def operation(step: str, resource: str) -> OperationBegan:
    return OperationBegan(
        step=step,
        method="PUT",
        resource_id=resource,
        api_version="1",
        status_url="https://arm/op",
        location_url="",
        started=AT,
        client_request_id="c",
        correlation_id="",
        caller="me",
        retry_after=0,
        leave_after=0,
        final=False,
    )


@pytest.mark.parametrize(
    ("step", "resource", "fits"),
    [
        (PROTECT, VAULT, True),
        (PROTECT, VAULT.replace("kv-orders", "KV-Orders"), True),
        (PROTECT, VAULT.replace("kv-orders", "kv-other"), False),
        (PROTECT, f"{VAULT}/keys/cmk-orders", False),
        (PROTECT, "kv-orders", False),
        (PROTECT, f"{VAULT}/../kv-orders", False),
        (f"{PROTECT}0", VAULT, False),
        # The name of a child may be one that only the run knows; its parent is not.
        (KEY, f"{VAULT}/keys/cmk-orders", True),
        (KEY, f"{VAULT}/keys/another", True),
        (KEY, f"{VAULT}/secrets/cmk-orders", False),
        (KEY, f"{VAULT.replace('kv-orders', 'kv-a')}/keys/cmk-orders", False),
        (KEY, f"{VAULT.replace('kv-orders', 'kv-z')}/keys/cmk-orders", False),
        # Where the review does not know the place it knows the subscriptions.
        (GRANT, f"{VAULT}/providers/Microsoft.Authorization/roleAssignments/g", True),
        (GRANT, f"{VAULT.replace('22222222', '99999999')}/providers/Microsoft.Authorization/roleAssignments/g", False),
    ],
)
def test_only_what_the_review_shows_was_written(step: str, resource: str, *, fits: bool) -> None:
    attempt = intent(step, resource=resource)
    histories: tuple[list[Record], ...] = ([attempt], [attempt, operation(step, resource)])
    for records in histories:
        if fits:
            check_fits(sample.review(), JournalState.of(records))
            continue
        with pytest.raises(RunStoreError) as caught:
            check_fits(sample.review(), JournalState.of(records))
        assert caught.value.code == codes.engine.JOURNAL_DAMAGED


def test_an_operation_elsewhere_than_its_intent_is_noticed() -> None:
    """It is what would be waited for."""
    records: list[Record] = [
        intent(PROTECT, resource=VAULT),
        operation(PROTECT, VAULT.replace("kv-orders", "kv-other")),
    ]
    with pytest.raises(RunStoreError):
        check_fits(sample.review(), JournalState.of(records))
