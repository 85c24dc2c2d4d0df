"""Another's hand: for every line of a review a change of the property it is about, made by somebody else.

A property is found by its path. What a line shows in other words than the body's has a row of its own below; a line of a later
service that neither way finds fails its test by name, until it has one.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmk_remediate.connection import Session
from cmk_remediate.model.decisions import Estimate, Request
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import at_path, merge_patch
from cmk_remediate.model.outcomes import Accepted, Started
from cmk_remediate.model.review import ReviewedLine, ReviewedStep
from cmk_remediate.simulator.declare import Schedule, SetResource
from cmk_remediate.simulator.providers.ai_services.names import ACCOUNT as AI_ACCOUNT
from cmk_remediate.simulator.providers.sql.geo import FAILOVER
from cmk_remediate.simulator.providers.sql.names import DATABASE, INSTANCE, INSTANCE_GROUP
from cmk_remediate.simulator.providers.sql_instances import groups
from tests.drift.otherwise import FOREIGN_KEY_NAME, FOREIGN_KEY_URI, ONE_OF, OTHERWISE
from tests.faults.plans import SECOND

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cmk_remediate.model.review import Review
    from cmk_remediate.simulator.embedded import EmbeddedAzure
    from cmk_remediate.simulator.world import World
    from tests.e2e.stage import Stage

ELSEWHERE = "00000000-0000-4000-8000-00000000e15e"
FOREIGN_IDENTITY = (
    "/subscriptions/{}/resourceGroups/rg-else/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-else"
)
USER_ASSIGNED = "Microsoft.ManagedIdentity/userAssignedIdentities"
ATTACHED = "identity.userAssignedIdentities."
FOREIGN_ENCRYPTION = {
    "keySource": "Microsoft.KeyVault",
    "keyVaultProperties": {"keyVaultUri": "https://kv-else.vault.azure.net/", "keyName": "else", "keyVersion": ""},
}
FOREIGN_STORAGE_KEY = {
    "keySource": "Microsoft.Keyvault",
    "keyvaultproperties": {"keyvaulturi": "https://kv-else.vault.azure.net", "keyname": "else", "keyversion": "0e15"},
}
FOREIGN_SCOPE_KEY = {
    "source": "Microsoft.KeyVault",
    "keyVaultProperties": {"keyUri": "https://kv-else.vault.azure.net/keys/else"},
}
STORAGE = "Microsoft.Storage/storageAccounts"
_OF_KEY = ("properties.encryption.keySource", "properties.encryption.keyvaultproperties.")
_OF_SCOPE = ("properties.source", "properties.keyVaultProperties.keyUri")
CHOSEN: dict[str, Any] = {
    "location": "northcentralus",
    "properties.kty": "RSA-HSM",
    "properties.keyOps": ["wrapKey", "unwrapKey", "sign"],
    "properties.rotationPolicy": {
        "attributes": {},
        "lifetimeActions": [{"trigger": {"timeAfterCreate": "P2Y"}, "action": {"type": "rotate"}}],
    },
    "properties.principalId": ELSEWHERE,
    "properties.encryption.keyVaultProperties.identityClientId": ELSEWHERE,
    "properties.encryption.services": {
        "blob": {"enabled": True, "keyType": "Account"},
        "file": {"enabled": False, "keyType": "Account"},
    },
    "properties.activeKey.keyUrl": FOREIGN_KEY_URI,
}
"""What another chooses where any other value would not do: Azure takes these, and so would a service."""

FOLLOWS = "properties.encryptionProtectorAutoRotation"
OF_SERVER = "server."
OF_VAULT = "properties.enable"
KEY_URL = "properties.activeKey.keyUrl"

DERIVED = {
    ("attach_ai_identity", "identity.userAssignedIdentities"): "what another has attached is attached: done already",
    ("register_server_key", "name"): "the address of a server key says all there is to it",
    ("register_server_key", "properties.serverKeyType"): "the same",
    ("assign_key_role", "properties.principalType"): "Azure knows what its principal is; nobody chooses it",
    ("assign_reader", "properties.principalType"): "the same",
    ("set_account_key", "documents with ids over 990 bytes"): "no resource says it: whoever accepts it answers for it",
}
"""(step, path): why nobody can change this beside the others of its resource."""


@dataclass(frozen=True)
class Hand:
    """One change by another.

    Attributes:
        step: the step whose line it is about.
        line: the line.
    """

    step: ReviewedStep
    line: ReviewedLine

    def __str__(self) -> str:
        """Return it in words."""
        where = (self.step.resource_id or "").rpartition("/")[2]
        return f"{self.step.kind} {where} {self.line.role} {self.line.path.rpartition('/')[2]}"

    @property
    def sort(self) -> tuple[str, str, str, str]:
        """Equal for lines of different resources that say the same."""
        return self.step.kind, self.step.action, self.line.role, self.line.path.partition("./")[0]

    def strike(self, stage: Stage) -> None:
        """Change the property, long enough ago for everybody to see it."""
        resource = ResourceId.parse(self.step.resource_id or "")
        if stage.azure.world.get(resource) is None:
            _create(stage, self.step)
        _change(stage, resource, self.line, [line.path for line in self.step.lines])
        stage.azure.advance(60)


def hands(review: Review, azure: EmbeddedAzure) -> Iterator[Hand]:
    """Yield a change for every line of *review* that somebody else can change: not of what has no address or no scope yet.

    Nor of an access policy for somebody who does not exist yet.
    """
    for step in review.steps:
        if step.resource_id is None or step.action == "keep":
            continue
        scope = ResourceId.parse(step.resource_id).scope
        if scope is not None and azure.world.get(scope) is None:
            continue
        body = azure.world.get(step.resource_id)
        for line in step.lines:
            known = (step.kind, line.path.partition("./")[0]) in DERIVED or _either_or(line, body)
            if line.path and "[]" not in line.path and not known:
                yield Hand(step, line)


def _either_or(line: ReviewedLine, body: dict[str, Any] | None) -> bool:
    """Say whether nobody could choose but what there is or what was reviewed.

    An identity is attached, or it is not; a database that has no protector of its own follows none.
    """
    if line.path == FOLLOWS and not at_path(body, "properties.encryptionProtector"):
        return True
    if line.path in ONE_OF:
        return not _left(line, at_path(body, line.path))
    name = line.path.removeprefix(ATTACHED)
    named = at_path(body, ATTACHED.rstrip(".")) or {}
    return line.path.startswith(ATTACHED) and line.before is None and name not in {one.lower() for one in named}


def distinct(found: Iterable[Hand]) -> list[Hand]:
    """Return the first of those hands whose lines say the same of different resources."""
    first: dict[tuple[str, ...], Hand] = {}
    for hand in found:
        first.setdefault(hand.sort, hand)
    return list(first.values())


def touched(review: Review, hand: Hand) -> set[str]:
    """Return the targets that *hand* concerns and that would change something."""
    changing = {step.id for step in review.steps if step.request is not None and step.action != "keep"}
    about = same_property(review, hand)
    return {
        target.id
        for target in review.targets
        if target.blocked is None and about & set(target.steps) and changing & set(target.steps)
    }


def same_property(review: Review, hand: Hand) -> set[str]:
    """Return the steps with a line about the very property of *hand*: its own, and those that look at it from elsewhere."""
    elsewhere = _elsewhere(hand.step, hand.line)
    about = elsewhere or _property(hand.step, hand.line)
    found = {
        step.id
        for step in review.steps
        for line in step.lines
        if _elsewhere(step, line) == about or (elsewhere is not None and _property(step, line) == about)
    }
    return {hand.step.id, *found}


def _property(step: ReviewedStep, line: ReviewedLine) -> tuple[str, str] | None:
    return (ResourceId.parse(step.resource_id).name.lower(), line.path) if step.resource_id is not None else None


def _elsewhere(step: ReviewedStep, line: ReviewedLine) -> tuple[str, str] | None:
    """Return the resource and the property that *line* looks at, where that is not its step's own."""
    if line.path.startswith(OF_SERVER) and step.resource_id is not None:
        return ResourceId.parse(step.resource_id).top_level.key, line.path
    name, _, vault = line.path.partition(" of ")
    return (vault.lower(), name) if vault and name.startswith(OF_VAULT) else None


def _create(stage: Stage, step: ReviewedStep) -> None:
    """Make the resource, as the review would have."""
    assert step.request is not None, f"{step.kind}: there is nothing to change"
    if step.kind == "create_disk_encryption_set":
        _make_set(stage, step)
        return
    request = Request("PUT", ResourceId.parse(step.resource_id or ""), step.request.body)
    connection = stage.azure.connection(SECOND)

    async def send() -> None:
        session = Session(connection, read_only=False)
        sent = await session.send(request, client_request_id=ELSEWHERE)
        ended = await session.wait(sent.operation, Estimate(1, 600)) if isinstance(sent, Started) else sent
        assert isinstance(ended, Accepted), f"{step.kind}: {ended}"

    connection.run(send)


def _make_set(stage: Stage, step: ReviewedStep) -> None:
    """Make an encryption set of the version that its key is to have: the review does not know it yet."""
    assert step.request is not None
    vault, _, key = str(next(line.after for line in step.lines if line.path == KEY_URL)).partition("/")
    sent = copy.deepcopy(step.request.body) or {}
    host = f"{vault}.{stage.azure.world.cloud.suffixes['vault']}"
    sent["properties"]["activeKey"]["keyUrl"] = f"https://{host}/keys/{key}/{ELSEWHERE.replace('-', '')}"
    sent["properties"]["provisioningState"] = "Succeeded"
    resource = ResourceId.parse(step.resource_id or "")
    stage.azure.world.apply([SetResource(resource, {**sent, "id": str(resource), "name": resource.name})])


def _change(stage: Stage, resource: ResourceId, line: ReviewedLine, named: Sequence[str]) -> None:
    """Change the property of *line*; *named*: the paths of all lines beside it, those of identities too."""
    world = stage.azure.world
    body = copy.deepcopy(world.get(resource)) or {}
    if line.path in OTHERWISE:
        world.apply(OTHERWISE[line.path](world, resource, body))
        return
    looked_at = _vault_of(world, line)
    if looked_at is not None:
        vault, name = looked_at
        shown = copy.deepcopy(world.get(vault)) or {}
        world.apply([SetResource(vault, merge_patch(shown, {"properties": {name: False}}))])
        return
    if line.path in ("failoverGroups", "replicationLinks"):
        _fail_over(world, resource)
        return
    if line.path.startswith("properties.encryption.") and resource.type == AI_ACCOUNT:
        _change_encryption(body, line)
    elif line.path.startswith("identity."):
        known = world.by_type(USER_ASSIGNED)
        theirs, shown = next((one for one in known if f"{ATTACHED}{one[0].key}" not in named), known[0])
        _change_identity(
            body,
            line,
            world.tenant(resource),
            {str(theirs): {name: shown["properties"][name] for name in ("principalId", "clientId")}},
            only_user_assigned=resource.is_type(DATABASE),
        )
    elif line.path == "properties.primaryUserAssignedIdentityId":
        foreign = FOREIGN_IDENTITY.format(resource.subscription)
        attached = {**(at_path(body, "identity.userAssignedIdentities") or {}), foreign: {}}
        body["identity"] = {"type": "UserAssigned", "userAssignedIdentities": attached}
        _lay(body, line.path, foreign)
    elif line.path in ("properties.serverKeyName", "properties.serverKeyType"):
        taken = line.path.endswith("Name") or line.before != "AzureKeyVault"
        kind, name = ("AzureKeyVault", FOREIGN_KEY_NAME) if taken else ("ServiceManaged", "ServiceManaged")
        patch = {"serverKeyType": kind, "serverKeyName": name, "uri": None}
        body = merge_patch(body, {"kind": kind.lower(), "properties": patch})
    elif resource.is_type(STORAGE) and line.path.startswith(_OF_KEY):
        body = merge_patch(body, {"properties": {"encryption": FOREIGN_STORAGE_KEY}})
    elif line.path in _OF_SCOPE:
        body = merge_patch(body, {"properties": FOREIGN_SCOPE_KEY})
    else:
        _lay(body, line.path, other(line, at_path(body, line.path)))
    world.apply([SetResource(resource, body)])


def _vault_of(world: World, line: ReviewedLine) -> tuple[ResourceId, str] | None:
    """Return the vault that *line* looks at, and the protection of it."""
    path, _, name = line.path.partition(" of ")
    if not name or not path.startswith(OF_VAULT):
        return None
    found = next(one for one, _ in world.by_type("Microsoft.KeyVault/vaults") if one.name.lower() == name.lower())
    return found, path.removeprefix("properties.")


def _fail_over(world: World, resource: ResourceId) -> None:
    """Swap the roles of the failover group that *resource*, a server or a managed instance, is in."""
    if resource.top_level.is_type(INSTANCE):
        group, event = world.by_type(INSTANCE_GROUP)[0][0], groups.FAILOVER
    else:
        group, event = world.children(resource.top_level, "failoverGroups")[0][0], FAILOVER
    world.schedule(Schedule(0.0, event, {"group": str(group)}))


def _change_identity(
    body: dict[str, Any], line: ReviewedLine, tenant: str, theirs: dict[str, Any], *, only_user_assigned: bool
) -> None:
    named = dict(at_path(body, "identity.userAssignedIdentities") or {})
    path = line.path.removeprefix("identity.userAssignedIdentities.")
    if path == line.path:
        kinds = {str(one).replace(" ", "").lower() for one in (line.before, line.after)}
        body["identity"] = {"type": "None"}
        if only_user_assigned:
            body["identity"] = {"type": "UserAssigned", "userAssignedIdentities": theirs}
        elif "systemassigned" not in kinds:
            body["identity"] = {"type": "SystemAssigned", "principalId": ELSEWHERE, "tenantId": tenant}
        elif "none" in kinds:
            body["identity"] = {"type": "UserAssigned", "userAssignedIdentities": theirs}
        return
    there = [key for key in named if key.lower() == path]
    for key in there:
        del named[key]
    if not there:
        named[path] = {}
    body["identity"] = {"type": "UserAssigned" if named else "None", "userAssignedIdentities": named}


def _change_encryption(body: dict[str, Any], line: ReviewedLine) -> None:
    """Change one member of an account's key; or, where that needs more than the member, give it a key of theirs."""
    platform = str(at_path(body, "properties.encryption.keySource")).lower() != "microsoft.keyvault"
    if platform or line.path.endswith("keySource"):
        body["properties"]["encryption"] = copy.deepcopy(FOREIGN_ENCRYPTION)
    else:
        _lay(body, line.path, other(line, at_path(body, line.path)))


def other(line: ReviewedLine, value: Any) -> Any:
    """Return another value than *value* for the property of *line*, and than the one it was to become."""
    if line.path == "properties.keySize":
        return next(size for size in (2048, 3072) if size not in (line.before, line.after))
    if line.path in CHOSEN:
        return CHOSEN[line.path]
    if line.path in ONE_OF:
        return _left(line, value)[0]
    seen = value if value is not None else line.after
    if isinstance(seen, bool):
        return not seen
    if isinstance(seen, int):
        return seen + 1
    assert isinstance(seen, str), f"how does somebody else change {line.path}, which is {seen!r}?"
    return f"{seen}-other"


def _left(line: ReviewedLine, value: Any) -> list[str]:
    """Return what Azure takes beside *value* and, where it is not there yet, beside what was reviewed."""
    return [one for one in ONE_OF[line.path] if one != value and (line.before == line.after or one != line.after)]


def _lay(body: dict[str, Any], path: str, value: Any) -> None:
    *above, last = path.split(".")
    for name in above:
        body = body.setdefault(name, {})
        assert isinstance(body, dict), f"{path} is no path of the body"
    body[last] = value
