"""92x: what an assessment says."""

from __future__ import annotations

from cmk_remediate.codes.code import Code

NO_VAULT = Code(
    "CMK920",
    title="no vault for it",
    meaning="The subscription has no Key Vault in the resource's region that the caller may see, so no plan can be proposed.",
    next="Make one with purge protection, or name one with --vault.",
)
FILE_UNREADABLE = Code(
    "CMK921",
    title="a file that an assessment was given cannot be read",
    meaning="It is missing, too large, no JSON, or not what the option takes.",
    next="Give --compare an assessment saved with -o, and --from the findings of another tool.",
)
NO_FINDINGS = Code(
    "CMK922",
    title="findings of an unknown kind",
    meaning="--from reads Prowler's JSON-OCSF and what az policy state list prints.",
    next="Export the findings in one of the two.",
)
