"""Errors of Azure SQL: logical servers, their keys and protectors, managed instances.

SPEC here: Microsoft.Sql, the error lists of ServerKeys.json (2025-01-01) and EncryptionProtectors.json (2023-08-01). DOC:
learn.microsoft.com "Azure SQL transparent data encryption with customer-managed key". ERR: MicrosoftDocs/sql-docs, list of
engine errors.
"""

from __future__ import annotations

from cmk_remediate import codes
from cmk_remediate.connection.verdicts.kinds import Later, Never, ReadFirst, Table

_KEY_ACCESS = Later("access", "SPEC; DOC: one code for missing rights and for a firewall", network_possible=True)
_BUSY = Later("busy", "SPEC")
_UNREACHED = Later("busy", "SPEC: the service did not reach the vault", network_possible=True)
_KEY_WRONG = Never(codes.access.ACCESS_NEVER, "SPEC", "Correct the key or the vault the message names.")
_GEO_ORDER = Later("busy", "SPEC; hashicorp/terraform-provider-azurerm#25906: the geo partner has to go first")
_NO = Never(codes.access.REFUSED_BY_AZURE, "SPEC")
_ERR_KEY = Never(codes.access.ACCESS_NEVER, "ERR", "Correct the key or the vault the message names.")
_UNPROTECTED = Never(codes.access.ACCESS_NEVER, "ERR 45377", "Turn on soft delete and purge protection of the vault.")
_UNRESOLVED = Never(codes.access.ACCESS_NEVER, "SPEC", "The service cannot resolve the vault's name.")
_THROTTLED = Later("throttled", "SPEC")
_THERE = ReadFirst("SPEC: what was asked for exists already", there=True)

TABLE = Table(
    namespace="microsoft.sql",
    codes={
        # Access that may still arrive
        "azurekeyvaultmissingpermissions": _KEY_ACCESS,
        "umimissingakvpermissions": _KEY_ACCESS,
        "akvkeyaccessdenied": _KEY_ACCESS,
        "akvkeyaccessgeneral403": _KEY_ACCESS,
        "akvkeyoperationnotallowedbyrbac": Later("access", "SPEC: names RBAC"),
        "adalserviceprincipalnotfound": Later("replication", "SPEC: a new identity is not known to the directory yet"),
        # Passing
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
        "subscriptiontoomanycreateupdaterequests": _THROTTLED,
        "subscriptiontoomanyrequests": _THROTTLED,
        # There already
        "serverkeynamealreadyexists": _THERE,
        "serverkeyurialreadyexists": _THERE,
        # Never
        "securityinvalidazurekeyvaultrecoverylevel": _UNPROTECTED,
        "45377": _UNPROTECTED,
        "45336": _ERR_KEY,
        "45342": _ERR_KEY,
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
            codes.access.ACCESS_NEVER,
            "SPEC",
            "The vault's firewall refuses the service: allow trusted Microsoft services.",
        ),
        "akvhostnotresolvingfromnode": _UNRESOLVED,
        "akvkeydns": _UNRESOLVED,
        "oldgenerationofakvkeybeingusederror": Never(
            codes.access.REFUSED_BY_AZURE, "SPEC", "Only the latest version of a key can be chosen; make a new dry run."
        ),
        "securityazurekeyvaultgeochainerror": _NO,
        "blocksystemassignedidentityforcrosstenantcmk": _NO,
        "securityadalprincipalcertexpirederror": _NO,
        "serverkeynotfound": _NO,
        "cmkoperationnotallowed": _NO,
        "cannotdropdatabaseakverror": _NO,
        "revertdatabaselevelkeyonlysupportedwithsmk": _NO,
        "perdatabasecmkkeyrotationattemptedwhileoldthumbprintinuse": Never(
            codes.access.REFUSED_BY_AZURE,
            "SPEC; DOC database level",
            "Active log files still need an older key: run the same again once the log has been truncated.",
        ),
        "perdatabasecmkgeoprimaryisnotconfiguredwithdatabaselevelencryptionprotector": _GEO_ORDER,
        "perdatabasecmkgeoprimaryisconfiguredwithdatabaselevelencryptionprotector": _GEO_ORDER,
        "perdbcmknotsupportedwithltr": _NO,
        "multipleidentitydelegationsondatabase": _NO,
        "cannotassignidentitytomaster": _NO,
        "missingprimarydelegatedidentityclientid": _NO,
        "managedinstancestoppingorstopped": _NO,
        "azurekeyvaultkeyinuse": _NO,
        "keynamecurrentlyinuse": _NO,
        "keyusedongeoprimary": _NO,
        "azurekeyvaultkeyusedongeoprimary": _NO,
    },
    texts=(
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
        ("soft-delete and purge protection", _UNPROTECTED),
    ),
)
