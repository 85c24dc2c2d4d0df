"""Set the rotation policy of a key that exists: possible only at the vault's own endpoint."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cmk_remediate import codes
from cmk_remediate.model.decisions import (
    REVERSIBLE,
    Blocked,
    Change,
    Decision,
    Done,
    Effect,
    Estimate,
    Found,
    Line,
    Manual,
    Read,
    Request,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject, at_path
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.step import Step
from cmk_remediate.steps import reads
from cmk_remediate.steps.rotation import RotationPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping

PATH = "properties.rotationPolicy"


@dataclass(frozen=True)
class SetRotationPolicy(Step):
    """Replace the key's rotation policy; the current version's expiry is not touched.

    Resource Manager takes a policy only with a key's creation. Where the vault's own endpoint cannot be reached the
    step is manual, so that it never fails in the middle of a run.

    Attributes:
        key: the key's id.
        policy: the whole policy.
        only_over: for undoing: replace nothing but this policy; None replaces any.
    """

    kind: ClassVar[str] = "set_rotation_policy"

    key: ResourceId
    policy: RotationPolicy
    only_over: RotationPolicy | None = None

    def address(self) -> ResourceId:
        """Return the key's id."""
        return self.key

    def also_reads(self) -> tuple[Read, ...]:
        """Return the policy as the vault's own endpoint shows it."""
        return (reads.rotation_policy(self.key),)

    def owns(self) -> Mapping[str, Any]:
        """Return the policy."""
        return {PATH: self.policy.body()}

    def decide(self, found: Found) -> Decision:
        """Judge the policy found."""
        if found.body is None:
            return Blocked(codes.vault.KEY_ABSENT, f"the key {self.key.name} does not exist")
        answer = found.reads.get(reads.rotation_policy(self.key))
        shown = at_path(found.body, PATH)
        unreachable = reads.is_unreachable(answer)
        current = RotationPolicy.read(shown if unreachable else answer)
        if current == self.policy:
            return Done(f"the key {self.key.name} has this rotation policy")
        if self.only_over is not None and current != self.only_over:
            return Blocked(codes.engine.OTHER_VALUE_NOW, f"{PATH} of {self.key.name} is no longer what this run set")
        if unreachable:
            return Manual(
                f"from a machine that reaches the vault, set the rotation policy of {self.key.name} "
                f"(az keyvault key rotation-policy update) to {json.dumps(self.policy.endpoint_body())}",
                codes.vault.ROTATION_POLICY_MANUAL,
            )
        return Change(
            Request("PUT", self.key, self.policy.endpoint_body(), verb="rotation-policy-put"),
            (Line(PATH, current.body(), self.policy.body(), reversibility=REVERSIBLE),),
            (Effect(self.key, {"properties": {"rotationPolicy": self.policy.body()}}),),
            Estimate(usual=2, worst=60),
            "update",
            f"the rotation policy of {self.key.name} is another one",
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> SetRotationPolicy:  # noqa: ARG002
        """Restore the policy found before, if Azure still shows ours."""
        return SetRotationPolicy(self.key, RotationPolicy.read(at_path(before, PATH)), self.policy)

    def permissions(self) -> Permissions:
        """Return reading the key, and reading and writing its policy at the vault's own endpoint."""
        vault = self.key.top_level
        return (
            Permission("Microsoft.KeyVault/vaults/keys/read", vault, "vault"),
            Permission(
                "Microsoft.KeyVault/vaults/keyrotationpolicies/read", vault, "vault", data=True, checkable=False
            ),
            Permission(
                "Microsoft.KeyVault/vaults/keyrotationpolicies/write", vault, "vault", data=True, checkable=False
            ),
        )
