"""What a provider of the embedded Azure declares: data and pure functions, never a request handler.

The engine (`arm`, `operations`, `access`, ...) does everything general, and declares for itself what every subscription has:
groups, tags, policy, and all of ``Microsoft.Authorization`` but ``roleAssignments``. All other types are declared by packages in
`providers`, each with a `Provider` value (a namespace may have several). Functions that get a `World` read it and return what is
to change (`Change` values); a `World` hands out the bodies it keeps, not copies: functions build new dictionaries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator.consumers import CURRENT, Consumer, KeyUse
from cmk_remediate.simulator.data_planes import DataPlane, DataRequest
from cmk_remediate.simulator.effects import (
    Begin,
    Cancel,
    Change,
    Changes,
    Json,
    RemoveResource,
    Say,
    Schedule,
    SetHidden,
    SetPrincipal,
    SetResource,
)
from cmk_remediate.simulator.facts import UNCONFIRMED, ArmError, Doubt, RoleDefinition, Switch

if TYPE_CHECKING:
    from cmk_remediate.simulator.world import World  # noqa: TC004 - world imports this module; nobody evaluates the annotations

__all__ = [
    "CURRENT",
    "GONE",
    "SYNC",
    "UNCONFIRMED",
    "Action",
    "Answer",
    "ArmError",
    "Begin",
    "Cancel",
    "Change",
    "Changes",
    "Child",
    "Consumer",
    "DataPlane",
    "DataRequest",
    "Doubt",
    "Event",
    "Json",
    "KeyUse",
    "LongRunning",
    "Provider",
    "RemoveResource",
    "Reply",
    "ResourceType",
    "RoleDefinition",
    "Rule",
    "Say",
    "Schedule",
    "SetHidden",
    "SetPrincipal",
    "SetResource",
    "Switch",
    "Verb",
    "Write",
]

Verb = Literal["GET", "LIST", "HEAD", "PUT", "PATCH", "DELETE"]
"""What can be asked of a resource type; LIST is a GET of the collection."""


@dataclass(frozen=True)
class Write:
    """One write, as rules, consequences and `prepare` see it.

    Attributes:
        id: the resource, spelled as it is kept.
        method: ``PUT``, ``PATCH``, ``DELETE`` or ``POST``.
        old: the resource as kept before, or None where it does not exist.
        new: the resource as it would be kept after (merged, defaults filled, read-only members taken from *old*); None for
            DELETE; for POST the same as *old*.
        sent: the request's JSON body as it came, or an empty object.
        caller: the object id of who asks.
        api_version: the request's api-version.
        world: the state of Azure before this write.
        action: the action's name for POST, else empty.
        query: the request's query parameters, names in lower case.
    """

    id: ResourceId
    method: str
    old: Json | None
    new: Json | None
    sent: Json
    caller: str
    api_version: str
    world: World
    action: str = ""
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def creates(self) -> bool:
        """Whether the resource does not exist yet."""
        return self.old is None


@dataclass(frozen=True)
class Rule:
    """A condition under which Azure refuses a write.

    Attributes:
        check: returns the refusal, or None.
        arrives: ``reply``: the first answer is the error. ``operation``: the write is accepted and its operation FAILS with
            it (judged when the operation starts; nothing has changed when it ends). A `Doubt` with the readings
            ``reply`` and ``operation`` leaves it open.
        verbs: the methods it is asked for.
        actions: for ``POST`` in *verbs*: the actions' names; empty for all.
    """

    check: Callable[[Write], ArmError | None]
    arrives: Literal["reply", "operation"] | Doubt = "reply"
    verbs: frozenset[str] = frozenset({"PUT", "PATCH"})
    actions: frozenset[str] = frozenset()


@dataclass(frozen=True)
class LongRunning:
    """How a type's operations look.

    Attributes:
        name: the ``operation`` member of a 202's body (``UpsertServerEncryptionProtector``); empty for no such body.
        seconds: how long it takes: a number, or a range drawn by seed.
        path: where its status is read, below the provider's namespace at the resource group (or subscription), with
            ``{location}``, ``{name}`` and ``{id}`` filled in: ``locations/{location}/serverKeyAzureAsyncOperation/{id}``. With a
            leading slash: below the subscription itself.
        result_path: where Location points; empty means the status path.
        style: which headers the first answer has; ``resource``: both, Location with the resource's own address.
        under: where the status URL lives: the resource group's or the subscription's ``providers/{namespace}``.
        result_under: the same for *result_path*; empty means as *under*.
        visible: whether a GET shows the new body ``before`` or only ``after`` the operation's end; a `Doubt` with these two
            readings leaves it open. A DELETE is visible at the end.
        retry_after: seconds for the Retry-After header of 202 and of running polls; None for no such header.
        retry_on: which polls have that header, too: the ``running`` ones, ``all`` or ``none``.
        end_all_along: whether polls of a running one show an endTime, too: the moment of its last change.
        shows: what the body of a poll has beside an error: of ``id``, ``name``, ``status``, ``startTime``, ``endTime`` and
            ``output``: ``properties.output``, the resource once a write of it has succeeded.
        gone: the status of a Location poll for which there is no resource to answer.
        result: what a Location poll answers: the ``resource`` once it is done, or a ``status`` with
            ``createdDateTime``, all along.
        running: the statuses a running operation goes through, each for an equal share of its time.
        states: the values of ``properties.provisioningState`` while creating and while changing; empty texts leave the
            property alone (types that have none).
        settles: seconds between the operation's end and the moment ``provisioningState`` (or *settle_path*) follows.
        settle_path: the dotted path that shows *states*; some services have another one (``properties.resourceState``).
        final: the value there once settled.
        fails: what a failed operation leaves at which paths, beside the former body.
        tells: how the status of a failed one says why: the ``error`` itself, an ``envelope`` with a member ``error``, ``nothing``.
        read_action: the action a poll needs at the scope of its URL; empty means the namespace, the literal parts of *path*
            and ``read``: ``Microsoft.Sql/locations/serverKeyAzureAsyncOperation/read``.
    """

    name: str = ""
    seconds: float | tuple[float, float] = 60.0
    path: str = "locations/{location}/operationStatuses/{id}"
    result_path: str = ""
    style: Literal["both", "azure-async", "location", "resource"] = "both"
    under: Literal["group", "subscription"] = "group"
    result_under: Literal["", "group", "subscription"] = ""
    visible: Literal["before", "after"] | Doubt = "after"
    retry_after: int | None = 15
    retry_on: Literal["running", "all", "none"] = "running"
    end_all_along: bool = False
    shows: tuple[str, ...] = ("id", "name", "status", "startTime", "endTime")
    gone: int = 204
    result: Literal["resource", "status"] = "resource"
    running: tuple[str, ...] = ("InProgress",)
    states: tuple[str, str] = ("", "")
    settles: float = 0.0
    settle_path: str = "properties.provisioningState"
    final: str = "Succeeded"
    fails: tuple[tuple[str, str], ...] = ()
    tells: Literal["error", "envelope", "nothing"] | Doubt = "error"
    read_action: str = ""


@dataclass(frozen=True)
class Answer:
    """How a verb is answered when nothing refuses it.

    Attributes:
        status: for an existing resource.
        created: for a new one; 0 means as *status*.
        absent: for a DELETE of nothing.
        body: ``resource``, ``operation`` (``{operation, startTime}``), ``none``, ``done``: the resource where no operation is
            started, else none, or ``sent``: what was sent with the state of the operation that it starts.
        operation: the operation it starts, or None for one that is done when it is answered; a function where that depends on
            the write, as it would be kept.
        location: whether the answer for a new resource has a Location header with its id.
    """

    status: int = 200
    created: int = 0
    absent: int = 204
    body: Literal["resource", "operation", "none", "done", "sent"] = "resource"
    operation: LongRunning | Callable[[Write], LongRunning | None] | None = None
    location: bool = False

    def started(self, write: Write) -> LongRunning | None:
        """Return the operation that *write* starts, or None."""
        return self.operation(write) if callable(self.operation) else self.operation


SYNC = Answer(status=200)
"""Answered at once with the resource."""

GONE = Answer(status=200, absent=204, body="none")
"""A DELETE done at once."""


@dataclass(frozen=True)
class Child:
    """A child every resource of a type has without anybody creating it.

    Attributes:
        type: the last segment of its type (``encryptionProtector``).
        name: its name (``current``).
        body: its body, from the parent's id and body and the world; without id, name and type. None for a parent that has
            no such child.
    """

    type: str
    name: str
    body: Callable[[ResourceId, Json, World], Json | None]


@dataclass(frozen=True)
class Reply:
    """What an action (POST) or a data-plane request answers.

    Attributes:
        status: the HTTP status.
        body: the JSON body, or None for an empty one.
        changes: what it does to the world.
        operation: the operation it starts; *changes* then happen at its end.
        headers: further headers.
    """

    status: int = 200
    body: Json | None = None
    changes: tuple[Change, ...] = ()
    operation: LongRunning | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Action:
    """A POST on a resource, or on its collection's parent.

    Attributes:
        name: the last segment of the URL (``revalidate``).
        answer: what happens; a Write with the action's name, ``old`` and ``new`` both the resource.
        permission: the action it needs; empty means ``{type}/{name}/action``.
        reads_only: whether it changes nothing: locks do not stop it and it counts as a read.
        at: on the ``resource``, on its ``group`` or on its ``subscription`` (``checkNameAvailability``).
    """

    name: str
    answer: Callable[[Write], Reply | ArmError]
    permission: str = ""
    reads_only: bool = False
    at: Literal["resource", "group", "subscription"] = "resource"


@dataclass(frozen=True)
class ResourceType:
    """One type of resource.

    Paths are dotted (``properties.networkAcls.ipRules``); ``*`` stands for any one member.

    Attributes:
        type: the full type, spelled as Azure spells it (``Microsoft.Sql/servers/keys``).
        api_versions: every api-version it answers.
        answers: how each verb is answered; a verb that is absent is not allowed (405). GET, HEAD and LIST need only be named.
        read_only: paths a client cannot set: dropped from what is sent, kept from what was.
        create_only: paths only the creating PUT sets: what a later PATCH or PUT says there is dropped.
        kept: paths that a PUT without them leaves as they were (all others it resets to their default).
        defaults: what a body has where nothing was sent: merged below it, on PUT only.
        replaced: paths that a PATCH replaces instead of merging (RFC 7396 merges objects and replaces lists).
        merge: how a PATCH is merged, where *replaced* cannot say it: (old, sent, world) -> new.
        prepare: fills in what the service makes itself (thumbprints, URIs): returns the body to keep.
        rules: conditions under which a write is refused, in order; asked with the body that *prepare* returned.
        read_rules: conditions under which a GET is refused: (id, body, world) -> refusal.
        on_write: what else changes once the write has taken effect.
        on_read: the body as a GET or LIST shows it (never *old* itself changed).
        since: by dotted path, the date of the api-version from which on answers show a property.
        only_in: members that only some api-versions show, as path -> api-versions.
        on_missing: another error than 404 ``ResourceNotFound`` for a GET of nothing: (id, world) -> refusal.
        children: what every resource of the type has.
        actions: the POSTs it knows.
        permissions: the action a verb needs where it is not ``{type}/read``, ``/write`` or ``/delete``.
        also_needs: further (action, scope) pairs a write needs; attaching identities is asked for by the engine.
        tracked: whether it has location and tags and is listed among a group's resources.
        extension: whether it may hang below any scope (``{scope}/providers/{type}/{name}``).
        system_data: whether bodies show ``systemData``.
        identity: whether it can have managed identities: the engine makes the principals and fills in the ids.
        trusted: whether it gets through a vault's ``bypass: AzureServices``; a `Doubt` with the readings ``trusted`` and
            ``untrusted`` leaves it open.
        list_filter: answers ``$filter``: (item, filter, world, scope of the list) -> whether it is in.
        list_under: for a child or a provider-level list: which of the resources below *scope* a LIST at it shows;
            None means the children of that type, or those of the group or subscription. (scope, world) -> ids.
        listed: what a LIST answers where its items are no resources: (scope, world) -> items.
        expands: by value of ``$expand``, the paths that only an answer to a request with it shows.
        page: the number of items on a page of a LIST.
    """

    type: str
    api_versions: tuple[str, ...]
    answers: Mapping[str, Answer]
    read_only: tuple[str, ...] = ()
    create_only: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    defaults: Json = field(default_factory=dict)
    replaced: tuple[str, ...] = ()
    merge: Callable[[Json, Json, World], Json] | None = None
    prepare: Callable[[Write], Json] | None = None
    rules: tuple[Rule, ...] = ()
    read_rules: tuple[Callable[[ResourceId, Json, World], ArmError | None], ...] = ()
    on_write: tuple[Callable[[Write], Changes], ...] = ()
    on_read: Callable[[ResourceId, Json, World], Json] | None = None
    since: Mapping[str, str] = field(default_factory=dict)
    only_in: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    on_missing: Callable[[ResourceId, World], ArmError | None] | None = None
    children: tuple[Child, ...] = ()
    actions: tuple[Action, ...] = ()
    permissions: Mapping[str, str] = field(default_factory=dict)
    also_needs: Callable[[Write], Iterable[tuple[str, ResourceId]]] | None = None
    tracked: bool = True
    extension: bool = False
    system_data: bool = False
    identity: bool = False
    trusted: bool | Doubt = False
    list_filter: Callable[[Json, str, World, ResourceId], bool] | None = None
    list_under: Callable[[ResourceId, World], Iterable[ResourceId]] | None = None
    listed: Callable[[ResourceId, World], list[Any]] | None = None
    expands: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    page: int = 100


@dataclass(frozen=True)
class Event:
    """Something that happens when a timer is due.

    Attributes:
        name: unique among all providers (``sql.database-inaccessible``).
        run: what it does, given the world and the timer's data. It schedules itself again where it recurs.
    """

    name: str
    run: Callable[[World, Json], Changes]


@dataclass(frozen=True)
class Provider:
    """One resource provider.

    Attributes:
        namespace: ``Microsoft.Sql``.
        types: its resource types.
        events: what its timers run.
        roles: built-in roles that belong to it.
        doubts: its open questions.
        switches: what of it can be turned off.
        data_planes: its data planes.
        consumers: which of its types use customer-managed keys.
        seed: runs once on a fresh estate, after all resources are loaded and their children supplied: starts the clocks
            (rotation, backups) and completes bodies. (world) -> changes.
    """

    namespace: str
    types: tuple[ResourceType, ...]
    events: tuple[Event, ...] = ()
    roles: tuple[RoleDefinition, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    switches: tuple[Switch, ...] = ()
    data_planes: tuple[DataPlane, ...] = ()
    consumers: tuple[Consumer, ...] = ()
    seed: Callable[[World], Changes] | None = None
