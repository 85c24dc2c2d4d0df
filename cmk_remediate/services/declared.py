"""What a plan declares, as the shared pieces of limits and recipes take it; the same for every service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.errors import InputError
from cmk_remediate.planfile.schema import Restrict, seconds
from cmk_remediate.steps.key_limits import Wanted
from cmk_remediate.steps.preparation import Declared, Preparation, Restriction
from cmk_remediate.steps.rotation import RotationPolicy

WITH_PROBE, WITHOUT_PROBE = "60s", "10m"
"""How long to wait for a grant before it is tried (our choice: a probe costs nothing, a failed switch may)."""

if TYPE_CHECKING:
    from cmk_remediate.model.graph import GraphBuilder
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.planfile.schema import PlanFile
    from cmk_remediate.planfile.schema import RotationPolicy as DeclaredPolicy
    from cmk_remediate.planfile.wishes import Wishes
    from cmk_remediate.services.service import RecipeContext
    from cmk_remediate.steps.network import ServiceKind


def check_key(plan: PlanFile, service: str, types: tuple[str, ...], sizes: tuple[int, ...]) -> None:
    """Refuse a plan whose key *service* does not take.

    Raises:
        InputError: CMK107.
    """
    if plan.key.type not in types or plan.key.size not in sizes:
        taken = f"{' and '.join(types)} of {' or '.join(map(str, sizes))}"
        raise InputError(
            codes.input_.KEY_DECLARED_UNSUITABLE,
            f"key is {plan.key.type} of {plan.key.size} bits; {service} takes {taken}",
            resource="key",
        )


def wanted_key(
    plan: PlanFile, wishes: Wishes, service: ServiceKind, types: tuple[str, ...], sizes: tuple[int, ...]
) -> Wanted:
    """Return what *plan* and the service want of a target's key."""
    restrict = plan.vault.restrict or Restrict()
    return Wanted(
        service=service,
        tenant=plan.tenant,
        cloud=plan.cloud,
        declared_type=plan.key.type,
        types=types,
        sizes=sizes,
        private_endpoint=wishes.private_endpoint,
        bypass=plan.vault.bypass,
        default_action=restrict.default_action,
        public_network_access=restrict.public_network_access,
    )


def preparation(
    plan: PlanFile,
    graph: GraphBuilder,
    target: ResourceId,
    context: RecipeContext,
    types: tuple[str, ...],
    sizes: tuple[int, ...],
    *,
    probe: bool = True,
) -> Preparation:
    """Return what adds key, identity, grant, protection, wait and restriction of *target* to *graph*.

    *probe*: the service has a request that tries the access and harms nothing where it has not arrived.
    """
    asked = plan.vault.restrict
    declared = Declared(
        tenant=plan.tenant,
        owner=plan.owner,
        review=context.review_id,
        key_type=plan.key.type,
        key_size=plan.key.size,
        rotation_policy=_policy(plan.key.rotation_policy),
        expires=plan.key.expires,
        types=types,
        sizes=sizes,
        floor=seconds(plan.access.floor or (WITH_PROBE if probe else WITHOUT_PROBE)),
        timeout=seconds(plan.access.timeout),
        bypass=plan.vault.bypass,
        restriction=None
        if asked is None
        else Restriction(asked.default_action, asked.public_network_access, asked.permission_model),
    )
    return Preparation(graph, target, declared)


def _policy(declared: DeclaredPolicy | None) -> RotationPolicy | None:
    """Return the plan's rotation policy as a key is created with it."""
    if declared is None:
        return None
    return RotationPolicy(
        rotate_after_create=declared.rotate_after_create,
        notify_before_expiry=declared.notify_before_expiry,
        expiry_time=declared.expiry_time,
    )
