"""A toy provider, a small estate, and a raw client without any retry: what the tests of the engine share."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from cmk_remediate import simulator
from cmk_remediate.simulator.declare import (
    GONE,
    SYNC,
    Action,
    Answer,
    ArmError,
    Changes,
    Child,
    Event,
    Json,
    LongRunning,
    Provider,
    Reply,
    ResourceType,
    Rule,
    Say,
    Schedule,
    SetPrincipal,
    Switch,
    Write,
)
from cmk_remediate.simulator.settings import Settings
from cmk_remediate.simulator.wire import Incoming, Outgoing

if TYPE_CHECKING:
    from cmk_remediate.simulator.embedded import EmbeddedAzure
    from cmk_remediate.simulator.world import World

SUB = "/subscriptions/11111111-1111-1111-1111-111111111111"
RG = f"{SUB}/resourceGroups/rg1"
IDENTITY = f"{RG}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
THINGS = f"{RG}/providers/Microsoft.Toy/things"
VAULT = f"{RG}/providers/Microsoft.KeyVault/vaults/kv"
OTHER = "0b000000-0000-4000-8000-000000000002"
V = "2024-01-01"
BUSY = ArmError(409, "ThingBusy", "The thing is busy.", "unconfirmed")


def _prepared(write: Write) -> Json:
    new = write.new or {}
    old = (write.old or {}).get("properties", {})
    ids = {
        "principalId": old.get("principalId") or write.world.new_guid("principal"),
        "clientId": old.get("clientId") or write.world.new_guid("client"),
        "tenantId": write.world.tenant(write.id),
    }
    return {**new, "properties": {**new.get("properties", {}), **ids}}


def _made(write: Write) -> Changes:
    if write.creates and write.new:
        return [SetPrincipal(write.new["properties"]["principalId"], {"kind": "ServicePrincipal"})]
    return []


def _unwanted(write: Write) -> ArmError | None:
    if (write.new or {}).get("properties", {}).get("colour") == "grey":
        return ArmError(400, "ThingIsGrey", "Grey things are refused.", "unconfirmed")
    return None


def _forbidden(write: Write) -> ArmError | None:
    if (write.new or {}).get("properties", {}).get("colour") == "black":
        return ArmError(400, "ThingIsBlack", "Black things fail.", "unconfirmed")
    return None


def _busy(write: Write) -> ArmError | None:
    return BUSY if write.world.running(write.id) else None


def _polish(write: Write) -> Reply:
    return Reply(202, changes=(Say("polished"),), operation=LongRunning(seconds=10))


def _tick(_world: World, data: Json) -> Changes:
    return [Say(f"tick {data['n']}"), Schedule(3600, "toy.tick", {"n": data["n"] + 1})]


LRO = LongRunning(
    name="UpsertThing",
    seconds=60,
    path="locations/{location}/thingAzureAsyncOperation/{id}",
    result_path="locations/{location}/thingOperationResults/{id}",
)

IDENTITIES = ResourceType(
    "Microsoft.ManagedIdentity/userAssignedIdentities",
    ("2024-11-30", V),
    {"GET": SYNC, "LIST": SYNC, "PUT": Answer(200, 201), "PATCH": SYNC, "DELETE": GONE},
    read_only=("properties.principalId", "properties.clientId", "properties.tenantId"),
    prepare=_prepared,
    on_write=(_made,),
)
TOY_THINGS = ResourceType(
    "Microsoft.Toy/things",
    (V,),
    {
        "GET": SYNC,
        "LIST": SYNC,
        "PUT": Answer(202, body="operation", operation=LRO),
        "PATCH": Answer(202, body="operation", operation=LRO),
        "DELETE": Answer(202, body="none", operation=LongRunning(seconds=30)),
    },
    read_only=("properties.serial",),
    create_only=("properties.form",),
    kept=("properties.memory",),
    defaults={"properties": {"colour": "white"}},
    replaced=("properties.rules",),
    rules=(Rule(_busy), Rule(_unwanted), Rule(_forbidden, arrives="operation")),
    identity=True,
    children=(Child("parts", "current", lambda _id, _body, _world: {"properties": {"kind": "supplied"}}),),
    actions=(Action("polish", _polish),),
    system_data=True,
    page=3,
)
PARTS = ResourceType("Microsoft.Toy/things/parts", (V,), {"GET": SYNC, "LIST": SYNC, "PUT": SYNC}, tracked=False)
GRANTS = ResourceType(
    "Microsoft.Authorization/roleAssignments",
    (V, "2022-04-01"),
    {"GET": SYNC, "LIST": SYNC, "PUT": Answer(201), "DELETE": GONE},
    tracked=False,
    extension=True,
)
VAULTS = ResourceType("Microsoft.KeyVault/vaults", (V,), {"GET": SYNC, "PUT": SYNC, "PATCH": SYNC, "DELETE": GONE})

PROVIDERS = (
    Provider("Microsoft.ManagedIdentity", (IDENTITIES,)),
    Provider(
        "Microsoft.Toy",
        (TOY_THINGS, PARTS),
        events=(Event("toy.tick", _tick),),
        switches=(Switch("toy-tick", "Things tick every hour."),),
        seed=lambda world: [Schedule(3600, "toy.tick", {"n": 1})] if world.switch("toy-tick") else [],
    ),
    Provider("Microsoft.Authorization", (GRANTS,)),
    Provider("Microsoft.KeyVault", (VAULTS,)),
)


def estate(**more: Any) -> dict[str, Any]:
    return {
        "operator": {"role": "Owner"},
        "subscriptions": [{"subscriptionId": SUB.split("/")[2], "tenantId": "0c000000-0000-4000-8000-000000000003"}],
        "resources": [
            {
                "id": f"{THINGS}/one",
                "location": "westeurope",
                "properties": {"colour": "red", "unknown": {"kept": None}},
            },
            {"id": f"{IDENTITY}/u1", "location": "westeurope"},
        ],
        **more,
    }


def azure(settings: Settings | None = None, *, seed: int = 0, **more: Any) -> EmbeddedAzure:
    return simulator.azure(
        estate=estate(**more), settings=settings or Settings.immediate(), seed=seed, providers=PROVIDERS
    )


class Raw:
    """Sends requests as they are, one at a time; the clock moves only where a test says so."""

    def __init__(self, it: EmbeddedAzure, principal: str | None = None) -> None:
        self.azure = it
        credential = it.connection(principal).credential
        self.token = asyncio.run(credential.get_token(f"https://{it.world.cloud.arm}/.default")).token

    def __call__(self, method: str, path: str, body: Any = None, *, api: str = V, **headers: str) -> Outgoing:
        url = path if path.startswith("https://") else f"https://{self.azure.world.cloud.arm}{path}"
        if "api-version=" not in url and api:
            url += ("&" if "?" in url else "?") + f"api-version={api}"
        data = b"" if body is None else json.dumps(body).encode()
        return self.azure.answer(Incoming(method, url, {"authorization": f"Bearer {self.token}", **headers}, data))

    def wait(self, seconds: float) -> list[str]:
        return self.azure.advance(seconds)


def code(answer: Outgoing) -> str:
    return str(answer.body["error"]["code"])


def grant(
    principal: str, role: str, scope: str, name: str = "00000000-0000-4000-8000-00000000000a"
) -> tuple[str, Json]:
    properties = {
        "principalId": principal,
        "roleDefinitionId": f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/{role}",
    }
    return f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}", {"properties": properties}


READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
