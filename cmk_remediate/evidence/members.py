"""The members of an evidence file: which there are, in which order, and what each holds."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from cmk_remediate.evidence import manifest, sums

if TYPE_CHECKING:
    from collections.abc import Mapping

README = "README.txt"
AFTER = "after.ndjson"
ROLLBACK = "rollback/"
"""The folder of what is known of the run that undid this one."""

WHAT: Mapping[str, str] = MappingProxyType(
    {
        README: "what this is and how to check it, with what was found of each target",
        sums.NAME: "the SHA-256 of every other member, for `sha256sum -c`",
        manifest.NAME: "run, state, tenant; made when, by whom, with which versions; how each target ended, what was found",
        "review.json": "what was reviewed; its `digest` is the run's id",
        "plan.json": "the plan the review was made from, and the SHA-256 of the plan file",
        "acceptances.json": "what had to be accepted by name, what was, who approved it, who began the run and when",
        "journal.ndjson": "every request before it was sent, and what came of it; each line has the SHA-256 of the line before",
        "before.ndjson": "each resource's body before the first request for it",
        AFTER: "every body that was read when this was made",
        "correlations.ndjson": "each request, with the ids under which Azure's logs have it",
    }
)
"""What is in every file, in the order of its members, in words."""
ALWAYS = tuple(WHAT)
"""In every file."""
OF_ROLLBACK = tuple(f"{ROLLBACK}{name}" for name in ALWAYS if name not in (README, sums.NAME, manifest.NAME, AFTER))
"""Beside these, where the run was rolled back."""
ALL = (*ALWAYS, *OF_ROLLBACK)
"""Every member there can be, in the order they are written."""
