"""Azure Resource Manager: who asks, may they ask now, and which part answers."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator import containers, operations, resources, rights, throttle, tokens, writes
from cmk_remediate.simulator.builtin import GROUPS, PERMISSIONS, ROLE_DEFINITIONS
from cmk_remediate.simulator.declare import Action, ArmError, ResourceType
from cmk_remediate.simulator.request import ArmRequest, Refusal, subscription_not_found
from cmk_remediate.simulator.resourcegraph import answer as resourcegraph
from cmk_remediate.simulator.wire import Incoming, Outgoing, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cmk_remediate.simulator.world import World

_MISSING_VERSION = ArmError(
    400,
    "MissingApiVersionParameter",
    "The api-version query parameter (?api-version=) is required for all requests.",
    "learn.microsoft.com: Azure REST API reference",
)

_DESCENDANTS = ["microsoft.management", "managementgroups", "descendants"]
_QUESTIONS: Mapping[str, Callable[[ArmRequest, ResourceId], Outgoing]] = {
    "microsoft.policyinsights/checkpolicyrestrictions": rights.policy_restrictions,
    "microsoft.resourcegraph/resources": resourcegraph.answer,
}
"""POSTs of no resource type that change nothing."""


def only_asks(incoming: Incoming) -> bool:
    """Say whether a request changes nothing by its nature, however it is answered."""
    asked = incoming.path.lower().rpartition("/providers/")[2].rstrip("/")
    return incoming.method in ("GET", "HEAD") or (incoming.method == "POST" and asked in _QUESTIONS)


def answer(world: World, incoming: Incoming) -> tuple[Outgoing, str]:
    """Answer a request to Azure Resource Manager; also returns the caller's object id, empty for none."""
    claims, refusal = authenticated(world, incoming, world.cloud.arm_audiences)
    if claims is None or refusal is not None:
        return _challenge(world, refusal), ""
    caller = claims.object_id
    version = incoming.query.get("api-version", "")
    if not version:
        return refused(_MISSING_VERSION), caller
    parts = incoming.path.split("/")
    subscription = parts[2] if len(parts) > 2 and parts[1].lower() == "subscriptions" else ""  # noqa: PLR2004
    kind = throttle.kind_of(incoming.method)
    left, throttled = throttle.take(world, caller, subscription or "tenant", kind)
    if throttled is not None:
        return _rated(refused(throttled), kind, left), caller
    request = ArmRequest(incoming, caller, world, version)
    if subscription and world.get(f"/subscriptions/{subscription}") is None:
        return _rated(refused(subscription_not_found(subscription)), kind, left), caller
    try:
        given = _route(request)
    except Refusal as refusal_:
        given = refused(refusal_.error)
    return _rated(given, kind, left), caller


def authenticated(
    world: World, incoming: Incoming, audiences: tuple[str, ...]
) -> tuple[tokens.Claims | None, ArmError | None]:
    """Return who asks; or the error of a token that is missing, foreign, for another audience or expired."""
    source = "learn.microsoft.com: Troubleshoot Azure Resource Manager errors"
    scheme, _, token = incoming.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return None, ArmError(
            401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.", source
        )
    claims = tokens.read(token)
    if claims is None:
        return None, ArmError(401, "InvalidAuthenticationToken", "The access token is invalid.", source)
    if claims.audience.rstrip("/") not in {one.rstrip("/") for one in audiences}:
        text = f"The access token has been obtained for wrong audience or resource '{claims.audience}'."
        return None, ArmError(401, "InvalidAuthenticationTokenAudience", text, source)
    if claims.expires and world.stamp >= claims.expires:
        return claims, ArmError(401, "ExpiredAuthenticationToken", "The access token has expired.", source)
    return claims, None


def _challenge(world: World, error: ArmError | None) -> Outgoing:
    error = error or ArmError(401, "AuthenticationFailed", "Authentication failed.", "unconfirmed")
    given = refused(error)
    tenant = next((str(body["tenantId"]) for _, body in world.by_type(containers.SUBSCRIPTIONS)), "common")
    said = f'Bearer authorization_uri="https://{world.cloud.login}/{tenant}", error="invalid_token"'
    if error.code == "ExpiredAuthenticationToken":
        claims = base64.b64encode(b'{"access_token":{"nbf":{"essential":true}}}').decode()
        said = f'Bearer authorization_uri="https://{world.cloud.login}/{tenant}", error="insufficient_claims", claims="{claims}"'
    given.headers["WWW-Authenticate"] = said
    return given


def _rated(given: Outgoing, kind: throttle.Kind, left: int) -> Outgoing:
    given.headers[f"x-ms-ratelimit-remaining-subscription-{kind}"] = str(left)
    return given


def _route(request: ArmRequest) -> Outgoing:
    path = request.incoming.path
    if request.method == "GET":
        world = request.world
        polled = operations.poll(world, path, request.caller, lambda one, body: resources.view(world, one, body))
        if polled is not None:
            return polled
    parts = path.split("/")
    lower = path.lower().split("/")
    if "providers" not in lower[1:]:
        return _container(request, parts, lower)
    at = len(lower) - 1 - lower[::-1].index("providers")
    scope, tail = ResourceId("/".join(parts[:at])), parts[at + 1 :]
    if len(tail) <= 1:
        return containers.provider(request, scope, tail[0]) if tail else containers.providers(request, scope)
    if request.method == "POST":
        return _post(request, scope, tail)
    if [one.lower() for one in tail[:2]] == ["microsoft.resources", "tags"]:
        return containers.tags(request, scope)
    if [one.lower() for one in (tail[0], tail[1], tail[-1])] == _DESCENDANTS:
        return containers.descendants(request, ResourceId(path.rpartition("/")[0]))
    declared = _declared(request, "/".join([tail[0], *tail[1::2]]), tail[0])
    if len(tail) % 2 == 0:
        return _collection(request, scope, tail, declared)
    return _resource(request, ResourceId("/".join([*parts[: at + 1], tail[0], *_typed(tail, declared)])), declared)


def _typed(tail: list[str], declared: ResourceType) -> list[str]:
    """Return type and name segments, the types spelled as Azure spells them."""
    kinds = declared.type.split("/")[1:]
    return [kinds[index // 2] if index % 2 == 0 else part for index, part in enumerate(tail[1:])]


def _declared(request: ArmRequest, kind: str, namespace: str) -> ResourceType:
    declared = request.world.registry.types.get(kind.lower())
    if declared is None:
        known = namespace.lower() in request.world.registry.namespaces
        code = "InvalidResourceType" if known else "InvalidResourceNamespace"
        what = (
            f"type '{kind}' could not be found in the namespace '{namespace}'"
            if known
            else f"namespace '{namespace}' is invalid"
        )
        raise Refusal(ArmError(404, code, f"The resource {what}.", "unconfirmed"))
    request.need_version(declared.type, declared.api_versions)
    return declared


def _container(request: ArmRequest, parts: list[str], lower: list[str]) -> Outgoing:
    """Route what has no provider in its path."""
    if lower[1:] == ["subscriptions"]:
        return containers.subscriptions(request)
    if lower[1:] == ["tenants"]:
        return containers.tenants(request)
    if lower[1] == "subscriptions":
        scope = ResourceId("/".join(parts))
        rest = lower[3:]
        if not rest:
            return containers.subscription(request, scope)
        if rest in (["resourcegroups"], ["resources"]) or (rest[0] == "resourcegroups" and rest[2:] == ["resources"]):
            head = ResourceId("/".join(parts[:-1]))
            return (
                containers.groups(request, head)
                if rest == ["resourcegroups"]
                else containers.all_resources(request, head)
            )
        if rest[0] == "resourcegroups" and len(rest) == 2:  # noqa: PLR2004
            request.need_version("resourceGroups", GROUPS.api_versions)
            return _resource(request, scope, GROUPS)
    text = f"The request URI '{request.incoming.path}' is invalid."
    raise Refusal(ArmError(404, "InvalidRequestUri", text, "unconfirmed"))


def _collection(request: ArmRequest, scope: ResourceId, tail: list[str], declared: ResourceType) -> Outgoing:
    if request.method != "GET" or "LIST" not in declared.answers:
        raise Refusal(_not_allowed(request, declared.type))
    if declared is PERMISSIONS:
        return rights.permissions(request, scope)
    if declared is ROLE_DEFINITIONS:
        return rights.role_definitions(request, scope)
    middle = _typed(tail, declared)[:-1]
    parent = ResourceId("/".join([scope.text, "providers", tail[0], *middle])) if middle else scope
    return resources.collection(request, request.world.spelled(parent), declared)


def _resource(request: ArmRequest, resource: ResourceId, declared: ResourceType) -> Outgoing:
    method = request.method
    answers = declared.answers
    if method not in answers:
        raise Refusal(_not_allowed(request, declared.type))
    if method in ("GET", "HEAD"):
        if declared is ROLE_DEFINITIONS:
            return rights.role_definition(request, resource)
        found = resources.get(request, resource, declared)
        return found if method == "GET" else Outgoing(answers["HEAD"].status, None, read=True)
    containers.need_registered(request.world, resource)
    if method == "DELETE":
        return writes.delete(request, resource, declared, answers["DELETE"])
    return writes.put(request, resource, declared, answers["PUT" if method == "PUT" else "PATCH"])


def _post(request: ArmRequest, scope: ResourceId, tail: list[str]) -> Outgoing:
    """Route an action: on a resource, or on a group or subscription."""
    name = tail[-1].lower()
    if len(tail) == 2:  # noqa: PLR2004
        if name in ("register", "unregister"):
            return containers.provider(request, scope, tail[0], name)
        question = _QUESTIONS.get(f"{tail[0]}/{name}".lower())
        if question is not None:
            return question(request, scope)
        for declared, action in _wide_actions(request, tail[0]):
            if action.name.lower() == name:
                request.need_version(declared.type, declared.api_versions)
                return writes.post(request, scope, declared, action)
    elif len(tail) % 2 == 0:
        declared = _declared(request, "/".join([tail[0], *tail[1:-1:2]]), tail[0])
        resource = ResourceId("/".join([scope.text, "providers", tail[0], *_typed(tail[:-1], declared)]))
        for action in declared.actions:
            if action.at == "resource" and action.name.lower() == name:
                if not action.reads_only:
                    containers.need_registered(request.world, resource)
                return writes.post(request, resource, declared, action)
    text = f"The resource type or action '{tail[-1]}' could not be found in the namespace '{tail[0]}'."
    raise Refusal(ArmError(404, "InvalidResourceType", text, "unconfirmed"))


def _wide_actions(request: ArmRequest, namespace: str) -> Iterator[tuple[ResourceType, Action]]:
    """Go through a namespace's actions on groups and subscriptions."""
    for kind, declared in request.world.registry.types.items():
        if kind.startswith(namespace.lower() + "/"):
            yield from ((declared, action) for action in declared.actions if action.at != "resource")


def _not_allowed(request: ArmRequest, kind: str) -> ArmError:
    text = f"The requested resource of type '{kind}' does not support http method '{request.method}'."
    return ArmError(405, "MethodNotAllowed", text, "unconfirmed")
