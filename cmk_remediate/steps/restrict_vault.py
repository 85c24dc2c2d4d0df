"""Restrict the vault: close its network, or switch it to roles. Opt-in, last of a run, accepted by name."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from cmk_remediate import codes
from cmk_remediate.clock import span
from cmk_remediate.model.decisions import (
    Acceptance,
    Blocked,
    Change,
    Decision,
    Done,
    Effect,
    Estimate,
    Found,
    Keep,
    Line,
    Read,
    Request,
    Reversibility,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject, at_path
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.step import Step
from cmk_remediate.model.values import UNKNOWN, PrincipalId, Ref, Unknown, known
from cmk_remediate.steps import equivalents, policies, reads, vault_state, vault_users

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FIREWALL = Reversibility("kept", "rollback does not open a vault that the review closed", codes.vault.FIREWALL_KEPT)
MODEL = Reversibility(
    "kept", "rollback does not switch back: that would void every role on the vault", codes.vault.PERMISSION_MODEL_KEPT
)
_SEARCH = ("*/read", "Microsoft.ResourceGraph/resources/read")


@dataclass(frozen=True)
class RestrictVault(Step):
    """Close the vault's network or switch its permission model, with all its other users in the review.

    Whoever calls the vault by IP address, or by an access policy without an equivalent role, is shut out at that
    instant. So the other users are lines that the decision relies on: if one comes or goes between review and apply,
    that is drift.

    Attributes:
        vault: the vault's id.
        default_action: ``Deny``, or None to leave it.
        public_network_access: ``Disabled``, or None to leave it.
        permission_model: ``rbac``, or None to leave it.
        timeout: seconds that a role must be old to be believed to have arrived: the propagation timeout.
        private_endpoint: the services of the plan reach the vault by private endpoint, so the bypass may be None.
        ours: the principals the plan grants the key, of all its targets: they are not among the other users.
        moved: the resources the plan moves to the vault's keys: that they name its URI, now or later, is no news.
    """

    kind: ClassVar[str] = "restrict_vault"
    only_follows: ClassVar[bool] = True

    vault: ResourceId
    default_action: str | None = None
    public_network_access: str | None = None
    permission_model: str | None = None
    timeout: int = 1200
    private_endpoint: bool = False
    ours: tuple[PrincipalId | Ref[PrincipalId], ...] = field(default=(), compare=False)
    moved: tuple[ResourceId, ...] = field(default=(), compare=False)

    def address(self) -> ResourceId:
        """Return the vault's id."""
        return self.vault

    def also_reads(self) -> tuple[Read, ...]:
        """Return the role assignments that count at the vault, and the search for resources that name its URI."""
        return (reads.role_assignments(self.vault), reads.resources_naming(self.vault))

    def merged(self, other: Step) -> Step:
        """Return one step for the targets of both: the vault is restricted once, last."""
        same = other if isinstance(other, RestrictVault) else self
        principals = tuple(dict.fromkeys((*self.ours, *same.ours)))
        return replace(self, ours=principals, moved=tuple(dict.fromkeys((*self.moved, *same.moved))))

    def owns(self) -> Mapping[str, Any]:
        """Return what it sets."""
        owned: dict[str, Any] = {}
        if self.default_action is not None:
            owned["properties.networkAcls.defaultAction"] = self.default_action
        if self.public_network_access is not None:
            owned["properties.publicNetworkAccess"] = self.public_network_access
        if self.permission_model is not None:
            owned["properties.enableRbacAuthorization"] = True
        return owned

    def decide(self, found: Found) -> Decision:
        """Judge the vault and its other users."""
        body = found.body
        if body is None:
            return vault_state.absent(self.vault)
        forbidden = vault_state.judge_vault(self.vault, body)
        if forbidden is not None:
            return forbidden
        properties: dict[str, Any] = {}
        lines: list[Line] = []
        closes = self._close(body, properties, lines)
        switches = self.permission_model is not None and not vault_state.uses_roles(body)
        if switches:
            path = "properties.enableRbacAuthorization"
            properties["enableRbacAuthorization"] = True
            accept = Acceptance("permission-model", self.vault, "bystander")
            lines.append(Line(path, at_path(body, path), True, "owned", MODEL, accept))  # noqa: FBT003 - the value
        if not properties:
            return Done(f"{self.vault.name} is restricted as the plan asks")
        listed = found.reads.get(reads.role_assignments(self.vault))
        if listed is None:
            return Blocked(
                codes.vault.VAULT_USERS_UNKNOWN, f"the role assignments of {self.vault.name} could not be listed"
            )
        named = found.reads.get(reads.resources_naming(self.vault))
        if not isinstance(named, list):
            why = reads.why_not_searched(named)
            return Blocked(
                codes.vault.VAULT_USERS_UNKNOWN, f"resources that name {self.vault.name} could not be searched: {why}"
            )
        if closes and vault_state.bypass(body) == "None" and not self.private_endpoint:
            return Blocked(
                codes.vault.NETWORK_REFUSES,
                f"properties.networkAcls.bypass of {self.vault.name} is None: closed, it would keep every service out",
            )
        if switches:
            refused = self._judge_policies(body, listed, found)
            if refused is not None:
                return refused
        return Change(
            Request("PATCH", self.vault, {"properties": properties}),
            (*lines, *self._users(body, listed, named, rules="networkAcls" not in properties)),
            (Effect(self.vault, {"properties": properties, "systemData": {"lastModifiedAt": UNKNOWN}}),),
            Estimate(usual=5, worst=120),
            "update",
            f"the plan asks to restrict {self.vault.name}: {', '.join(self.owns())}",
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Keep:  # noqa: ARG002
        """Keep the restriction."""
        reason = FIREWALL if vault_state.uses_roles(before or {}) or self.permission_model is None else MODEL
        return Keep(reason.why, reason.code)

    def permissions(self) -> Permissions:
        """Return reading and writing the vault, reading its assignments and, to switch the model, writing them.

        Azure's pages disagree on the last one (vaults/write alone, or both), so its lack is not a refusal. The search shows what
        the caller may read (learn.microsoft.com, "Overview of Azure Resource Graph"), so it needs to read everything: here where
        the vault and the moved resources are; where else its users are, nobody knows beforehand.
        """
        needed = [
            Permission("Microsoft.KeyVault/vaults/read", self.vault, "vault"),
            Permission("Microsoft.KeyVault/vaults/write", self.vault, "vault"),
            Permission("Microsoft.Authorization/roleAssignments/read", self.vault, "vault"),
        ]
        for subscription in dict.fromkeys(one.subscription_id for one in (self.vault, *self.moved)):
            needed += [Permission(action, subscription, "vault", checkable=False) for action in _SEARCH]
        if self.permission_model is not None:
            needed.append(
                Permission("Microsoft.Authorization/roleAssignments/write", self.vault, "vault", checkable=False)
            )
        return tuple(needed)

    def _close(self, body: JsonObject, properties: dict[str, Any], lines: list[Line]) -> bool:
        """Add what closes the network to *properties* and *lines*; say whether anything does."""
        accept = Acceptance("vault-firewall", self.vault, "bystander")
        if self.default_action is not None and vault_state.default_action(body) != self.default_action:
            rules = at_path(body, "properties.networkAcls") or {}
            path = "properties.networkAcls"
            properties["networkAcls"] = {"bypass": "AzureServices", **rules, "defaultAction": self.default_action}
            before = rules.get("defaultAction")
            lines.append(Line(f"{path}.defaultAction", before, self.default_action, "owned", FIREWALL, accept))
            lines.extend(
                Line(f"{path}.{name}", rules.get(name), value, "carried")
                for name, value in sorted(properties["networkAcls"].items())
                if name != "defaultAction"
            )
        wanted = self.public_network_access
        if wanted is not None and vault_state.public_network_access(body) == "Enabled":
            path = "properties.publicNetworkAccess"
            properties["publicNetworkAccess"] = wanted
            lines.append(Line(path, at_path(body, path), wanted, "owned", FIREWALL, accept))
        return bool(properties)

    def _users(
        self, body: JsonObject, listed: Sequence[JsonObject], named: Sequence[JsonObject], *, rules: bool
    ) -> Iterator[Line]:
        """Yield a line for each other user of the vault."""
        ours = {str(item).lower() for item in map(known, self.ours) if not isinstance(item, Unknown)}
        yield from vault_users.by_principal(body, listed, ours)
        yield from vault_users.by_network(body, rules=rules)
        yield from vault_users.by_uri(named, {one.key for one in (self.vault, *self.moved)})

    def _judge_policies(self, body: JsonObject, listed: list[JsonObject], found: Found) -> Blocked | None:
        """Return the first access policy that has no equivalent role, or none old enough."""
        for entry in policies.entries(body):
            who = at_path(entry, "objectId")
            impossible = equivalents.without_equivalent(entry)
            if impossible:
                return Blocked(codes.vault.POLICY_WITHOUT_EQUIVALENT, f"the access policy of {who}: {impossible}")
            lost = equivalents.lost_by(entry, listed, self.vault, found.now, self.timeout)
            if lost:
                return Blocked(
                    codes.vault.POLICY_WITHOUT_ROLE,
                    f"{who} has no role older than {span(self.timeout)} that permits {', '.join(lost)}",
                )
        return None
