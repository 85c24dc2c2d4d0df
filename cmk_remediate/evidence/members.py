"""The members of an evidence file: which there are, and in which order."""

from __future__ import annotations

from cmk_remediate.evidence import manifest, sums

README = "README.txt"
AFTER = "after.ndjson"
ROLLBACK = "rollback/"
"""The folder of what is known of the run that undid this one."""

_OF_RUN = ("review.json", "plan.json", "acceptances.json", "journal.ndjson", "before.ndjson", "correlations.ndjson")
ALWAYS = (README, sums.NAME, manifest.NAME, *_OF_RUN, AFTER)
"""In every file."""
OF_ROLLBACK = tuple(f"{ROLLBACK}{name}" for name in _OF_RUN)
"""Beside these, where the run was rolled back."""
ALL = (*ALWAYS, *OF_ROLLBACK)
"""Every member there can be, in the order they are written."""
