"""What a key's body says, and what forbids using it; shared by the steps and the services.

Facts: azure-mgmt-keyvault `KeyProperties`, `KeyAttributes` (``exp`` and ``nbf`` in seconds since 1970);
learn.microsoft.com, "About keys": an expired key still unwraps but refuses to wrap, a disabled one refuses
everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.clock import format_utc
from cmk_remediate.model.decisions import Blocked
from cmk_remediate.model.json_types import at_path
from cmk_remediate.steps.rotation import RotationPolicy

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId

Body = Mapping[str, Any]

NEEDED_OPERATIONS = ("wrapKey", "unwrapKey")
"""What a service does with a customer-managed key, beside reading it."""


def moment(key: Body, attribute: str) -> datetime | None:
    """Return the moment that *attribute* (``exp``, ``nbf``, ``created``, ``updated``) names, in UTC, or None."""
    found = at_path(key, f"properties.attributes.{attribute}")
    return datetime.fromtimestamp(found, timezone.utc) if isinstance(found, int) else None


def judge_key(
    key: ResourceId, body: Body, now: datetime, *, types: tuple[str, ...] = (), sizes: tuple[int, ...] = ()
) -> Blocked | None:
    """Return what forbids a service to use *key* from now on, or None.

    Args:
        key: its id.
        body: as found; a key that does not exist is the caller's business.
        now: Azure's clock.
        types: the values of ``kty`` the service takes; any if empty.
        sizes: the lengths in bits it takes; any if empty.
    """
    kty, size = at_path(body, "properties.kty"), at_path(body, "properties.keySize")
    operations = at_path(body, "properties.keyOps")
    expires, starts = moment(body, "exp"), moment(body, "nbf")
    if types and kty not in types:
        return _blocked(codes.vault.KEY_WRONG_TYPE, key, f"properties.kty is {kty}, allowed: {', '.join(types)}")
    if sizes and size not in sizes:
        allowed = ", ".join(str(item) for item in sizes)
        return _blocked(codes.vault.KEY_WRONG_SIZE, key, f"properties.keySize is {size}, allowed: {allowed}")
    if at_path(body, "properties.attributes.enabled") is False:
        return _blocked(codes.vault.KEY_DISABLED, key, "properties.attributes.enabled is false")
    if expires is not None and expires <= now:
        return _blocked(codes.vault.KEY_EXPIRED, key, f"properties.attributes.exp is {format_utc(expires)}")
    if starts is not None and starts > now:
        return _blocked(codes.vault.KEY_NOT_YET_ACTIVE, key, f"properties.attributes.nbf is {format_utc(starts)}")
    if operations is not None:
        lacking = [item for item in NEEDED_OPERATIONS if item.lower() not in {str(one).lower() for one in operations}]
        if lacking:
            return _blocked(codes.vault.KEY_LACKS_OPERATIONS, key, f"properties.keyOps lacks {', '.join(lacking)}")
    return None


def differences(
    body: Body, *, kty: str, size: int | None, rotation: RotationPolicy | None, expires: str | None
) -> tuple[str, ...]:
    """Return, in words, where the existing key in *body* is not what a plan would create; none of it is corrected.

    Args:
        body: the key as found.
        kty: the declared type.
        size: the declared length in bits.
        rotation: the declared policy; None declares nothing.
        expires: the declared expiry, ISO 8601 in UTC; None declares none.
    """
    found: list[str] = []
    for path, wanted in (("kty", kty), ("keySize", size)):
        value = at_path(body, f"properties.{path}")
        if value != wanted:
            found.append(f"{path} is {value} (plan: {wanted})")
    existing = moment(body, "exp")
    shown = None if existing is None else format_utc(existing)
    if shown != expires:
        found.append(f"expires {shown or 'never'} (plan: {expires or 'never'})")
    policy = RotationPolicy.read(at_path(body, "properties.rotationPolicy"))
    if rotation is not None and policy != rotation:
        found.append("its rotation policy is not the plan's")
    return tuple(found)


def _blocked(code: codes.Code, key: ResourceId, why: str) -> Blocked:
    return Blocked(code, f"the key {key.name} cannot be used: {why}", resource=key.text)
