"""The tables by which errors are judged. Each row has its source.

Sources: SPEC: Azure/azure-rest-api-specs, Microsoft.Sql, the error lists of ServerKeys.json (2025-01-01) and
EncryptionProtectors.json (2023-08-01). DOC: learn.microsoft.com "Azure SQL transparent data encryption with customer-managed
key". ERR: MicrosoftDocs/sql-docs, list of engine errors. RBAC: learn.microsoft.com "Troubleshoot Azure RBAC". KV:
learn.microsoft.com "Azure Key Vault REST API error codes" and "Common error codes". ARM: learn.microsoft.com "Troubleshoot
common Azure deployment errors". LOCK: learn.microsoft.com "Lock your resources". THR: learn.microsoft.com "Understand how Azure
Resource Manager throttles requests". Issues are named ``owner/repository#number``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from cmk_remediate import codes
from cmk_remediate.codes.code import Code

Reason = Literal["access", "busy", "replication", "throttled"]


@dataclass(frozen=True)
class Later:
    """Time cures it."""

    reason: Reason
    source: str
    network_possible: bool = False


@dataclass(frozen=True)
class Never:
    """Time does not cure it."""

    code: Code
    source: str
    hint: str = ""


@dataclass(frozen=True)
class ReadFirst:
    """Only a read can say what is true now."""

    source: str


Verdict: TypeAlias = Later | Never | ReadFirst

_KEY_ACCESS = Later("access", "SPEC; DOC: one code for missing rights and for a firewall", network_possible=True)
_RBAC_ONLY = Later("access", "SPEC: names RBAC")
_BUSY = Later("busy", "SPEC")
_UNREACHED = Later("busy", "SPEC: the service did not reach the vault", network_possible=True)
_KEY_WRONG = Never(codes.access.ACCESS_NEVER, "SPEC", "Correct the key or the vault the message names.")
_GEO_ORDER = Later("busy", "SPEC; hashicorp/terraform-provider-azurerm#25906: the geo partner has to go first")
_SQL_NO = Never(codes.access.REFUSED_BY_AZURE, "SPEC")
_SQL_THROTTLED = Later("throttled", "SPEC")
_THERE = ReadFirst("SPEC: what was asked for exists already")
_MAY_NOT = Never(codes.access.PERMISSION_MISSING, "RBAC")
_SIGN_IN = Never(codes.input_.CREDENTIAL_UNUSABLE, "ARM")
_PROVIDER = Never(codes.access.PROVIDER_NOT_REGISTERED, "ARM")
_VAULT_ACCESS = Never(codes.access.PERMISSION_MISSING, "KV")
_VAULT_NETWORK = Never(
    codes.access.ACCESS_NEVER, "KV", "Run from a network the vault's firewall lets in, such as a Hybrid Worker."
)
_RECOVER = Never(
    codes.access.REFUSED_BY_AZURE,
    "KV; external-secrets/external-secrets#3519",
    "Recover it or use another name; nothing is recovered for you.",
)
_FRESH_PARENT = Later("replication", "ARM: a parent that was just created may not be known in every region yet")

BY_CODE: dict[str, Verdict] = {
    # Azure SQL: access that may still arrive
    "azurekeyvaultmissingpermissions": _KEY_ACCESS,
    "umimissingakvpermissions": _KEY_ACCESS,
    "akvkeyaccessdenied": _KEY_ACCESS,
    "akvkeyaccessgeneral403": _KEY_ACCESS,
    "akvkeyoperationnotallowedbyrbac": _RBAC_ONLY,
    "adalserviceprincipalnotfound": Later("replication", "SPEC: a new identity is not known to the directory yet"),
    # Azure SQL: passing
    "azurekeyvaultnoserveridentity": Later("busy", "SPEC; how soon SQL uses a new primary identity is unconfirmed"),
    "keymaterialnotfoundonremoteserver": _GEO_ORDER,
    "samekeyurinotfoundonremoteserver": _GEO_ORDER,
    "samekeymaterialnotfoundonremoteserver": _GEO_ORDER,
    "adalgenericerror": _BUSY,
    "akvkeytimeout": _UNREACHED,
    "akvendpointnotreachablefromnode": _UNREACHED,
    "azurekeyvaultconnectionfailed": _UNREACHED,
    "azurekeyvaultgenericconnectionerror": _UNREACHED,
    "encryptionprotectorchangeinprogress": _BUSY,
    "createdatabaseattemptedwithrotationinprogress": _BUSY,
    "operationinterrupted": _BUSY,
    "operationcancelled": _BUSY,
    "operationtimedout": Later("busy", "SPEC: the service rolls back"),
    "managedinstancestarting": _BUSY,
    "toomanyrequests": _SQL_THROTTLED,
    "subscriptiontoomanycreateupdaterequests": _SQL_THROTTLED,
    "subscriptiontoomanyrequests": _SQL_THROTTLED,
    # Azure SQL: there already
    "serverkeynamealreadyexists": _THERE,
    "serverkeyurialreadyexists": _THERE,
    # Azure SQL: never
    "securityinvalidazurekeyvaultrecoverylevel": Never(
        codes.access.ACCESS_NEVER, "SPEC; ERR 45377", "Turn on soft delete and purge protection of the vault."
    ),
    "azurekeyvaultrsakeynotsupported": _KEY_WRONG,
    "azurekeyvaultkeydisabled": _KEY_WRONG,
    "akvkeydisabled": _KEY_WRONG,
    "akvkeydeleted": _KEY_WRONG,
    "azurekeyvaultinvalidexpirationdate": _KEY_WRONG,
    "azurekeyvaultmalformedvaulturi": _KEY_WRONG,
    "azurekeyvaultinvaliduri": _KEY_WRONG,
    "azurekeyvaultkeynamenotfound": _KEY_WRONG,
    "securityazurekeyvaultinvalidkeyname": _KEY_WRONG,
    "akvkeyoperationnotallowed": Never(
        codes.access.ACCESS_NEVER, "SPEC", "The key's key_ops must include wrapKey and unwrapKey."
    ),
    "akvkeyoperationnotallowedbyfirewall": Never(
        codes.access.ACCESS_NEVER, "SPEC", "The vault's firewall refuses the service: allow trusted Microsoft services."
    ),
    "akvhostnotresolvingfromnode": Never(
        codes.access.ACCESS_NEVER, "SPEC", "The service cannot resolve the vault's name."
    ),
    "akvkeydns": Never(codes.access.ACCESS_NEVER, "SPEC", "The service cannot resolve the vault's name."),
    "oldgenerationofakvkeybeingusederror": Never(
        codes.access.REFUSED_BY_AZURE, "SPEC", "Only the latest version of a key can be chosen; make a new dry run."
    ),
    "securityazurekeyvaultgeochainerror": _SQL_NO,
    "blocksystemassignedidentityforcrosstenantcmk": _SQL_NO,
    "securityadalprincipalcertexpirederror": _SQL_NO,
    "serverkeynotfound": _SQL_NO,
    "cmkoperationnotallowed": _SQL_NO,
    "cannotdropdatabaseakverror": _SQL_NO,
    "revertdatabaselevelkeyonlysupportedwithsmk": _SQL_NO,
    "managedinstancestoppingorstopped": _SQL_NO,
    # Roles and identities
    "roleassignmentexists": ReadFirst("RBAC: the same principal, role and scope under another name"),
    "roleassignmentupdatenotpermitted": Never(codes.access.GRANT_CONFLICT, "RBAC"),
    "principalnotfound": Later("replication", "RBAC: a new principal is not known to the directory yet"),
    "roleassignmentlimitexceeded": Never(codes.access.TOO_MANY_GRANTS, "RBAC"),
    "authorizationfailed": _MAY_NOT,
    "linkedauthorizationfailed": _MAY_NOT,
    "linkedaccesscheckfailed": _MAY_NOT,
    "denyassignmentauthorizationfailed": Never(codes.access.DENY_ASSIGNMENT, "RBAC"),
    # Azure Resource Manager
    "scopelocked": Never(codes.access.LOCKED, "LOCK"),
    "requestdisallowedbypolicy": Never(codes.access.POLICY_DENIES, "ARM"),
    "missingsubscriptionregistration": _PROVIDER,
    "noregisteredproviderfound": _PROVIDER,
    "subscriptionnotregistered": _PROVIDER,
    "readonlydisabledsubscription": Never(codes.access.SUBSCRIPTION_CLOSED, "ARM"),
    "subscriptionnotfound": Never(codes.access.REFUSED_BY_AZURE, "ARM"),
    "resourcegroupnotfound": Never(codes.access.GROUP_ABSENT, "ARM"),
    "parentresourcenotfound": _FRESH_PARENT,
    "resourcenotfound": _FRESH_PARENT,
    "anotheroperationinprogress": Later("busy", "ARM"),
    "retryableerrorduetoanotheroperation": Later("busy", "ARM"),
    "subscriptionrequeststhrottled": Later("throttled", "THR"),
    "invalidauthenticationtoken": _SIGN_IN,
    "expiredauthenticationtoken": _SIGN_IN,
    "authenticationfailed": _SIGN_IN,
    "invalidauthenticationtokentenant": Never(codes.input_.TENANT_MISMATCH, "ARM"),
    # Key Vault
    "objectisdeletedbutrecoverable": _RECOVER,
    "objectisbeingrecovered": Later("busy", "KV; hashicorp/terraform-provider-azurerm#12285"),
    "objectisbeingdeleted": _RECOVER,
    "forbiddenbyrbac": _VAULT_ACCESS,
    "forbiddenbypolicy": _VAULT_ACCESS,
    "accessdenied": _VAULT_ACCESS,
    "forbiddenbyfirewall": _VAULT_NETWORK,
    "forbiddenbyconnection": _VAULT_NETWORK,
    "keycreationparametersdidnotmatchexistingkey": Never(
        codes.access.REFUSED_BY_AZURE,
        "Azure/bicep-types-az#1906",
        "A key of that name exists with other properties; make a new dry run.",
    ),
    "invalidkeyrotationpolicy": Never(codes.access.REFUSED_BY_AZURE, "Azure/bicep-registry-modules#2760"),
    "vaultalreadyexists": Never(codes.access.REFUSED_BY_AZURE, "KV"),
}
"""By code, in lower case. Asked for the innermost code first."""

BY_TEXT: tuple[tuple[str, Verdict], ...] = (
    (
        "requires the following azure key vault permissions",
        Later("access", "MicrosoftDocs/sql-docs#7586: also for a firewall", network_possible=True),
    ),
    (
        "requires the key vault crypto service encryption user permission",
        Later(
            "access",
            "DOC: one text for rights, expired, disabled and not yet active keys, and a firewall",
            network_possible=True,
        ),
    ),
    (
        "soft-delete and purge protection",
        Never(codes.access.ACCESS_NEVER, "ERR 45377", "Turn on soft delete and purge protection of the vault."),
    ),
    ("caller is not a trusted service", _VAULT_NETWORK),
    ("changed from the point the operation began", Later("busy", "Azure/bicep#4364")),
    (
        "already exists in deleted state",
        Never(
            codes.access.REFUSED_BY_AZURE,
            "alan-turing-institute/data-safe-haven#2523",
            "Recover the vault yourself, and give its role assignments anew: deleting it removed them.",
        ),
    ),
    ("does not exist in the directory", Later("replication", "RBAC: PrincipalNotFound")),
    ("does not have authorization to perform action", _MAY_NOT),
    ("is an inadequate permission", _VAULT_ACCESS),
)
"""By text, in lower case, where no code is known."""

BY_STATUS: dict[int, Verdict] = {
    401: _SIGN_IN,
    403: _MAY_NOT,
    408: ReadFirst("RFC 9110: nobody knows how far the server came"),
    429: Later("throttled", "THR"),
    500: ReadFirst("RFC 9110"),
    502: ReadFirst("RFC 9110"),
    503: ReadFirst("RFC 9110"),
    504: ReadFirst("RFC 9110"),
}
"""By status, where neither code nor text is known."""

UNCLEAR_CODES = frozenset(
    {
        "internalservererror",
        "internalerror",
        "servererror",
        "serviceunavailable",
        "gatewaytimeout",
        "badgateway",
        "requesttimeout",
        "servertimeout",
    }
)
"""A failure of Azure's own: the code says nothing of how far it came (ARM)."""
