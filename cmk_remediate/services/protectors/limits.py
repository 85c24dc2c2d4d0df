"""What forbids moving a server; pure, and each refusal names the property that forbids it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.model.decisions import Blocked, Pending
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.planfile.declared import DECLARED
from cmk_remediate.planfile.wishes import entry_of, wishes
from cmk_remediate.services.declared import check_key, wanted_key
from cmk_remediate.services.protectors import key_names
from cmk_remediate.services.protectors.group import KEY_SIZES, KEY_TYPES, Group
from cmk_remediate.steps import key_limits, network
from cmk_remediate.steps.sql import geo, instance_state, server_state, sorts
from cmk_remediate.steps.sql.names import Protector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.planfile.schema import PlanFile
    from cmk_remediate.planfile.wishes import Wishes
    from cmk_remediate.services.protectors.facts import ServerFacts


def check_plan(plan: PlanFile) -> None:
    """Refuse a plan that no server could carry out.

    Raises:
        InputError: CMK107 when it declares a key that Azure SQL does not take.
    """
    check_key(plan, "Azure SQL", KEY_TYPES, KEY_SIZES)


def judge(group: Group, plan: PlanFile) -> Blocked | None:
    """Return the first thing that forbids moving *group*, or None."""
    found = list(_refusals(group, plan))
    return found[0] if found else None


def _refusals(group: Group, plan: PlanFile) -> Iterator[Blocked]:
    if not group.id.is_type(DECLARED[plan.service].resource_type):
        instances = plan.service == "sql-managed-instance"
        code = codes.sql_managed_instance.NOT_AN_INSTANCE if instances else codes.sql.NOT_A_SERVER
        yield Blocked(code, f"the type of {group.id.name} is {group.id.type}", resource=group.id.text)
    for server in group.servers:
        yield from _server(group, server)
    if group.unlocated:
        why = f"{group.unlocated[0]}, a replication partner of {group.id.name}, cannot be located"
        yield Blocked(codes.sql.PARTNER_OUT_OF_REACH, why, resource=group.id.text)
    if group.compliant:
        return
    for server in group.servers:
        yield from _keys_in_use(server)
        unhealthy = geo.judge(server.id, server.failover_groups, server.replication_links)
        if unhealthy is not None:
            yield unhealthy
    yield from _agreement(group, plan)
    yield from key_names.judge(group.key, group.wishes, group.wanted, plan)
    yield from _vault(group, plan)
    for server in group.servers:
        if group.choice(server).how == "unnamed":
            why = f"{server.id.name} has no primary user-assigned identity and the plan's user_assigned_identity is absent"
            yield Blocked(codes.sql.IDENTITY_NOT_NAMED, why, resource=server.id.text)


def _server(group: Group, server: ServerFacts) -> Iterator[Blocked]:
    """Yield what about the server itself forbids every write."""
    partner = server.id not in group.listed
    if server.server is None or server.refused:
        why = server.refused or f"the {sorts.noun(server.id)} {server.id.name} does not exist"
        code = codes.sql.SERVER_UNREADABLE if server.refused else codes.sql.SERVER_ABSENT
        yield Blocked(codes.sql.PARTNER_OUT_OF_REACH if partner else code, why, resource=server.id.text)
        return
    blocked = server_state.judge(server.id, server.server)
    if isinstance(blocked, Pending):
        blocked = instance_state.passing(server.id, blocked)
    # An instance that is stopped for the night is as well encrypted as one that runs: nothing is asked of it.
    if blocked is not None and not (group.compliant and server.at_rest):
        yield blocked
    for what, body in ((f"the {sorts.noun(server.id)}", server.server), ("its resource group", server.group)):
        owner = at_path(body, "managedBy")
        if owner:
            why = f"managedBy of {what} {at_path(body, 'name')} is {owner}"
            yield Blocked(codes.sql.SERVER_MANAGED_BY, why, resource=server.id.text)
    if Protector.of(server.protector or {}).in_managed_hsm:
        why = f"uri of the protector of {server.id.name} is in a managed HSM"
        yield Blocked(codes.sql.MANAGED_HSM, why, resource=server.id.text)
    for database in server.databases:
        if database.status.lower() == "inaccessible":
            why = f"properties.status of the database {database.id.name} is {database.status}"
            yield Blocked(codes.sql.DATABASE_INACCESSIBLE, why, resource=server.id.text)
    current = server.current
    if current is not None and (current.key is None or current.refused):
        shown = Protector.of(server.protector or {})
        reason = current.refused or f"the vault {shown.vault} was not found"
        uri = at_path(server.server, "properties.keyId")
        named = ("properties.keyId", uri) if uri else ("serverKeyName", shown.words(version=True))
        why = f"{named[0]} of {server.id.name} is {named[1]}: {reason}"
        yield Blocked(codes.sql.CURRENT_KEY_OUT_OF_REACH, why, resource=server.id.text)


def _keys_in_use(server: ServerFacts) -> Iterator[Blocked]:
    """Yield what about the server's databases refuses a change of the protector."""
    for database in server.databases:
        if database.is_pool and database.status.lower() in ("paused", "pausing"):
            why = f"properties.status of the dedicated SQL pool {database.id.name} is {database.status}"
            yield Blocked(codes.sql.POOL_PAUSED, why, resource=server.id.text)


def _agreement(group: Group, plan: PlanFile) -> Iterator[Blocked]:
    """Yield a partner whose own overrides ask for something else."""
    for other in group.listed[1:]:
        theirs = wishes(plan, entry_of(plan, other))
        if _comparable(theirs) != _comparable(group.wishes):
            why = f"overrides of {other.name} and {group.id.name} differ, and the servers move together"
            yield Blocked(codes.sql.PARTNERS_DISAGREE, why, resource=other.text)


def _comparable(wanted: Wishes) -> tuple[object, ...]:
    key = wanted.key
    vault = ResourceId.parse(key.key_vault_resource_id)
    return (vault, key.key_name.lower(), key.key_version, key.versionless, wanted.identity, wanted.private_endpoint)


def _vault(group: Group, plan: PlanFile) -> Iterator[Blocked]:
    """Yield what about the vault and the key refuses them."""
    yield from key_limits.judge(group.wanted, group.key, _wanted(group, plan), group.now)


def reaches(group: Group, plan: PlanFile) -> network.Verdict:
    """Say whether the servers reach the plan's vault, as it will be before the switch and as it will be once restricted."""
    return key_limits.reaches(group.vault, group.wanted.vault or {}, _wanted(group, plan))


def _wanted(group: Group, plan: PlanFile) -> key_limits.Wanted:
    return wanted_key(plan, group.wishes, sorts.network_kind(group.id), KEY_TYPES, KEY_SIZES)
