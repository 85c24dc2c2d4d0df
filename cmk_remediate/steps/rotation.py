"""A key's rotation policy as a value, in Resource Manager's spelling and the vault's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmk_remediate.model.json_types import at_path

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEFAULT_NOTICE = "P30D"
"""What the vault's own endpoint shows for a key without a policy: a notice so long before expiry, and nothing else."""


@dataclass(frozen=True)
class RotationPolicy:
    """A whole rotation policy; durations are ISO 8601 as Key Vault spells them (``P90D``, ``P1Y``).

    Source of the shape: azure-mgmt-keyvault `RotationPolicy`, `LifetimeAction`, `Trigger`, `Action`.

    Attributes:
        rotate_after_create: rotate so long after a version was made.
        rotate_before_expiry: rotate so long before a version expires.
        notify_before_expiry: notify so long before a version expires.
        expiry_time: how long each NEW version is valid; None for no expiry.
    """

    rotate_after_create: str | None = None
    rotate_before_expiry: str | None = None
    notify_before_expiry: str | None = None
    expiry_time: str | None = None

    @classmethod
    def read(cls, body: Mapping[str, Any] | None) -> RotationPolicy:
        """Return the policy in *body*, of either spelling; an empty one where there is none, or only the default notice."""
        found: dict[str, str] = {}
        for action in at_path(body, "lifetimeActions") or ():
            kind = str(at_path(action, "action.type", "")).lower()
            for trigger, duration in (at_path(action, "trigger") or {}).items():
                found[f"{kind} {trigger}"] = duration
        policy = cls(
            found.get("rotate timeAfterCreate"),
            found.get("rotate timeBeforeExpiry"),
            found.get("notify timeBeforeExpiry"),
            at_path(body, "attributes.expiryTime"),
        )
        return cls() if policy == cls(notify_before_expiry=_DEFAULT_NOTICE) else policy

    def body(self) -> dict[str, Any]:
        """Return the policy as Resource Manager takes it: whole, ``lifetimeActions`` never null."""
        return self._body("rotate", "notify", self.notify_before_expiry)

    def endpoint_body(self) -> dict[str, Any]:
        """Return the policy as the vault's own endpoint takes it; an empty one is what a key has by default."""
        notice = _DEFAULT_NOTICE if self == RotationPolicy() else self.notify_before_expiry
        return self._body("Rotate", "Notify", notice)

    def _body(self, rotate: str, notify: str, notice: str | None) -> dict[str, Any]:
        wanted = (
            (rotate, "timeAfterCreate", self.rotate_after_create),
            (rotate, "timeBeforeExpiry", self.rotate_before_expiry),
            (notify, "timeBeforeExpiry", notice),
        )
        actions = [
            {"trigger": {trigger: duration}, "action": {"type": kind}} for kind, trigger, duration in wanted if duration
        ]
        attributes = {"expiryTime": self.expiry_time} if self.expiry_time else {}
        return {"attributes": attributes, "lifetimeActions": actions}
