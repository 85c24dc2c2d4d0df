"""What the owner does in the middle of a run, and takes back when it is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import merge_patch
from cmk_remediate.simulator.declare import RemoveResource, Schedule, SetResource
from cmk_remediate.simulator.providers.sql.geo import FAILOVER
from cmk_remediate.simulator.wire import Incoming, Outgoing

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmk_remediate.model.review import Review
    from cmk_remediate.simulator.embedded import EmbeddedAzure
    from cmk_remediate.simulator.world import World

CALLER = "the owner"
"""Who did what the owner does, in the log."""
QUIET = ("/owner/looks", "/owner/heals")
"""How the URLs end of what is not worth showing."""
A_MOMENT = 0.01
_VAULT, _KEY, _GROUP = (
    "microsoft.keyvault/vaults",
    "microsoft.keyvault/vaults/keys",
    "Microsoft.Sql/servers/failoverGroups",
)


@dataclass(frozen=True)
class Places:
    """Where the owner's hand strikes.

    Attributes:
        target: the first target's id.
        written: the resource type that the last changing step writes: what a policy denies.
        vault: the id of the first vault of the review.
        key: the id of its first key.
        group: the id of the first failover group of a target's server; empty where there is none.
    """

    target: str
    written: str
    vault: str
    key: str
    group: str

    @classmethod
    def of(cls, review: Review, world: World) -> Places:
        """Return the places of *review*."""
        known = [ResourceId(step.resource_id) for step in review.steps if step.resource_id]
        changed = [
            ResourceId(step.resource_id)
            for step in review.steps
            if step.resource_id and step.action in ("create", "update")
        ]
        keys = [one for one in known if one.type.lower() == _KEY]
        servers = {target.id.lower().partition("/databases/")[0] for target in review.targets}
        groups = [one for one, _ in world.by_type(_GROUP) if str(one.top_level).lower() in servers]
        return cls(
            review.targets[0].id,
            changed[-1].type,
            str(keys[0].top_level),
            str(keys[0]),
            str(groups[0]) if groups else "",
        )


class Owner:
    """Does things to one Azure at a time; undoes them newest first."""

    def __init__(self, azure: EmbeddedAzure, places: Places) -> None:
        """Strike *azure* at *places*."""
        self.azure = azure
        self._places = places
        self.heals: list[Callable[[], None]] = []

    def does(self, name: str) -> None:
        """Do what is called *name*, a moment after whatever happened by itself."""
        self._logged("looks")  # what ended by itself meanwhile is not the owner's doing
        getattr(self, "_" + name.replace(" ", "_"))()
        self._logged(name)

    def heal(self) -> None:
        """Take it all back."""
        for one in reversed(self.heals):
            one()
        self._logged("heals")
        self.heals.clear()

    def _logged(self, name: str) -> None:
        """Have what just happened logged, and judged as somebody else's request."""
        azure = self.azure
        azure.clock.catch_up(azure.clock.stamp() + A_MOMENT)
        azure.world.advance_to(azure.clock.stamp())
        url = f"https://{azure.world.cloud.arm}/owner/{name.replace(' ', '-')}"
        azure._finish(Incoming("PUT", url), Outgoing(200), CALLER)

    def _lock(self) -> None:
        self._locked(self._places.target, "ReadOnly")

    def _lock_against_deletion(self) -> None:
        for subscription in dict.fromkeys(
            str(ResourceId(one).subscription_id) for one in (self._places.target, self._places.vault)
        ):
            self._locked(subscription, "CanNotDelete")

    def _locked(self, scope: str, level: str) -> None:
        lock = ResourceId(f"{scope}/providers/Microsoft.Authorization/locks/mishap-{level}")
        self.azure.world.apply([SetResource(lock, {"properties": {"level": level}})])
        self.heals.append(lambda: self.azure.world.apply([RemoveResource(lock)]))

    def _policy(self) -> None:
        subscription = ResourceId(self._places.target).subscription_id
        head = f"{subscription}/providers/Microsoft.Authorization"
        definition, place = (
            ResourceId(f"{head}/policyDefinitions/mishap"),
            ResourceId(f"{head}/policyAssignments/mishap"),
        )
        rule = {"if": {"field": "type", "equals": self._places.written}, "then": {"effect": "deny"}}
        assigned = {
            "displayName": "mishap",
            "policyDefinitionId": str(definition),
            "scope": str(subscription),
            "notScopes": [],
            "parameters": {},
            "enforcementMode": "Default",
        }
        self.azure.world.apply(
            [
                SetResource(definition, {"properties": {"displayName": "mishap", "policyRule": rule}}),
                SetResource(place, {"properties": assigned}),
            ]
        )
        self.heals.append(lambda: self.azure.world.apply([RemoveResource(place), RemoveResource(definition)]))

    def _key_disabled(self) -> None:
        self._change(self._places.key, {"properties": {"attributes": {"enabled": False}}})

    def _vault_closed(self) -> None:
        self._change(self._places.vault, {"properties": {"networkAcls": {"bypass": "None", "defaultAction": "Deny"}}})

    def _failover(self) -> None:
        def swap() -> None:
            self.azure.world.schedule(Schedule(0.0, FAILOVER, {"group": self._places.group}))

        swap()
        self.heals.append(swap)

    def _change(self, resource: str, patch: dict[str, Any]) -> None:
        """Patch *resource*; healing puts back the members named, as they were."""
        body = self.azure.world.get(resource)
        if body is None:
            return
        back = _taken_back(body, patch)
        self.azure.world.apply([SetResource(ResourceId(resource), merge_patch(body, patch))])

        def heal() -> None:
            now = self.azure.world.get(resource) or {}
            self.azure.world.apply([SetResource(ResourceId(resource), merge_patch(now, back))])

        self.heals.append(heal)


def _taken_back(body: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _taken_back(body.get(name) or {}, value) if isinstance(value, dict) else body.get(name)
        for name, value in patch.items()
    }
