"""Microsoft.DocumentDB/databaseAccounts: what is refused, and what a write leaves behind.

Recorded: PUT and PATCH answer 200 with both headers, provisioningState Creating or Updating; polls say Enqueued, Dequeued,
Succeeded; a GET shows the former body meanwhile (Azure/azure-cli, test_cosmosdb_managed_service_identity).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.bodies import below, without
from cmk_remediate.simulator.declare import (
    SYNC,
    UNCONFIRMED,
    Answer,
    ArmError,
    Json,
    ResourceType,
    Rule,
    SetHidden,
    Switch,
    Write,
)
from cmk_remediate.simulator.providers.common import access_changed, bad_request, display_region, properties_of
from cmk_remediate.simulator.providers.cosmosdb.clock import watches
from cmk_remediate.simulator.providers.cosmosdb.former import remembered
from cmk_remediate.simulator.providers.cosmosdb.keyuse import DOC, key_refusal
from cmk_remediate.simulator.providers.cosmosdb.made import made, unfinished
from cmk_remediate.simulator.providers.cosmosdb.names import (
    ACCOUNT,
    API_VERSIONS,
    CONFIRMED,
    FIRST_PARTY,
    SHOWS_CHANGE_FEED,
    SHOWS_VIEWS,
    SYSTEM,
    UNDEFINED,
    USER,
    operation_of,
    principal_of,
    revoked,
    sets_key,
    version_in_use,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Change
    from cmk_remediate.simulator.world import World

COMBINED = Switch(
    "cosmos-combined-identity",
    "A PATCH with an identity and a default identity leaves the default identity as an identity's PATCH does, silently.",
)
RESETS = Switch(
    "cosmos-identity-resets-default", "A PATCH of the identity resets a default identity of the account's own."
)
KEY_ALONE = Switch("cosmos-key-alone", "A PATCH that sets the key and anything else is refused.")

_VECTORS, _CASSANDRA = "enablenosqlvectorsearch", "enablecassandra"
_MEMBERS = ("identity", "properties", "tags", "location")


def _default_after(write: Write) -> str:
    """Return the default identity a write leaves."""
    had = str(properties_of(write.old).get("defaultIdentity") or FIRST_PARTY)
    asked = str(properties_of(write.sent).get("defaultIdentity") or "")
    changes_identity = isinstance(write.sent.get("identity"), dict)
    if write.creates:
        return asked or FIRST_PARTY
    if asked and not (changes_identity and write.world.switch(COMBINED.name)):
        return asked
    if not changes_identity or had in (FIRST_PARTY, UNDEFINED):
        return had
    if not principal_of(write.world, {**(write.new or {}), "properties": {"defaultIdentity": had}}):
        return UNDEFINED
    if not write.world.switch(RESETS.name):
        return had
    return FIRST_PARTY if write.world.doubt(doubts.COSMOS_IDENTITY_RESETS) == "first-party" else UNDEFINED


def _prepare(write: Write) -> Json:
    body = write.new or {}
    properties = {**(made(write) if write.creates else properties_of(body)), "defaultIdentity": _default_after(write)}
    if not properties.get("apiProperties", True):
        del properties["apiProperties"]
    if not body.get("identity"):
        body = {**body, "identity": {"type": "None"}}
    if write.creates:
        properties["provisioningState"] = "Succeeded"
        location = display_region(str(body.get("location") or ""))
        body = {"tags": {}, **body, "location": location, "systemData": {"createdAt": write.world.iso()}}
    text = str(properties.get("keyVaultKeyUri") or "")
    if text and (write.creates or sets_key(write)):
        properties["customerManagedKeyStatus"] = CONFIRMED
        properties["keyVaultKeyUriVersion"] = version_in_use(write.world, text)
    return {**body, "properties": properties}


# -- refusals -------------------------------------------------------------------------------------------------------------------


def _busy(write: Write) -> ArmError | None:
    if write.world.running(write.id) is None:
        return None
    text = (
        "There is another user operation in progress which requires an exclusive lock on account "
        f"{write.id.name}. Please retry after sometime."
    )
    return ArmError(412, "PreconditionFailed", text, "github.com/hashicorp/terraform-provider-azurerm/issues/15842")


def _lost(write: Write) -> ArmError | None:
    """Refuse all but identities to an account that has lost its key."""
    asked = set(properties_of(write.sent)) | (set(write.sent) & {"tags", "location"})
    if not revoked(write.old) or not asked - {"defaultIdentity"}:
        return None
    text = "No Update is allowed on Database Account with Customer Managed Key in Revoked Status"
    return ArmError(403, "Forbidden", text, DOC)


def _default(write: Write) -> ArmError | None:
    """Refuse a default identity that the account does not have."""
    asked = str(properties_of(write.sent).get("defaultIdentity") or "")
    if not asked or asked == FIRST_PARTY:
        return None
    if write.creates and asked == SYSTEM:
        text = "Updating default identity not allowed. Cannot set SystemAssignedIdentity as the default identity during provision."
        return bad_request("BadRequest", text, DOC)
    after = {**(write.new or {}), "properties": {"defaultIdentity": asked}}
    if (asked == SYSTEM or asked.startswith(USER)) and principal_of(write.world, after):
        return None
    text = f"The given default identity for {write.id.name} is not valid."
    return bad_request("BadRequest", text, "github.com/Azure/azure-cli/issues/28511")


def _uri(write: Write) -> ArmError | None:
    """Refuse to take a key away: there is no way back."""
    sent = properties_of(write.sent)
    if write.creates or "keyVaultKeyUri" not in sent or sent["keyVaultKeyUri"]:
        return None
    return bad_request("BadRequest", "Updating KeyVaultKeyUri is not supported", DOC)


def _says_nothing(value: object) -> bool:
    """Say whether a member is null, or holds nothing but nulls."""
    return value is None or (isinstance(value, dict) and all(_says_nothing(inner) for inner in value.values()))


def _alone(write: Write) -> ArmError | None:
    if not sets_key(write) or not write.world.switch(KEY_ALONE.name):
        return None
    others = [name for name in _MEMBERS if name in write.sent and name != "properties"]
    # What is empty is no property: the Azure CLI sends apiProperties with a null with every update (azure-cli, cosmosdb/custom.py),
    # and learn.microsoft.com, "Configure customer-managed keys for existing Azure Cosmos DB accounts", sets the key with it.
    named = {name for name, value in properties_of(write.sent).items() if not _says_nothing(value)}
    if not others and named == {"keyVaultKeyUri"}:
        return None
    text = "Cannot update Customer Managed Key settings and other properties at the same time."
    return bad_request("BadRequest", text, "github.com/Azure/azure-service-operator/issues/5560")


def _features(write: Write) -> ArmError | None:
    """Refuse a first key to an account that uses what excludes one."""
    old = properties_of(write.old)
    if not sets_key(write) or old.get("keyVaultKeyUri"):
        return None
    capabilities = {str(one.get("name")).lower() for one in old.get("capabilities") or ()}
    text, source = "", UNCONFIRMED
    if _CASSANDRA in capabilities:
        text = "Customer Managed Key enablement on an existing Cassandra Account is not supported"
    elif _VECTORS in capabilities:
        text = "Customer Managed Key enablement on an existing Account with vector search is not supported"
    elif old.get("enableFullFidelityChangeFeed"):
        text, source = "Customer Managed Key and Full Fidelity Change Feed cannot be enabled together.", DOC
    elif old.get("enableMaterializedViews"):
        text = "Customer Managed Key enablement on an existing Materialized View enabled Account is not supported"
        source = DOC
    return bad_request("BadRequest", text, source) if text else None


def _first_party(write: Write) -> ArmError | None:
    """Refuse Cosmos DB's own identity where backup or analytics need another."""
    old = properties_of(write.old)
    if not sets_key(write) or old.get("defaultIdentity") not in (None, FIRST_PARTY, UNDEFINED):
        return None
    continuous = str((old.get("backupPolicy") or {}).get("type")).lower() == "continuous"
    if not continuous and not old.get("enableAnalyticalStorage"):
        return None
    text = "Setting Non-FPI default identity is required for dedicated storage account features."
    return bad_request("BadRequest", text, DOC)


def _key(write: Write) -> ArmError | None:
    text = str(properties_of(write.sent).get("keyVaultKeyUri") or "")
    return key_refusal(write.world, write.id, write.new, text) if sets_key(write) or (write.creates and text) else None


# -- what follows ---------------------------------------------------------------------------------------------------------------


def _on_write(write: Write) -> Iterator[Change]:
    if write.method == "DELETE":
        return
    former = str(properties_of(write.old).get("keyVaultKeyUri") or "")
    if former and sets_key(write):
        yield SetHidden(write.id, {"former": remembered(write.world, write.id, write.old)})
    if properties_of(write.new).get("keyVaultKeyUri"):
        yield from access_changed(write.world, write.id)
        yield watches(write.world, write.id)


def _on_read(_account: ResourceId, body: Json, world: World) -> Json:
    body = {**body, "properties": unfinished(properties_of(body))}
    if world.doubt(doubts.COSMOS_FLAGS) == "shown":
        defaults = {"properties": {"enableFullFidelityChangeFeed": False, "enableMaterializedViews": False}}
        return below(defaults, body)
    return without(body, ("properties.enableFullFidelityChangeFeed", "properties.enableMaterializedViews"))


ACCOUNTS = ResourceType(
    type=ACCOUNT,
    api_versions=API_VERSIONS,
    answers={
        "GET": SYNC,
        "LIST": SYNC,
        "PUT": Answer(operation=operation_of),
        "PATCH": Answer(operation=operation_of),
        "DELETE": Answer(status=202, body="none", operation=operation_of),
    },
    read_only=(
        "properties.provisioningState",
        "properties.documentEndpoint",
        "properties.instanceId",
        "properties.keyVaultKeyUriVersion",
        "properties.customerManagedKeyStatus",
        "properties.keysMetadata",
        "identity.principalId",
        "identity.tenantId",
    ),
    create_only=("properties.createMode",),
    kept=("properties.keyVaultKeyUri",),
    defaults={"kind": "GlobalDocumentDB"},
    prepare=_prepare,
    rules=(
        Rule(_busy),
        Rule(_lost),
        Rule(_uri),
        Rule(_alone),
        Rule(_default),
        Rule(_features),
        Rule(_first_party),
        Rule(_key, arrives=doubts.COSMOS_REFUSAL_ARRIVES),
    ),
    on_write=(_on_write,),
    on_read=_on_read,
    since={"properties.customerManagedKeyStatus": "2023-09-15", "properties.keyVaultKeyUriVersion": "2026-03-15"},
    only_in={
        "properties.enableFullFidelityChangeFeed": SHOWS_CHANGE_FEED,
        "properties.enableMaterializedViews": SHOWS_VIEWS,
    },
    identity=True,
    trusted=True,
)
"""azure-mgmt-cosmosdb DatabaseAccountsOperations. That Cosmos DB passes the firewall of a vault that lets trusted services in:
learn.microsoft.com, "Configure customer-managed keys for Azure Cosmos DB"."""
