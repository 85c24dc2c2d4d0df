"""Reads what there is to know about a database, its replicas, their servers and the keys in question; each thing once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path
from cmk_remediate.planfile.wishes import vaults_named, wishes
from cmk_remediate.services.sql.databases import body
from cmk_remediate.services.sql.databases.body import DATABASE, NamedKey, OwnKey
from cmk_remediate.services.sql.databases.facts import DatabaseFacts, HeldKey, ReplicaFacts
from cmk_remediate.services.sql.databases.steps.moving import registered
from cmk_remediate.steps import asking
from cmk_remediate.steps.key_facts import KeyFacts, read_key, read_named_key
from cmk_remediate.steps.sql.names import Protector
from cmk_remediate.steps.sql.register_server_key import protector, server_keys

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from cmk_remediate.model.json_types import JsonObject
    from cmk_remediate.model.outcomes import Reader
    from cmk_remediate.planfile.schema import PlanFile, TargetEntry


class Detection:
    """The reads for one entry of a plan's targets."""

    def __init__(self, reader: Reader, plan: PlanFile, entry: TargetEntry) -> None:
        """Prepare; `run` reads."""
        self._reader = reader
        self._plan = plan
        self._target = ResourceId.parse(entry.resource_id)
        self._wishes = wishes(plan, entry)
        self._keys: dict[NamedKey, KeyFacts] = {}

    async def run(self) -> DatabaseFacts:
        """Return what was read."""
        found: dict[ResourceId, ReplicaFacts] = {}
        lost: dict[str, None] = {}
        waiting = [self._target] if self._target.is_type(DATABASE) else []
        while waiting:
            database = waiting.pop(0)
            if database in found:
                continue
            found[database] = await self._replica(database)
            for link in found[database].links:
                partner = at_path(link, "properties.partnerDatabaseId")
                if partner:
                    waiting.append(ResourceId.parse(partner))
                else:
                    lost[str(at_path(link, "properties.partnerServer") or "unnamed")] = None
        known = {database.top_level.name.lower() for database in found}
        unlocated = tuple(name for name in lost if name.lower() not in known)
        wanted = await read_key(self._reader, self._wishes.key_id(self._target))
        return DatabaseFacts(self._target, tuple(found.values()), unlocated, wanted, self._reader.now())

    async def _replica(self, database: ResourceId) -> ReplicaFacts:
        refusals: list[str] = []
        read, server = body.expanded(database), database.top_level
        shown = await asking.body_of(self._reader, database, refusals, read.query)
        if shown is None:
            return ReplicaFacts(database, None, refused="; ".join(refusals))
        links = await asking.items_of(self._reader, body.replication(database), refusals)
        machine = await asking.body_of(self._reader, server, refusals)
        protects = await asking.body_of(self._reader, protector(server), refusals)
        have = OwnKey.of(shown)
        ours = self._wishes.identity_id(database)
        return ReplicaFacts(
            database,
            shown,
            await asking.body_of(self._reader, database.child("transparentDataEncryption", "current"), []),
            await asking.body_of(self._reader, body.retention(database).resource, []),
            machine,
            await asking.body_of(self._reader, server.group_id, []),
            protects,
            tuple(links),
            None if not have.uri or have.in_managed_hsm else await self._key(have.key),
            () if have.uri else await self._held(server, protects, refusals),
            None if have.attached or ours is None else await asking.body_of(self._reader, ours, []),
            refused="; ".join(refusals),
        )

    async def _held(self, server: ResourceId, protects: JsonObject | None, refusals: list[str]) -> tuple[HeldKey, ...]:
        """Return the server's customer keys, where it uses one: which of them active log files still need is not shown."""
        if not Protector.of(protects or {}).is_customer:
            return ()
        listed: Sequence[Any] = await asking.items_of(self._reader, server_keys(server), refusals)
        named = {one.words: one for one in map(NamedKey.of, registered(listed, protects))}
        return tuple([HeldKey(one, await self._key(one)) for one in named.values()])

    async def _key(self, named: NamedKey) -> KeyFacts:
        """Return a key that a database or its server names, and its vault; each is read once."""
        if named not in self._keys:
            places = (self._target.top_level,)
            vaults = vaults_named(self._plan)
            self._keys[named] = await read_named_key(self._reader, named.vault, named.key, vaults, places)
        return self._keys[named]
