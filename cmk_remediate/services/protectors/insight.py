"""What an assessment shows of servers; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.services.insight import Insight, Use, of_key, online, owned, same_key, shown
from cmk_remediate.services.protectors import state
from cmk_remediate.steps.sql.names import Protector
from cmk_remediate.steps.sql.register_server_key import protector
from cmk_remediate.steps.sql.server_state import Identities

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.findings import Evidence
    from cmk_remediate.services.protectors.facts import DatabaseFacts, ServerFacts
    from cmk_remediate.services.protectors.group import Group


def of_group(group: Group) -> Insight:
    """Return what proves the state of the servers in *group*, and what moving them takes."""
    evidence = tuple(one for server in group.servers for one in _of_server(group, server))
    used = [server.current for server in group.servers if server.current is not None]
    keys = {one.key: one for one in used if one.key is not None}
    no_way_back = next((why for _, why in map(group.returns_to, group.servers) if why), "")
    as_found = same_key([None, *keys.values()][-1])
    apart = state.as_found(group) if len(keys) > 1 else ""
    return Insight(evidence, tuple(_uses(group)), online(no_way_back), as_found, state=apart)


def _uses(group: Group) -> Iterator[Use]:
    for server in group.servers:
        have = Protector.of(server.protector or {})
        if server.current is not None:
            yield Use(server.id, have.words(), server.current, "" if have.follows else have.version)


def _of_server(group: Group, server: ServerFacts) -> Iterator[Evidence]:
    have, identities = Protector.of(server.protector or {}), Identities.of(server.server or {})
    paths = ["properties.serverKeyType", "properties.serverKeyName"]
    about = ["properties.federatedClientId", "kind"]
    if have.is_customer:
        paths += ["properties.uri", "properties.autoRotationEnabled"]
        yield from shown(protector(server.id), server.protector, paths)
        yield from shown(server.id, server.server, ("properties.primaryUserAssignedIdentityId",))
        if not identities.works:
            yield from shown(server.id, server.server, ("identity.type", "identity.userAssignedIdentities"))
    else:
        yield from shown(protector(server.id), server.protector, paths)
    yield from (one for one in shown(server.id, server.server, about) if _tells(one))
    yield from owned(server.id, server.server, server.group)
    yield from of_key(server.current, group.now, pinned=not have.follows)
    for database in server.databases:
        yield from _of_database(database)


def _tells(one: Evidence) -> bool:
    return bool(one.value) and (one.path != "kind" or "analytics" in str(one.value).lower())


def _of_database(database: DatabaseFacts) -> Iterator[Evidence]:
    """Yield what differs from a database that is encrypted as its server is."""
    encryption = database.id.child("transparentDataEncryption", "current")
    if database.status.lower() == "inaccessible":
        yield from shown(database.id, database.body, ("properties.status",))
    if not database.is_encrypted:
        yield from shown(encryption, database.tde, ("properties.state",))
    if database.scan:
        yield from shown(encryption, database.tde, ("properties.scanState",))
    yield from (one for one in shown(database.id, database.body, ("properties.encryptionProtector",)) if one.value)
