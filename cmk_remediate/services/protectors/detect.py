"""Reads what there is to know about a server, its geo partners, and the keys in question. Only reads; each thing once.

A refusal is a fact: what Azure would not show is named in the facts, and the limits judge it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cmk_remediate.errors import AzureError
from cmk_remediate.model.decisions import Read
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject, at_path, canonical, merge_patch
from cmk_remediate.planfile.declared import DECLARED
from cmk_remediate.planfile.wishes import vaults_named, wishes
from cmk_remediate.services.protectors.choice import choose
from cmk_remediate.services.protectors.facts import DatabaseFacts, ServerFacts, SqlFacts
from cmk_remediate.services.protectors.group import head
from cmk_remediate.steps import asking
from cmk_remediate.steps.key_facts import KeyFacts, find_vault, read_key
from cmk_remediate.steps.sql import geo, sorts
from cmk_remediate.steps.sql.attach_identity import AttachIdentity
from cmk_remediate.steps.sql.names import Protector
from cmk_remediate.steps.sql.register_server_key import protector
from cmk_remediate.steps.sql.restore_protector import databases
from cmk_remediate.steps.sql.server_state import Identities

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmk_remediate.model.outcomes import Reader
    from cmk_remediate.planfile.schema import PlanFile, TargetEntry

CONTENT = ("name", "type", "location", "kind", "tags", "identity", "properties")
"""What of a body Azure Policy is asked about."""
ADMINISTRATORS = (("expand", "administrators/activedirectory"),)
"""A plain GET of a server may leave its Entra administrator out (REST sample ServerListByResourceGroupWithExpandEquals...)."""


class Detection:
    """The reads for one entry of a plan's targets."""

    def __init__(self, reader: Reader, plan: PlanFile, entry: TargetEntry) -> None:
        """Prepare; `run` reads."""
        self._reader = reader
        self._plan = plan
        self._type = DECLARED[plan.service].resource_type
        self._target = ResourceId.parse(entry.resource_id)
        self._wishes = wishes(plan, entry)
        self._keys: dict[str, KeyFacts] = {}
        self._vaults: dict[ResourceId, list[Any] | None] = {}

    async def run(self) -> SqlFacts:
        """Return what was read."""
        servers: dict[ResourceId, ServerFacts] = {}
        lost: dict[str, None] = {}
        waiting = [self._target] if self._target.is_type(self._type) else []
        while waiting:
            server = waiting.pop(0)
            if server in servers:
                continue
            facts = await self._server(server)
            servers[server] = facts
            near, unlocated = geo.partners(server, facts.failover_groups, facts.replication_links)
            waiting.extend(near)
            lost.update(dict.fromkeys(unlocated))
        found = tuple(servers.values())
        named = head(found, self._wishes) if found else self._target
        known = {server.name.lower() for server in servers}
        unlocated = tuple(name for name in lost if name.lower() not in known)
        wanted = await self._key(self._wishes.key_id(named))
        return SqlFacts(self._target, found, unlocated, wanted, self._reader.now())

    async def _server(self, server: ResourceId) -> ServerFacts:
        refusals: list[str] = []
        body = await self._get(server, refusals)
        if body is None:
            return ServerFacts(server, None, refused="; ".join(refusals))
        group = await self._get(server.group_id, [])
        shown = await self._get(protector(server), refusals)
        listed = await self._list(databases(server), refusals)
        region = str(body.get("location") or "")
        listed_geo = [await self._list(read, refusals) for read in sorts.geo_reads(server, region)]
        groups, links = geo.shown(server, listed_geo)
        if shown is None and not refusals:
            refusals.append(f"{server.name} shows no protector")
        facts = ServerFacts(
            server,
            body,
            group,
            shown,
            await self._databases(server, listed),
            tuple(groups),
            tuple(links),
            await self._current(server, shown),
            await self._entra(server, body),
            refused="; ".join(refusals),
        )
        return await self._about_identity(facts)

    async def _about_identity(self, facts: ServerFacts) -> ServerFacts:
        """Add the plan's identity, and whether a policy denies attaching it alone."""
        choice = choose(facts, self._wishes, compliant=False)
        if choice.how != "ours" or choice.identity is None:
            return facts
        identity = await self._get(choice.identity, [])
        wants_key = not facts.is_customer and await self._policy_wants_key(facts, choice.identity)
        return replace(facts, identity=identity, policy_wants_key=wants_key)

    async def _entra(self, server: ResourceId, body: JsonObject) -> bool | None:
        """Say whether the server has an Entra administrator, where it matters: where an identity might be displaced."""
        have = Identities.of(body)
        if have.entra or have.primary is not None or not have.any or self._wishes.identity == "system-assigned":
            return have.entra
        refusals: list[str] = []
        expanded = await self._get(server, refusals, ADMINISTRATORS)
        return None if refusals else Identities.of(expanded or {}).entra

    async def _databases(self, server: ResourceId, listed: Sequence[Any]) -> tuple[DatabaseFacts, ...]:
        """Return the user databases; master is the service's own."""
        found = []
        for item in listed:
            if str(item.get("name")).lower() == "master":
                continue
            database = server.child("databases", str(item.get("name")))
            tde = await self._get(database.child("transparentDataEncryption", "current"), [])
            found.append(DatabaseFacts(database, item, tde))
        return tuple(found)

    async def _current(self, server: ResourceId, shown: JsonObject | None) -> KeyFacts | None:
        """Return the customer key a protector names."""
        current = Protector.of(shown or {})
        if not current.is_customer:
            return None
        host = (urlsplit(current.uri).hostname or "").split(".")[0] or current.vault
        refusals: list[str] = []
        vault = None
        if not current.in_managed_hsm:
            named = vaults_named(self._plan)
            vault = await find_vault(self._reader, host, named, (server, self._target), refusals)
        if vault is None:
            return KeyFacts(None, None, None, "; ".join(refusals))
        return await self._key(vault.child("keys", current.key))

    async def _key(self, key: ResourceId) -> KeyFacts:
        """Return a key and its vault; each is read once."""
        if key.key not in self._keys:
            self._keys[key.key] = await read_key(self._reader, key)
        return self._keys[key.key]

    async def _policy_wants_key(self, facts: ServerFacts, identity: ResourceId) -> bool:
        """Ask Azure Policy whether it denies the server with our identity, and no longer denies it with a key."""
        have = Identities.of(facts.server or {})
        merged = merge_patch(facts.server, AttachIdentity(facts.id, identity=identity).patch(have))
        if not await self._denied(facts.id, merged):
            return False
        key = self._wishes.key_id(facts.id)
        with_key = merge_patch(merged, {"properties": {"keyId": f"https://{key.top_level.name}/keys/{key.name}"}})
        return not await self._denied(facts.id, with_key)

    async def _denied(self, server: ResourceId, body: JsonObject) -> bool:
        """Say whether a policy denies *body*; a question that may not be asked is the preflight's to report."""
        content = {name: body[name] for name in CONTENT if name in body}
        question = canonical({"resourceDetails": {"resourceContent": content, "apiVersion": "2021-11-01"}}).decode()
        try:
            answer = (await self._reader.read(Read(server, "check-policy", body=question))).body
        except AzureError:
            return False
        evaluations = at_path(answer, "contentEvaluationResult.policyEvaluations") or ()
        return any(str(at_path(item, "evaluationResult")).lower() == "noncompliant" for item in evaluations)

    async def _get(
        self, resource: ResourceId, refusals: list[str], query: tuple[tuple[str, str], ...] = ()
    ) -> JsonObject | None:
        return await asking.body_of(self._reader, resource, refusals, query)

    async def _list(self, read: Read, refusals: list[str]) -> Sequence[Any]:
        return await asking.items_of(self._reader, read, refusals)
