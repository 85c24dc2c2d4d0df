"""Microsoft.Sql/servers/encryptionProtector/current."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.declare import (
    SYNC,
    Action,
    Answer,
    ArmError,
    Change,
    Child,
    Json,
    Reply,
    ResourceType,
    Rule,
    Schedule,
    SetHidden,
    SetResource,
    Switch,
    Write,
)
from cmk_remediate.simulator.providers.common import parse_key_uri, properties_of
from cmk_remediate.simulator.providers.sql import backups, georules
from cmk_remediate.simulator.providers.sql.keyuse import key_refusal
from cmk_remediate.simulator.providers.sql.names import (
    API_VERSIONS,
    KEY_VAULT,
    PROTECTOR,
    PROTECTOR_OPERATION,
    REVALIDATE_OPERATION,
    SERVICE_MANAGED,
    current_uri,
    key_name,
    protector_of,
    refusal,
    server_of,
    thumb_of,
)
from cmk_remediate.simulator.providers.sql.serverkeys import not_synapse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.world import World

FOLLOW = "sql.follow-rotation"
REVALIDATED = "sql.revalidated"
IN_PROGRESS = Switch("sql-protector-in-progress", "A second PUT of a protector while one runs is answered 409.")
GEO = Switch("sql-geo-rules", "A protector is refused where a geo partner lacks the key.")
_DAY, _HOUR = 86400.0, 3600.0


def body_of(world: World, kind: str, name: str, text: str, *, rotates: bool) -> Json:
    """Return a protector's body."""
    properties: Json = {"serverKeyName": name, "serverKeyType": kind}
    if kind == KEY_VAULT:
        properties["uri"] = text
        uri = parse_key_uri(text)
        if world.doubt(doubts.SQL_PROTECTOR_VERSION) == "shown" and uri is not None:
            properties["thumbprint"] = thumb_of(world, text)
            version = current_uri(world, uri).version
            if version:
                properties["keyVersion"] = version
    properties["autoRotationEnabled"] = rotates
    return {"kind": "azurekeyvault" if kind == KEY_VAULT else "servicemanaged", "properties": properties}


def prepared(write: Write) -> Json:
    """Return the protector that a PUT leaves."""
    sent = properties_of(write.sent)
    kind = str(sent.get("serverKeyType") or "")
    name = str(sent.get("serverKeyName") or "")
    if kind != KEY_VAULT:
        fresh = body_of(write.world, kind or SERVICE_MANAGED, SERVICE_MANAGED, "", rotates=False)
    else:
        kept = write.world.get(server_of(write.id).child("keys", name)) if name else None
        text = str(properties_of(kept).get("uri") or "")
        fresh = body_of(
            write.world,
            kind,
            str((kept or {}).get("name") or name),
            text,
            rotates=bool(sent.get("autoRotationEnabled")),
        )
    return {**(write.old or {}), **fresh}


def _shape(write: Write) -> ArmError | None:
    sent = properties_of(write.sent)
    if write.id.name.lower() != "current":
        return refusal(400, "InvalidEncryptionProtectorName", "The encryption protector key name is not supported.")
    if sent.get("serverKeyType") not in (SERVICE_MANAGED, KEY_VAULT):
        return refusal(400, "InvalidKeyType", "The create server key type is not supported.")
    name = str(sent.get("serverKeyName") or "")
    if sent["serverKeyType"] == SERVICE_MANAGED:
        # An empty name: hashicorp/terraform-provider-azurerm mssql_server_transparent_data_encryption_resource.go.
        wrong = name.lower() not in ("", SERVICE_MANAGED.lower())
        return refusal(400, "InvalidKeyName", "An invalid value was given for the server key name.") if wrong else None
    if not name or write.world.get(server_of(write.id).child("keys", name)) is None:
        return refusal(404, "ServerKeyNotFound", "The requested server key was not found on the current subscription.")
    return None


def _in_progress(write: Write) -> ArmError | None:
    if not write.world.switch(IN_PROGRESS.name) or write.world.running(write.id) is None:
        return None
    text = "Cannot update database encryption key protector while protector change is already in progress"
    return refusal(409, "EncryptionProtectorChangeInProgress", text)


def _inaccessible(write: Write) -> ArmError | None:
    databases = write.world.children(server_of(write.id), "databases")
    if all(properties_of(body).get("status") != "Inaccessible" for _, body in databases):
        return None
    text = "User tried to perform an operation on the server when the server did not have Azure Key Vault Access."
    return refusal(400, "CMKOperationNotAllowed", text)


def _usable(write: Write) -> ArmError | None:
    new = properties_of(write.new)
    if new.get("serverKeyType") != KEY_VAULT:
        return None
    server = server_of(write.id)
    return key_refusal(write.world, server, write.world.get(server), str(new.get("uri") or ""), protector=True)


def _geo(write: Write) -> ArmError | None:
    return (
        georules.geo_refusal(write.world, server_of(write.id), properties_of(write.new))
        if write.world.switch(GEO.name)
        else None
    )


def _stuck(write: Write) -> ArmError | None:
    """Refuse another key while automatic rotation is in error: github.com/MicrosoftDocs/sql-docs/pull/9837."""
    if not write.world.hidden(write.id).get("rotationStuck"):
        return None
    new, old = properties_of(write.new), properties_of(write.old)
    if new.get("serverKeyType") == KEY_VAULT and new.get("uri") != old.get("uri"):
        text = (
            "Secondary server does not have the key material from the same key vault as the primary "
            "server's encryption protector with "
            "key auto-rotation enabled."
        )
        return refusal(400, "SameKeyUriNotFoundOnRemoteServer", text)
    return None


def followed(world: World, server: ResourceId, body: Json) -> Iterator[Change]:
    """Go through what follows from a protector's new *body*: the server's keyId and the backups' keys."""
    properties = properties_of(body)
    kept = world.get(server)
    if kept is not None:
        shown = {name: value for name, value in properties_of(kept).items() if name != "keyId"}
        if properties["serverKeyType"] == KEY_VAULT and world.doubt(doubts.SQL_KEY_ID) == "shown":
            shown["keyId"] = properties["uri"]
        if shown != properties_of(kept):
            yield SetResource(server, {**kept, "properties": shown})
    yield from backups.rekeyed(world, server, properties)
    yield SetHidden(protector_of(server), {"rotationStuck": None, "lostAt": None})


def set_changes(world: World, server: ResourceId, body: Json) -> Iterator[Change]:
    """Go through what follows from a protector that was set: as `followed`, and automatic rotation starts."""
    yield from followed(world, server, body)
    if properties_of(body).get("autoRotationEnabled"):
        yield Schedule(lag(world, server), FOLLOW, {"server": str(server)}, f"follow:{server.key}")


def lag(world: World, server: ResourceId) -> float:
    """Return the seconds until automatic rotation looks next."""
    most = _DAY if world.doubt(doubts.SQL_ROTATION_LAG) == "day" else _HOUR
    return world.draw(most / 6, most, "rotation-lag", server.key, int(world.stamp))


def _on_write(write: Write) -> Iterator[Change]:
    yield from set_changes(write.world, server_of(write.id), write.new or {})


def _default(server: ResourceId, body: Json, world: World) -> Json:
    text = properties_of(body).get("keyId")
    uri = parse_key_uri(str(text or ""))
    if uri is None:
        return body_of(world, SERVICE_MANAGED, SERVICE_MANAGED, "", rotates=False)
    del server
    return body_of(world, KEY_VAULT, key_name(uri), str(text), rotates=False)


PROTECTOR_CHILD = Child("encryptionProtector", "current", _default)
"""The protector every server has: by its keyId, else the service's."""


def _revalidate(write: Write) -> Reply | ArmError:
    server = server_of(write.id)
    follows = (Schedule(0.0, REVALIDATED, {"server": str(server)}),)
    return Reply(status=202, changes=follows, operation=REVALIDATE_OPERATION)


PROTECTORS = ResourceType(
    type=PROTECTOR,
    api_versions=API_VERSIONS,
    answers={
        "GET": SYNC,
        "LIST": SYNC,
        "PUT": Answer(status=202, created=202, body="operation", operation=PROTECTOR_OPERATION),
    },
    since={"properties.keyVersion": "2024-11-01", "properties.thumbprint": "2024-11-01"},
    read_only=(
        "location",
        "kind",
        "properties.uri",
        "properties.thumbprint",
        "properties.keyVersion",
        "properties.subregion",
    ),
    prepare=prepared,
    rules=(
        Rule(_shape),
        Rule(_in_progress),
        Rule(not_synapse),
        Rule(_stuck),
        Rule(_inaccessible, arrives="operation"),
        Rule(_geo, arrives="operation"),
        Rule(_usable, arrives=doubts.SQL_REFUSAL_ARRIVES),
    ),
    on_write=(_on_write,),
    actions=(Action("revalidate", _revalidate),),
    tracked=False,
)
"""azure-mgmt-sql EncryptionProtectorsOperations; it has no provisioningState and there is no DELETE. Recorded answers of 2021-11-01
and before show neither thumbprint nor keyVersion; the latter is of 2025-01-01 only."""
