"""Microsoft.Sql/servers/databases/encryptionProtector/current: it can be reverted and revalidated; a GET of it does not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.declare import Action, Child, Event, Reply, ResourceType, Say, Schedule, SetResource
from cmk_remediate.simulator.providers.common import properties_of
from cmk_remediate.simulator.providers.sql import dbkeys, dbrules
from cmk_remediate.simulator.providers.sql.names import (
    API_VERSIONS,
    DATABASE_PROTECTOR,
    REVALIDATE_OPERATION,
    REVERT_OPERATION,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import ArmError, Change, Json, Write
    from cmk_remediate.simulator.world import World

REVERTED = "sql.database-reverted"
REVALIDATED = "sql.database-revalidated"


def _revert(write: Write) -> Reply | ArmError:
    refused = dbrules.revert_refusal(write)
    if refused is not None:
        return refused
    follows = Schedule(0.0, REVERTED, {"database": str(write.id.parent or write.id)})
    return Reply(status=202, changes=(follows,), operation=REVERT_OPERATION)


def _reverted(world: World, data: Json) -> Iterator[Change]:
    """Take a database's own protector away, under the doubt what of its keys and identity is left."""
    database = world.spelled(data["database"])
    body = world.get(database)
    if body is None:
        return
    gone = ["encryptionProtector", "encryptionProtectorAutoRotation"]
    left = dict(body)
    if world.doubt(doubts.SQL_DATABASE_REVERT_LEAVES) == "nothing":
        gone.append("keys")
        left.pop("identity", None)
    properties = {name: value for name, value in properties_of(body).items() if name not in gone}
    new = {**left, "properties": properties}
    yield SetResource(database, new)
    yield from dbkeys.changed(world, database, body, new)
    yield Say(f"the database {database.name} on {database.top_level.name} uses its server's key again")


def _revalidate(write: Write) -> Reply | ArmError:
    follows = Schedule(0.0, REVALIDATED, {"database": str(write.id.parent or write.id)})
    return Reply(status=202, changes=(follows,), operation=REVALIDATE_OPERATION)


def _default(_database: ResourceId, _body: Json, _world: World) -> Json:
    return {"properties": {}}


CURRENT = Child("encryptionProtector", "current", _default)
"""What the two requests are sent to."""

PROTECTORS = ResourceType(
    type=DATABASE_PROTECTOR,
    api_versions=API_VERSIONS,
    answers={},
    actions=(Action("revert", _revert), Action("revalidate", _revalidate)),
    tracked=False,
)
"""azure-mgmt-sql DatabaseEncryptionProtectorsOperations."""

EVENTS = (Event(REVERTED, _reverted),)
