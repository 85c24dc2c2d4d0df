"""What forbids moving a database; pure, and each refusal names the property that forbids it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.model.decisions import Blocked
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.planfile.wishes import entry_of, wishes
from cmk_remediate.services.declared import check_key, wanted_key
from cmk_remediate.services.protectors import key_names
from cmk_remediate.services.sql.databases import body
from cmk_remediate.services.sql.databases.facts import KEY_SIZES, KEY_TYPES
from cmk_remediate.steps import key_limits, network
from cmk_remediate.steps.sql import geo, server_state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.planfile.schema import PlanFile
    from cmk_remediate.planfile.wishes import Wishes
    from cmk_remediate.services.sql.databases.facts import ReplicaFacts
    from cmk_remediate.services.sql.databases.target import Target


def check_plan(plan: PlanFile) -> None:
    """Refuse a plan that no database could carry out.

    Raises:
        InputError: CMK107 when it declares a key that Azure SQL does not take.
    """
    check_key(plan, "Azure SQL", KEY_TYPES, KEY_SIZES)


def judge(target: Target, plan: PlanFile) -> Blocked | None:
    """Return the first thing that forbids moving *target*, or None."""
    return next(_refusals(target, plan), None)


def _refusals(target: Target, plan: PlanFile) -> Iterator[Blocked]:
    if not target.id.is_type(body.DATABASE):
        why = f"the type of {target.id.name} is {target.id.type}"
        yield Blocked(codes.sql_databases.NOT_A_DATABASE, why, resource=target.id.text)
    for replica in target.replicas:
        yield from _database(target, replica)
    if target.unlocated:
        why = f"{target.unlocated[0]}, with a replica of {target.id.name}, cannot be located"
        yield Blocked(codes.sql.PARTNER_OUT_OF_REACH, why, resource=target.id.text)
    if target.compliant:
        return
    for replica in target.replicas:
        yield from _change(target, replica)
    yield from _agreement(target, plan)
    yield from key_names.judge(target.key, target.wishes, target.wanted, plan)
    yield from key_limits.judge(target.wanted, target.key, _wanted(target, plan), target.now)


def _database(target: Target, replica: ReplicaFacts) -> Iterator[Blocked]:
    """Yield what about the database and its server forbids every write."""
    here, have = replica.id, replica.own
    if replica.refused:
        partner = here not in target.listed
        code = codes.sql.PARTNER_OUT_OF_REACH if partner else codes.sql_databases.DATABASE_UNREADABLE
        yield Blocked(code, replica.refused, resource=here.text)
    if replica.body is None:
        yield body.absent(here)
    if here.name.lower() == "master":
        yield Blocked(codes.sql_databases.SYSTEM_DATABASE, "the database is called master", resource=here.text)
    if replica.tier == "datawarehouse":
        why = f"sku.tier of the database {here.name} is {at_path(replica.body, 'sku.tier')}"
        yield Blocked(codes.sql_databases.DATABASE_IS_POOL, why, resource=here.text)
    blocked = server_state.judge(here.top_level, replica.server)
    if isinstance(blocked, Blocked):
        yield blocked
    for what, shown in (("the server", replica.server), ("its resource group", replica.group)):
        owner = at_path(shown, "managedBy")
        if owner:
            why = f"managedBy of {what} {at_path(shown, 'name')} is {owner}"
            yield Blocked(codes.sql.SERVER_MANAGED_BY, why, resource=here.text)
    if have.in_managed_hsm:
        why = f"properties.encryptionProtector of the database {here.name} is in a managed HSM"
        yield Blocked(codes.sql_databases.DATABASE_MANAGED_HSM, why, resource=here.text)
    current = replica.current
    if current is not None and (current.key is None or current.refused):
        reason = current.refused or f"the vault {have.key.vault} was not found"
        why = f"properties.encryptionProtector of the database {here.name} is {have.uri}: {reason}"
        yield Blocked(codes.sql.CURRENT_KEY_OUT_OF_REACH, why, resource=here.text)


def _change(target: Target, replica: ReplicaFacts) -> Iterator[Blocked]:
    """Yield what forbids giving the database the plan's key."""
    here = replica.id
    blocked = body.judge(here, replica.own)
    if blocked is not None:
        yield blocked
    for held in replica.held:
        if held.facts.key is None or held.facts.refused:
            reason = held.facts.refused or f"the vault {held.named.vault} was not found"
            why = f"the server {here.top_level.name} has the key {held.named.words} registered: {reason}"
            yield Blocked(codes.sql_databases.HELD_KEY_OUT_OF_REACH, why, resource=here.text)
    unhealthy = geo.judge(here, (), replica.links)
    if unhealthy is not None:
        yield unhealthy
    if replica.choice(target.wishes).how == "unnamed":
        why = f"the database {here.name} has no identity and the plan's user_assigned_identity is absent"
        yield Blocked(codes.sql_databases.DATABASE_IDENTITY_NOT_NAMED, why, resource=here.text)


def _agreement(target: Target, plan: PlanFile) -> Iterator[Blocked]:
    """Yield a replica whose own overrides ask for something else."""
    for other in target.listed[1:]:
        if _comparable(wishes(plan, entry_of(plan, other))) != _comparable(target.wishes):
            why = f"overrides of {other.name} on {other.top_level.name} and {target.id.top_level.name} differ"
            yield Blocked(codes.sql.PARTNERS_DISAGREE, why, resource=other.text)


def _comparable(wanted: Wishes) -> tuple[object, ...]:
    key = wanted.key
    vault = ResourceId.parse(key.key_vault_resource_id)
    return (vault, key.key_name.lower(), key.key_version, wanted.private_endpoint)


def reaches(target: Target, plan: PlanFile) -> network.Verdict:
    """Say whether databases reach the plan's vault, as it will be before the switch and as it will be once restricted."""
    return key_limits.reaches(target.vault, target.wanted.vault or {}, _wanted(target, plan))


def _wanted(target: Target, plan: PlanFile) -> key_limits.Wanted:
    return wanted_key(plan, target.wishes, "sql", KEY_TYPES, KEY_SIZES)
