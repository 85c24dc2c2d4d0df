"""vaults/accessPolicies/{add|replace|remove}, and the deleted vaults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts
from cmk_remediate.simulator.declare import (
    SYNC,
    Action,
    Answer,
    ArmError,
    Json,
    LongRunning,
    RemoveResource,
    Reply,
    ResourceType,
    Rule,
    SetResource,
    Write,
)
from cmk_remediate.simulator.providers.common import VAULT, access_changed, bad_request, properties_of
from cmk_remediate.simulator.providers.keyvault.conflicts import in_conflict, touched
from cmk_remediate.simulator.providers.keyvault.vaults import API_VERSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Changes
    from cmk_remediate.simulator.world import World

_KINDS = ("keys", "secrets", "certificates", "storage")
_OPERATIONS = ("add", "replace", "remove")


def _vault(write: Write) -> ResourceId:
    return write.id.top_level


def _who(entry: Json) -> tuple[str, str]:
    return str(entry.get("objectId", "")).lower(), str(entry.get("applicationId") or "").lower()


def _permissions(entry: Json) -> dict[str, list[str]]:
    found = entry.get("permissions") or {}
    return {kind: [str(one) for one in found.get(kind) or ()] for kind in _KINDS if found.get(kind) is not None}


def combined(entries: list[Json], sent: list[Json], operation: str, *, whole: bool) -> list[Json]:
    """Return a vault's entries after ``accessPolicies/{operation}``; *whole*: remove drops entries, not permissions."""
    result = list(entries)
    for entry in sent:
        place = next((index for index, one in enumerate(result) if _who(one) == _who(entry)), None)
        if place is None:
            if operation != "remove":
                result.append(entry)
        elif operation == "replace":
            result[place] = entry
        elif operation == "add":
            result[place] = {**result[place], "permissions": _united(_permissions(result[place]), _permissions(entry))}
        else:
            left = {} if whole else _less(_permissions(result[place]), _permissions(entry))
            if any(left.values()):
                result[place] = {**result[place], "permissions": left}
            else:
                del result[place]
    return result


def _united(old: dict[str, list[str]], more: dict[str, list[str]]) -> dict[str, list[str]]:
    united = dict(old)
    for kind, names in more.items():
        have = {name.lower() for name in united.get(kind, ())}
        united[kind] = [*united.get(kind, ()), *(name for name in names if name.lower() not in have)]
    return united


def _less(old: dict[str, list[str]], taken: dict[str, list[str]]) -> dict[str, list[str]]:
    gone = {kind: {name.lower() for name in names} for kind, names in taken.items()}
    return {kind: [name for name in names if name.lower() not in gone.get(kind, ())] for kind, names in old.items()}


def _prepare(write: Write) -> Json:
    vault = write.world.get(_vault(write))
    entries = combined(
        list(properties_of(vault).get("accessPolicies") or ()),
        list(properties_of(write.sent).get("accessPolicies") or ()),
        write.id.name.lower(),
        whole=write.world.doubt(doubts.ACCESS_POLICY_REMOVE) == "entry",
    )
    return {**(write.new or {}), "properties": {"accessPolicies": entries}}


def _known(write: Write) -> ArmError | None:
    if write.id.name.lower() in _OPERATIONS:
        return None
    text = f"The access policy operation '{write.id.name}' is not one of add, replace, remove."
    return bad_request("BadRequest", text, "azure-mgmt-keyvault AccessPolicyUpdateKind")


def _conflict(write: Write) -> ArmError | None:
    return in_conflict(write, _vault(write))


def _on_write(write: Write) -> Changes:
    vault, world = _vault(write), write.world
    body = world.get(vault) or {}
    yield SetResource(vault, {**body, "properties": {**properties_of(body), **properties_of(write.new)}})
    yield RemoveResource(write.id)
    yield from touched(write, vault)
    yield from access_changed(world, vault)


ACCESS_POLICIES = ResourceType(
    type=f"{VAULT}/accessPolicies",
    api_versions=API_VERSIONS,
    answers={"PUT": Answer(status=200, created=200)},
    prepare=_prepare,
    rules=(Rule(_known), Rule(_conflict)),
    on_write=(_on_write,),
    tracked=False,
)
"""azure-mgmt-keyvault VaultsOperations.update_access_policy."""


def _purge(write: Write) -> Reply | ArmError:
    if properties_of(write.old).get("purgeProtectionEnabled"):
        text = f"The vault '{write.id.name}' has purge protection and cannot be purged before its scheduled purge date."
        return ArmError(403, "Forbidden", text, "learn.microsoft.com: Azure Key Vault soft-delete overview")
    return Reply(status=202, changes=(RemoveResource(write.id),), operation=_PURGING)


_PURGING = LongRunning(
    seconds=(5.0, 60.0),
    path="locations/{name}/operationResults/{id}",
    style="location",
    under="subscription",
    running=("NotStarted",),
    result="status",
)
"""Recorded by Azure/azure-cli's tests of `az keyvault purge`."""


def _missing(resource: ResourceId, _world: World) -> ArmError:
    text = (
        f"The specified deleted vault '{resource.name}' does not exist. Ensure that the vault was indeed deleted and that it is in "
        "recoverable state. If soft delete was not enabled then the vault is permanently deleted. Follow this link for more "
        "information: https://go.microsoft.com/fwlink/?linkid=2149745"
    )
    return ArmError(404, "DeletedVaultNotFound", text, "recorded by Azure/azure-service-operator")


def _all_deleted(scope: ResourceId, world: World) -> Iterator[ResourceId]:
    for gone, _ in world.below(scope, DELETED.type):
        yield gone


DELETED = ResourceType(
    type="Microsoft.KeyVault/locations/deletedVaults",
    api_versions=API_VERSIONS,
    answers={"GET": SYNC},
    on_missing=_missing,
    actions=(Action("purge", _purge, permission="Microsoft.KeyVault/locations/deletedVaults/purge/action"),),
    tracked=False,
)
"""azure-mgmt-keyvault VaultsOperations.get_deleted and purge_deleted."""

DELETED_LIST = ResourceType(
    type="Microsoft.KeyVault/deletedVaults",
    api_versions=API_VERSIONS,
    answers={"LIST": SYNC},
    list_under=_all_deleted,
    tracked=False,
)
"""azure-mgmt-keyvault VaultsOperations.list_deleted."""
