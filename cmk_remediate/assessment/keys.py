"""The customer-managed keys that findings name: their age, expiry and rotation."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import isodate

from cmk_remediate.clock import format_utc
from cmk_remediate.model.decisions import Read
from cmk_remediate.model.findings import KeyInUse
from cmk_remediate.model.json_types import at_path
from cmk_remediate.steps import asking
from cmk_remediate.steps.key_state import moment
from cmk_remediate.steps.rotation import RotationPolicy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmk_remediate.model.outcomes import Reader
    from cmk_remediate.services.insight import Use


async def key_in_use(reader: Reader, use: Use) -> KeyInUse:
    """Return what there is to know of a key in use, from the list of its versions.

    The list says when each version was made; of which version the key's own body shows ``created`` is not documented
    (azure-mgmt-keyvault `KeysOperations.list_versions`, `KeyAttributes`).
    """
    facts, refused = use.facts, list[str]()
    versions: Sequence[Any] = ()
    if facts.key is not None and facts.body is not None:
        versions = await asking.items_of(reader, Read(facts.key, "list:versions"), refused)
    made = sorted((at, _version(one)) for one in versions if (at := moment(one, "created")) is not None)
    inuse = next((one for one in versions if _version(one) == use.version.lower()), None) or (
        next((one for one in versions if made and _version(one) == made[-1][1]), facts.body)
    )
    policy = RotationPolicy.read(at_path(facts.body, "properties.rotationPolicy"))
    rotated = made[-1][0] if made else None
    return KeyInUse(
        resource=use.by.text,
        vault=facts.key.top_level.text if facts.key is not None else "",
        name=facts.key.name if facts.key is not None else use.named,
        version=use.version,
        latest=made[-1][1] if made else "",
        created=_text(made[0][0] if made else None),
        rotated=_text(rotated),
        expires=_text(moment(inuse, "exp") if inuse is not None else None),
        enabled=at_path(inuse, "properties.attributes.enabled"),
        rotation=policy.rotate_after_create or "",
        rotation_due=_text(_due(rotated, policy.rotate_after_create)),
        age_days=None if rotated is None else (reader.now() - rotated) // timedelta(days=1),
        why="; ".join(refused) or _why(use),
    )


def _version(body: Any) -> str:
    return str(at_path(body, "id") or "").rpartition("/")[2].lower()


def _due(rotated: datetime | None, after: str | None) -> datetime | None:
    """Return when a version made at *rotated* is replaced; None where nobody rotates it, or for no ISO 8601 duration."""
    if rotated is None or not after:
        return None
    try:
        due: datetime = rotated + isodate.parse_duration(after)
    except (isodate.ISO8601Error, OverflowError):
        return None
    return due


def _why(use: Use) -> str:
    facts = use.facts
    if facts.refused:
        return facts.refused
    if facts.key is None:
        return "its vault was not found where the caller may read"
    return "" if facts.body is not None else "the key does not exist"


def _text(at: datetime | None) -> str:
    return "" if at is None else format_utc(at)
