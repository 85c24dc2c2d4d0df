"""The two marks on everything we create: who asked for it, and in which review.

They are sent only in the creating request, are never a line, never compared, and stay out of a node's id.
"""

from __future__ import annotations

OWNER_TAG = "cmk-remediate-owner"
REVIEW_TAG = "cmk-remediate-review"


def tags(owner: str, review: str) -> dict[str, str]:
    """Return the tags of a resource that *owner*'s plan creates under the review with the id *review*."""
    return {OWNER_TAG: owner, REVIEW_TAG: review}


def description(owner: str, review: str) -> str:
    """Return the same two marks for a role assignment, which has no tags."""
    return f"{OWNER_TAG}={owner} {REVIEW_TAG}={review}"
