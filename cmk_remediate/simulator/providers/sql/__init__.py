"""Microsoft.Sql: logical servers and managed instances, their keys, protectors, databases and failover groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.declare import Event, Provider, RoleDefinition, Schedule, SetResource
from cmk_remediate.simulator.providers.common import parse_key_uri, properties_of
from cmk_remediate.simulator.providers.sql import (
    backups,
    clock,
    consumer,
    databases,
    dbclock,
    dbkeys,
    dbprotector,
    geo,
    keyuse,
    names,
    protector,
    serverkeys,
    servers,
)
from cmk_remediate.simulator.providers.sql_instances import databases as managed_databases
from cmk_remediate.simulator.providers.sql_instances import groups, instances
from cmk_remediate.simulator.providers.sql_instances import keys as instance_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.simulator.declare import Change
    from cmk_remediate.simulator.world import World


def _seed(world: World) -> Iterator[Change]:
    yield from geo.seeded(world)
    yield from groups.seeded(world)
    yield from instances.seeded(world)
    for server, body in (*world.by_type(names.SERVER), *world.by_type(names.INSTANCE)):
        used = names.on_customer_key(world, server)
        text = str((used or {}).get("uri") or properties_of(body).get("keyId") or "")
        uri = parse_key_uri(text)
        if used is not None and uri is not None:
            place = server.child("keys", names.key_name(uri))
            if world.get(place) is None:
                yield SetResource(place, serverkeys.body_of(world, body, text))
            if world.doubt(doubts.SQL_KEY_ID) == "shown" and properties_of(body).get("keyId") is None:
                yield SetResource(server, {**body, "properties": {**properties_of(body), "keyId": text}})
            whole = protector.body_of(
                world, names.KEY_VAULT, names.key_name(uri), text, rotates=bool(used.get("autoRotationEnabled"))
            )
            yield SetResource(names.protector_of(server), whole)
            if used.get("autoRotationEnabled"):
                yield Schedule(
                    protector.lag(world, server), protector.FOLLOW, {"server": str(server)}, f"follow:{server.key}"
                )
    for place, body in (*world.by_type(names.KEY), *world.by_type(names.INSTANCE_KEY)):
        properties = properties_of(body)
        if properties.get("serverKeyType") == names.KEY_VAULT and "thumbprint" not in properties:
            whole = serverkeys.body_of(world, world.get(place.top_level), str(properties.get("uri") or ""))
            yield SetResource(place, {**body, **whole, "properties": {**whole["properties"], **properties}})
    yield from _seed_databases(world)


def _seed_databases(world: World) -> Iterator[Change]:
    for database, body, whole in dbkeys.seeded(world):
        yield SetResource(database, whole)
        yield from dbkeys.changed(world, database, body, whole)
        if properties_of(whole).get("encryptionProtectorAutoRotation"):
            yield dbkeys.follows(world, database)
    for database, body in (*world.by_type(names.DATABASE), *world.by_type(names.MANAGED_DATABASE)):
        properties = {"status": "Online", **properties_of(body)}
        if properties != properties_of(body):
            yield SetResource(database, {**body, "properties": properties})
        yield from backups.seeded(world, database)


SQL = Provider(
    namespace="Microsoft.Sql",
    types=(
        servers.SERVERS,
        servers.ADMINISTRATORS,
        serverkeys.KEYS,
        protector.PROTECTORS,
        databases.DATABASES,
        databases.ENCRYPTION,
        databases.RETENTION,
        databases.LONG_TERM,
        dbprotector.PROTECTORS,
        databases.INACCESSIBLE,
        databases.LINKS,
        databases.SERVER_LINKS,
        geo.GROUPS,
        instances.INSTANCES,
        instance_keys.KEYS,
        instance_keys.PROTECTORS,
        managed_databases.DATABASES,
        managed_databases.ENCRYPTION,
        managed_databases.RETENTION,
        managed_databases.ADMINISTRATORS,
        groups.GROUPS,
    ),
    events=(
        *clock.EVENTS,
        *dbclock.EVENTS,
        *dbprotector.EVENTS,
        *geo.EVENTS,
        *groups.EVENTS,
        *instances.EVENTS,
        Event(databases.SCANNED, databases.scanned),
    ),
    roles=(
        RoleDefinition(
            "6d8ee4ec-f05a-4a1d-8b00-a9b17e38b437",
            "SQL Server Contributor",
            "learn.microsoft.com: Azure built-in roles for Databases",
            actions=(
                "Microsoft.Authorization/*/read",
                "Microsoft.Insights/alertRules/*",
                "Microsoft.ResourceHealth/availabilityStatuses/read",
                "Microsoft.Resources/deployments/*",
                "Microsoft.Resources/subscriptions/resourceGroups/read",
                "Microsoft.Sql/locations/*/read",
                "Microsoft.Sql/servers/*",
                "Microsoft.Support/*",
                "Microsoft.Insights/metrics/read",
                "Microsoft.Insights/metricDefinitions/read",
            ),
            not_actions=(
                "Microsoft.Sql/managedInstances/*",
                "Microsoft.Sql/servers/auditingSettings/*",
                "Microsoft.Sql/servers/databases/auditingSettings/*",
                "Microsoft.Sql/servers/securityAlertPolicies/*",
                "Microsoft.Sql/servers/vulnerabilityAssessments/*",
            ),
        ),
        RoleDefinition(
            "4939a1f6-9ae0-4e48-a1e0-f2cbe897382d",
            "SQL Managed Instance Contributor",
            "learn.microsoft.com: Azure built-in roles for Databases",
            actions=(
                "Microsoft.ResourceHealth/availabilityStatuses/read",
                "Microsoft.Resources/deployments/*",
                "Microsoft.Resources/subscriptions/resourceGroups/read",
                "Microsoft.Network/networkSecurityGroups/*",
                "Microsoft.Network/routeTables/*",
                "Microsoft.Sql/locations/*/read",
                "Microsoft.Sql/locations/instanceFailoverGroups/*",
                "Microsoft.Sql/managedInstances/*",
                "Microsoft.Support/*",
                "Microsoft.Network/virtualNetworks/subnets/*",
                "Microsoft.Network/virtualNetworks/*",
                "Microsoft.Authorization/*/read",
                "Microsoft.Insights/alertRules/*",
                "Microsoft.Insights/metrics/read",
                "Microsoft.Insights/metricDefinitions/read",
            ),
            not_actions=(
                "Microsoft.Sql/managedInstances/azureADOnlyAuthentications/delete",
                "Microsoft.Sql/managedInstances/azureADOnlyAuthentications/write",
            ),
        ),
    ),
    doubts=doubts.SQL,
    switches=(
        keyuse.CHECKS_PROTECTION,
        keyuse.REFUSES_OLD_VERSION,
        protector.IN_PROGRESS,
        protector.GEO,
        backups.CHAINS,
        clock.CONSEQUENCES,
        clock.ROTATION,
        dbkeys.LOG,
    ),
    consumers=(consumer.SERVERS, consumer.INSTANCES, consumer.DATABASES),
    seed=_seed,
)
"""The resource provider."""
