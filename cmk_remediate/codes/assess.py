"""92x: what an assessment says."""

from __future__ import annotations

from cmk_remediate.codes.code import Code

NO_VAULT = Code(
    "CMK920",
    title="no vault for it",
    meaning="The subscription has no Key Vault in the resource's region that the caller may see, so no plan can be proposed.",
    next="Make one with purge protection, or name one with --vault.",
)
