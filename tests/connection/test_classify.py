"""`not yet` and `never` mixed up: a run that waits twenty minutes for nothing, or gives up a minute too early."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cmk_remediate import codes
from cmk_remediate.connection.calls import Reply
from cmk_remediate.connection.classify import judge_operation, judge_reply, judge_silence
from cmk_remediate.connection.errors_text import azure_says
from cmk_remediate.connection.verdicts import BY_CODE, BY_STATUS, BY_TEXT, UNCLEAR_CODES, Later, Never
from cmk_remediate.model.outcomes import NotYet, Refused, Unclear
from tests.connection.table import START


def reply(status: int, body: Any, **headers: str) -> Reply:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, content, START)


def says(code: str, message: str = "m", inner: str = "", outer: str = "") -> dict[str, Any]:
    error: dict[str, Any] = {"code": outer or code, "message": message}
    if inner or outer:
        error["innererror"] = {"code": inner or code}
    return {"error": error}


def expected(verdict: Any) -> type:
    return NotYet if isinstance(verdict, Later) else Refused if isinstance(verdict, Never) else Unclear


# Written a second time on purpose, from the facts, in Azure's spelling: (code, what it means).
ACCESS = ["AzureKeyVaultMissingPermissions", "UmiMissingAkvPermissions", "AkvKeyAccessDenied", "AkvKeyAccessGeneral403"]
FACTS: dict[str, str] = {
    **dict.fromkeys(ACCESS, "access?"),
    "AkvKeyOperationNotAllowedByRBAC": "access",
    **dict.fromkeys(
        ["AdalServicePrincipalNotFound", "PrincipalNotFound", "ParentResourceNotFound", "ResourceNotFound"],
        "replication",
    ),
    **dict.fromkeys(
        [
            "AdalGenericError",
            "EncryptionProtectorChangeInProgress",
            "CreateDatabaseAttemptedWithRotationInProgress",
            "OperationInterrupted",
            "OperationCancelled",
            "OperationTimedOut",
            "ManagedInstanceStarting",
            "AnotherOperationInProgress",
            "RetryableErrorDueToAnotherOperation",
            "ObjectIsBeingRecovered",
            "SomethingNewInProgress",
            "AzureKeyVaultNoServerIdentity",
            "KeyMaterialNotFoundOnRemoteServer",
            "SameKeyUriNotFoundOnRemoteServer",
            "SameKeyMaterialNotFoundOnRemoteServer",
        ],
        "busy",
    ),
    **dict.fromkeys(
        [
            "AkvKeyTimeout",
            "AkvEndpointNotReachableFromNode",
            "AzureKeyVaultConnectionFailed",
            "AzureKeyVaultGenericConnectionError",
        ],
        "busy?",
    ),
    **dict.fromkeys(
        [
            "TooManyRequests",
            "SubscriptionTooManyCreateUpdateRequests",
            "SubscriptionTooManyRequests",
            "SubscriptionRequestsThrottled",
        ],
        "throttled",
    ),
    **dict.fromkeys(["ServerKeyNameAlreadyExists", "ServerKeyUriAlreadyExists", "RoleAssignmentExists"], "read"),
    **dict.fromkeys(["InternalServerError", "ServiceUnavailable", "GatewayTimeout"], "read"),
    **dict.fromkeys(
        [
            "SecurityInvalidAzureKeyVaultRecoveryLevel",
            "AzureKeyVaultRsaKeyNotSupported",
            "AzureKeyVaultKeyDisabled",
            "AkvKeyDisabled",
            "AkvKeyDeleted",
            "AzureKeyVaultInvalidExpirationDate",
            "AzureKeyVaultMalformedVaultUri",
            "AzureKeyVaultInvalidUri",
            "AzureKeyVaultKeyNameNotFound",
            "SecurityAzureKeyVaultInvalidKeyName",
            "AkvKeyOperationNotAllowed",
            "AkvKeyOperationNotAllowedByFirewall",
            "AkvHostNotResolvingFromNode",
            "AkvKeyDNS",
            "ForbiddenByFirewall",
            "ForbiddenByConnection",
        ],
        "CMK202",
    ),
    **dict.fromkeys(
        [
            "OldGenerationOfAKVKeyBeingUsedError",
            "SecurityAzureKeyVaultGeoChainError",
            "BlockSystemAssignedIdentityForCrossTenantCMK",
            "SecurityAdalPrincipalCertExpiredError",
            "ServerKeyNotFound",
            "CMKOperationNotAllowed",
            "CannotDropDatabaseAKVError",
            "RevertDatabaseLevelKeyOnlySupportedWithSMK",
            "PerDatabaseCMKKeyRotationAttemptedWhileOldThumbprintInUse",
            "ManagedInstanceStoppingOrStopped",
            "SubscriptionNotFound",
            "ObjectIsDeletedButRecoverable",
            "ObjectIsBeingDeleted",
            "KeyCreationParametersDidNotMatchExistingKey",
            "InvalidKeyRotationPolicy",
            "VaultAlreadyExists",
            "NobodyKnowsThisCode",
        ],
        "CMK209",
    ),
    **dict.fromkeys(
        [
            "AuthorizationFailed",
            "LinkedAuthorizationFailed",
            "LinkedAccessCheckFailed",
            "ForbiddenByRbac",
            "ForbiddenByPolicy",
            "AccessDenied",
        ],
        "CMK204",
    ),
    **dict.fromkeys(["InvalidAuthenticationToken", "ExpiredAuthenticationToken", "AuthenticationFailed"], "CMK105"),
    **dict.fromkeys(
        ["MissingSubscriptionRegistration", "NoRegisteredProviderFound", "SubscriptionNotRegistered"], "CMK220"
    ),
    "InvalidAuthenticationTokenTenant": "CMK104",
    "ReadOnlyDisabledSubscription": "CMK217",
    "ResourceGroupNotFound": "CMK219",
    "RoleAssignmentLimitExceeded": "CMK221",
    "RoleAssignmentUpdateNotPermitted": "CMK215",
    "DenyAssignmentAuthorizationFailed": "CMK207",
    "ScopeLocked": "CMK206",
    "RequestDisallowedByPolicy": "CMK208",
}


def word(outcome: Any) -> str:
    if isinstance(outcome, NotYet):
        return outcome.reason + ("?" if outcome.network_possible else "")
    return str(outcome.code) if isinstance(outcome, Refused) else "read"


def test_every_row_is_told_here_a_second_time() -> None:
    assert {code for code in BY_CODE if code not in {fact.lower() for fact in FACTS}} == set()


@pytest.mark.parametrize(("code", "means"), FACTS.items())
def test_code_means_the_same_as_first_reply_and_as_failed_operation(code: str, means: str) -> None:
    first = judge_reply(reply(409, says(code, inner=code, outer="Conflict")))
    plain = judge_reply(reply(400, says(code)))
    later = judge_operation({"name": "1", "status": "Failed", "error": says(code)["error"]})
    assert [word(first), word(plain), word(later)] == [means] * 3
    if not isinstance(plain, Unclear):
        azure_code = plain.azure_code if isinstance(plain, Refused) else plain.code
        assert (azure_code, plain.text) == (code, "m")


@pytest.mark.parametrize("verdict", [*BY_CODE.values(), *(verdict for _, verdict in BY_TEXT), *BY_STATUS.values()])
def test_every_row_names_its_source(verdict: Any) -> None:
    assert verdict.source


@pytest.mark.parametrize(("fragment", "verdict"), BY_TEXT)
def test_known_text_under_a_code_that_says_nothing(fragment: str, verdict: Any) -> None:
    outcome = judge_reply(reply(400, says("BadRequest", f"Sorry: The {fragment.upper()} of 'x'.")))
    assert isinstance(outcome, expected(verdict))


TEXTS = [
    (
        (
            "The managed identity with ID '/sub/x' requires the following Azure Key Vault permissions: 'Get, WrapKey, UnwrapKey' "
            "to the key 'https://kv1.vault.azure.net/keys/k1'."
        ),
        "access?",
    ),
    (
        "The server `s1` requires the Key Vault Crypto Service Encryption User permission for the RBAC policy or ...",
        "access?",
    ),
    ("Please ensure the key vault has been configured with soft-delete and purge protection.", "CMK202"),
    ("Client address 1.2.3.4 is not authorized and caller is not a trusted service.", "CMK202"),
    ("operation failed because the Key Vault 'x' changed from the point the operation began.", "busy"),
    ("A vault with the same name already exists in deleted state. You need to either recover or purge it.", "CMK209"),
    ("Principal 1234 does not exist in the directory 5678.", "replication"),
    ("The client 'x' does not have authorization to perform action 'y' over scope 'z'.", "CMK204"),
]


@pytest.mark.parametrize(("text", "means"), TEXTS)
def test_recorded_texts(text: str, means: str) -> None:
    assert word(judge_reply(reply(400, says("Unheard", text)))) == means
    assert word(judge_operation({"status": "Failed", "error": {"code": "", "message": text}})) == means


@pytest.mark.parametrize(
    ("status", "body", "means"),
    [
        (401, b"", "CMK105"),
        (403, b"<html>", "CMK204"),
        (408, b"", "read"),
        (429, b"", "throttled"),
        (500, b"", "read"),
        (502, b"<html>bad gateway</html>", "read"),
        (503, b"{", "read"),
        (504, b"null", "read"),
        (599, b"[]", "read"),
        (400, b"", "CMK209"),
        (404, b"", "CMK209"),
        (409, b'"x"', "CMK209"),
        (412, b"{}", "CMK209"),
        (302, b"", "CMK209"),
        (400, b'{"error": null}', "CMK209"),
        (400, b'{"error": {"code": null, "message": 7, "innererror": {"innererror": []}, "details": {}}}', "CMK209"),
        (400, b"\xff\xfe\x00", "CMK209"),
    ],
)
def test_status_where_nothing_else_speaks(status: int, body: bytes, means: str) -> None:
    outcome = judge_reply(reply(status, body))
    assert word(outcome) == means
    assert outcome.text


def test_unknown_code_keeps_the_statuss_meaning() -> None:
    assert word(judge_reply(reply(500, says("Whatever")))) == "read"
    assert word(judge_reply(reply(429, says("Whatever")))) == "throttled"
    assert word(judge_reply(reply(403, says("Whatever")))) == "CMK204"


def test_innermost_code_wins() -> None:
    body = {"error": {"code": "Forbidden", "message": "no", "innererror": {"code": "ForbiddenByFirewall"}}}
    assert word(judge_reply(reply(403, body))) == "CMK202"
    deep = {
        "error": {
            "code": "Conflict",
            "message": "m",
            "innererror": {"code": "X", "innererror": {"code": "ObjectIsBeingRecovered"}},
        }
    }
    assert word(judge_reply(reply(409, deep))) == "busy"


def test_details_count_where_the_error_itself_says_nothing() -> None:
    body = {
        "error": {
            "code": "MultipleErrorsOccurred",
            "message": "see",
            "details": [{"code": "ScopeLocked", "message": "lock"}],
        }
    }
    assert word(judge_reply(reply(409, body))) == "CMK206"


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": "ScopeLocked", "message": "m"}},
        {"code": "ScopeLocked", "message": "m"},
        {"Code": "ScopeLocked", "Message": "m"},
        {"odata.error": {"code": "ScopeLocked", "message": {"lang": "en", "value": "m"}}},
        {"properties": {"error": {"code": "ScopeLocked", "message": "m"}}},
    ],
)
def test_envelopes(body: Any) -> None:
    found = azure_says(body)
    assert (found.code, found.text) == ("ScopeLocked", "m")


def test_what_an_outcome_carries() -> None:
    outcome = judge_reply(reply(429, says("TooManyRequests"), retry_after="12", x_ms_correlation_request_id="cor"))
    assert outcome == NotYet("throttled", "TooManyRequests", "m", 12, network_possible=False, correlation_id="cor")
    dated = judge_reply(reply(429, says("X"), retry_after="Mon, 01 Jun 2026 12:01:00 GMT"))
    assert isinstance(dated, NotYet)
    assert dated.retry_after == 60
    refused = judge_reply(reply(409, says("Conflict", inner="ObjectIsDeletedButRecoverable")))
    assert isinstance(refused, Refused)
    assert "ecover" in refused.hint


def test_long_messages_are_cut_and_made_one_line() -> None:
    outcome = judge_reply(reply(400, says("X", "a\nb" * 5000)))
    assert len(outcome.text) < 700
    assert "\n" not in outcome.text


def test_silence_is_unclear_and_says_what_broke() -> None:
    assert "reset" in judge_silence(ConnectionResetError("reset by peer")).text
    assert judge_silence(TimeoutError()).text


def test_failures_of_azures_own_are_in_no_other_table() -> None:
    assert not UNCLEAR_CODES & set(BY_CODE)
    assert codes.CODES["CMK216"] is codes.access.THROTTLED
