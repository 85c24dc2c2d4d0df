"""Errors of vaults: to us, who asked the vault, and as services pass them on, whose identity was refused."""

from __future__ import annotations

from cmk_remediate import codes
from cmk_remediate.connection.verdicts.kinds import Later, Never, Table, Verdict

_ACCESS = Never(codes.access.PERMISSION_MISSING, "KV")
_NETWORK = Never(
    codes.access.ACCESS_NEVER, "KV", "Run from a network the vault's firewall lets in, such as a Hybrid Worker."
)
_RECOVER = Never(
    codes.access.REFUSED_BY_AZURE,
    "KV; external-secrets/external-secrets#3519",
    "Recover it or use another name; nothing is recovered for you.",
)
_RECOVER_VAULT = Never(
    codes.access.REFUSED_BY_AZURE,
    "alan-turing-institute/data-safe-haven#2523",
    "Recover the vault yourself, and give its role assignments anew: deleting it removed them.",
)
_REFUSED = Never(codes.access.REFUSED_BY_AZURE, "KV")
_KEY_WRONG = Never(codes.access.ACCESS_NEVER, "KV", "Correct the key the message names.")

_GRANT = Later("access", "KV; hashicorp/terraform-provider-azurerm#27817: the service's identity has no access yet")
_TRUSTED = Never(
    codes.access.ACCESS_NEVER, "KV", "The vault's firewall refuses the service: allow trusted Microsoft services."
)

_OF_ANYBODY: dict[str, Verdict] = {
    "objectisdeletedbutrecoverable": _RECOVER,
    "objectisbeingrecovered": Later("busy", "KV; hashicorp/terraform-provider-azurerm#12285"),
    "objectisbeingdeleted": _RECOVER,
    "keydisabled": _KEY_WRONG,
    "keynotfound": _KEY_WRONG,
}

PASSED_ON = Table(
    namespace="",
    codes={
        **_OF_ANYBODY,
        "forbiddenbyrbac": _GRANT,
        "forbiddenbypolicy": _GRANT,
        "forbiddenbyfirewall": _TRUSTED,
        "forbiddenbyconnection": _TRUSTED,
    },
    texts=(
        ("client address is not authorized", _TRUSTED),
        ("caller is not a trusted service", _TRUSTED),
        ("caller is not authorized to perform action on resource", _GRANT),
        ("please observe propagation time", _GRANT),
    ),
)
"""What a vault told a service about the service's identity."""

TABLE = Table(
    namespace="microsoft.keyvault",
    codes={
        **_OF_ANYBODY,
        "forbiddenbyrbac": _ACCESS,
        "forbiddenbypolicy": _ACCESS,
        "accessdenied": _ACCESS,
        "forbiddenbyfirewall": _NETWORK,
        "forbiddenbyconnection": _NETWORK,
        "keycreationparametersdidnotmatchexistingkey": Never(
            codes.access.REFUSED_BY_AZURE,
            "Azure/bicep-types-az#1906",
            "A key of that name exists with other properties; make a new dry run.",
        ),
        "invalidkeyrotationpolicy": Never(codes.access.REFUSED_BY_AZURE, "Azure/bicep-registry-modules#2760"),
        "vaultalreadyexists": _REFUSED,
        "softdeletedvaultdoesnotexist": Never(
            codes.access.REFUSED_BY_AZURE, "hashicorp/terraform-provider-azurerm#12972"
        ),
        "deletedvaultnotfound": Never(codes.access.REFUSED_BY_AZURE, "KV; recorded answers of the service"),
    },
    texts=(
        ("is not authorized and caller is not a trusted service", _NETWORK),
        ("caller is not a trusted service", _NETWORK),
        ("caller is not authorized to perform action on resource", _ACCESS),
        ("please observe propagation time", _ACCESS),
        ("changed from the point the operation began", Later("busy", "Azure/bicep#4364")),
        ("already exists in deleted state", _RECOVER_VAULT),
        ("in a deleted but recoverable state", _RECOVER),
        ("is an inadequate permission", _ACCESS),
        ("has been set already and it can't be modified", _REFUSED),
    ),
)
