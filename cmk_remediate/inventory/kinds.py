"""The kinds of resources that every service's plans use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.inventory import Child, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VAULT = "Microsoft.KeyVault/vaults"
IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"

SHARED = (
    Kind(
        VAULT,
        children=(
            Child("keys", "list:keys", whole=False, children=(Child("versions", "list:versions"),)),
            Child("diagnosticSettings", "list:diagnosticSettings"),
        ),
    ),
    Kind(IDENTITY),
)
"""Keys are read one by one: the list of a vault's keys leaves members out (azure-mgmt-keyvault `KeysOperations.list`)."""


def by_type(kinds: Iterable[Kind]) -> Mapping[str, Kind]:
    """Return *kinds* by lower-case type."""
    return {kind.type.lower(): kind for kind in kinds}
