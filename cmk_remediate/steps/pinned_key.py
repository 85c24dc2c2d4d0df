"""A pinned version of a key that expires: nothing follows a new one by itself, so somebody must, by a certain day.

Facts: learn.microsoft.com, "About keys" (an expired key refuses to wrap) and "Configure cryptographic key auto-rotation in Azure
Key Vault" (``expiryTime`` is what each new version gets).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.clock import format_utc
from cmk_remediate.model.decisions import Acceptance, Blocked, Found, Line, Read
from cmk_remediate.model.json_types import at_path, merge_patch
from cmk_remediate.steps import key_state
from cmk_remediate.steps.rotation import RotationPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.steps.key_facts import KeyFacts

EXP = "key.attributes.exp"
EXPIRY_TIME = "key.rotationPolicy.attributes.expiryTime"
BY_PLAN = "customer_managed_key.key_version"
"""What pins a version, unless the service takes nothing else."""


def expiry(body: Mapping[str, Any] | None) -> dict[str, str]:
    """Return what in the key's *body* lets its versions expire: the latest one's date, and the age at which each new one does."""
    moment = key_state.moment(body or {}, "exp")
    age = RotationPolicy.read(at_path(body, "properties.rotationPolicy")).expiry_time
    found = {EXP: "" if moment is None else format_utc(moment), EXPIRY_TIME: age or ""}
    return {path: value for path, value in found.items() if value}


def refusal(key: ResourceId, body: Mapping[str, Any] | None, by: str = BY_PLAN) -> Blocked | None:
    """Return why *by* must not pin a version of *key* where the plan does not ask for it, or None where none expires."""
    found = expiry(body)
    if not found:
        return None
    shown = ", ".join(f"{path} is {value}" for path, value in found.items())
    why = f"{by} pins a version of {key.name}, and {shown}"
    return Blocked(codes.vault.PINNED_KEY_EXPIRES, why, resource=key.text)


def reads(key: ResourceId, *, pinned: bool) -> tuple[Read, ...]:
    """Return what a step judges a pinned version by: *key* itself."""
    return (Read(key),) if pinned else ()


def judge(
    resource: ResourceId, key: ResourceId, found: Found, *, pinned: bool, may_expire: bool, by: str = BY_PLAN
) -> Blocked | tuple[Line, ...]:
    """Return the lines that a pinned version which expires is accepted by, or why it is refused.

    Another date at apply is drift.
    """
    body = found.reads.get(Read(key)) if pinned else None
    refused = refusal(key, body, by)
    if refused is not None and not may_expire:
        return refused
    accept = Acceptance("expiring-pinned-key", resource, "outage")
    return tuple(Line(path, value, value, "relied_on", acceptance=accept) for path, value in expiry(body).items())


def deadline_in_use(resource: ResourceId, facts: KeyFacts) -> str:
    """Return, in a sentence, by when *resource* must be moved from the version of its key that it names; empty if it need not."""
    if facts.key is None or facts.version is None:
        return ""
    policy = at_path(facts.body, "properties.rotationPolicy")
    body = merge_patch(facts.version, {"properties": {"rotationPolicy": policy} if policy else {}})
    return _by_when(resource, facts.key, expiry(body))


def deadline(resource: ResourceId, key: ResourceId, body: Mapping[str, Any] | None, version: str) -> str:
    """Return, in a sentence, by when somebody must rotate; empty where nothing expires."""
    found = expiry(body)
    latest = str(at_path(body, "properties.keyUriWithVersion") or "").lower().endswith(f"/{version.lower()}")
    if found and not latest:
        return f"{resource.name}: the pinned version of {key.name} is not the latest, and when it expires is not known here"
    return _by_when(resource, key, found)


def _by_when(resource: ResourceId, key: ResourceId, found: Mapping[str, str]) -> str:
    """Return, in a sentence, by when somebody must rotate *key*, by what `expiry` *found*; empty where nothing expires."""
    if EXP in found:
        by = f"by {found[EXP]} somebody must rotate it and pin the new version"
        return f"{resource.name}: the pinned version of {key.name} expires; {by}"
    if EXPIRY_TIME in found:
        age = found[EXPIRY_TIME]
        return f"{resource.name}: new versions of {key.name} expire {age} after they are made, and none is followed"
    return ""
