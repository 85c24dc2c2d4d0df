"""Whether a managed instance takes changes now: it can be stopped, and whatever changes it takes its time.

Facts: SDK `ManagedInstanceProperties.state` (recorded: ``Ready``, ``Creating``, ``Stopped``) and ``provisioning_state``;
learn.microsoft.com, "Stop and start an instance - Azure SQL Managed Instance": a stopped instance takes no management
operation, a start takes about 20 minutes; the error codes ``ManagedInstanceStoppingOrStopped`` and ``ManagedInstanceStarting``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.model.decisions import Blocked, Pending
from cmk_remediate.model.json_types import at_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.model.ids import ResourceId

_STOPPED = ("stopped", "stopping")
_PASSING = ("accepted", "creating", "starting", "updating", "registering", "running", "inprogress", "scaling")
_SECONDS = 60
"""Until a passing state is worth another look (our choice)."""


def judge(instance: ResourceId, body: Mapping[str, Any]) -> Blocked | Pending | None:
    """Return why *instance* takes no change: for good, or as long as it passes from one state to another; None if it does."""
    state, provisioning = (str(at_path(body, f"properties.{name}") or "") for name in ("state", "provisioningState"))
    if state.lower() in _STOPPED:
        why = f"properties.state of {instance.name} is {state}"
        return Blocked(codes.sql_managed_instance.INSTANCE_STOPPED, why, resource=instance.text)
    for name, value in (("state", state), ("provisioningState", provisioning)):
        if value.lower() in _PASSING:
            return Pending(f"properties.{name} of {instance.name} is {value}", _SECONDS)
    if state.lower() not in ("", "ready"):
        why = f"properties.state of {instance.name} is {state}"
        return Blocked(codes.sql_managed_instance.INSTANCE_NOT_READY, why, resource=instance.text)
    return None


def passing(instance: ResourceId, pending: Pending) -> Blocked:
    """Return why *instance* is not reviewed while it passes from one state to another, as *pending* says."""
    return Blocked(codes.sql_managed_instance.INSTANCE_PASSING, pending.why, resource=instance.text)
