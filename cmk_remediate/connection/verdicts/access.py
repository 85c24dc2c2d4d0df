"""Errors about roles, identities and what the caller may do."""

from __future__ import annotations

from cmk_remediate import codes
from cmk_remediate.connection.verdicts.kinds import Later, Never, ReadFirst, Table

_MAY_NOT = Never(codes.access.PERMISSION_MISSING, "RBAC")
_SIGN_IN = Never(codes.input_.CREDENTIAL_UNUSABLE, "ARM")

TABLE = Table(
    namespace="",
    codes={
        "roleassignmentexists": ReadFirst("RBAC: the same principal, role and scope under another name", there=True),
        "roleassignmentupdatenotpermitted": Never(codes.access.GRANT_CONFLICT, "RBAC"),
        "principalnotfound": Later("replication", "RBAC: a new principal is not known to the directory yet"),
        "roleassignmentlimitexceeded": Never(codes.access.TOO_MANY_GRANTS, "RBAC"),
        "authorizationfailed": _MAY_NOT,
        "linkedauthorizationfailed": _MAY_NOT,
        "linkedaccesscheckfailed": _MAY_NOT,
        "denyassignmentauthorizationfailed": Never(codes.access.DENY_ASSIGNMENT, "RBAC"),
        "invalidauthenticationtoken": _SIGN_IN,
        "expiredauthenticationtoken": _SIGN_IN,
        "authenticationfailed": _SIGN_IN,
        "unauthorized": _SIGN_IN,
        "invalidauthenticationtokentenant": Never(codes.input_.TENANT_MISMATCH, "ARM"),
    },
    texts=(
        ("does not exist in the directory", Later("replication", "RBAC: PrincipalNotFound")),
        ("does not have authorization to perform action", _MAY_NOT),
        ("does not have authorization or an abac condition not fulfilled", _MAY_NOT),
    ),
)
