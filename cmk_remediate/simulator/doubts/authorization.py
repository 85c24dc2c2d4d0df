"""The open questions about Microsoft.Authorization/roleAssignments."""

from __future__ import annotations

from cmk_remediate.simulator.declare import Doubt

PRINCIPAL_TYPE = Doubt(
    name="principal-type-skips-lookup",
    sentence="Does principalType in a role assignment spare a fresh principal the look-up that answers PrincipalNotFound?",
    source="learn.microsoft.com: Troubleshoot Azure RBAC, says so; public code still retries for minutes",
    readings={"skips": "yes: accepted at once", "looks-up": "no: PrincipalNotFound until the directory knows it"},
    default="looks-up",
)

AUTHORIZATION = (PRINCIPAL_TYPE,)
"""The doubts of Microsoft.Authorization/roleAssignments."""
