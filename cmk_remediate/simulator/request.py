"""A request to Azure Resource Manager, its caller known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from cmk_remediate.simulator import access
from cmk_remediate.simulator.declare import ArmError, Json
from cmk_remediate.simulator.wire import Incoming

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.world import World  # noqa: TC004 - world imports access; nobody evaluates the annotations


class Refusal(Exception):  # noqa: N818 - it is an answer, not a fault
    """Ends the handling of a request with an error envelope.

    Attributes:
        error: what is answered.
    """

    def __init__(self, error: ArmError) -> None:
        """Carry *error*."""
        self.error = error
        super().__init__(error.code)


@dataclass(frozen=True)
class ArmRequest:
    """A request and what is known of it.

    Attributes:
        incoming: the request.
        caller: the object id of who asks.
        world: the state of Azure.
        api_version: the api-version asked for.
    """

    incoming: Incoming
    caller: str
    world: World
    api_version: str

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.incoming.method

    @cached_property
    def sent(self) -> Json:
        """The JSON body.

        Raises:
            Refusal: it is not a JSON object.
        """
        if self.incoming.sent is None:
            text = "The request content was invalid and could not be deserialized."
            raise Refusal(ArmError(400, "InvalidRequestContent", text, "unconfirmed"))
        return self.incoming.sent

    def need(self, action: str, scope: ResourceId, attributes: Mapping[str, str] | None = None) -> None:
        """Refuse a caller who may not do *action* at *scope*."""
        denied = access.decide(self.world, self.caller, action, scope, attributes=attributes)
        if denied is not None:
            raise Refusal(denied)

    def need_version(self, kind: str, versions: tuple[str, ...]) -> None:
        """Refuse an api-version that the type does not answer."""
        if self.api_version.lower() not in {one.lower() for one in versions}:
            raise Refusal(
                ArmError(
                    400,
                    "NoRegisteredProviderFound",
                    f"No registered resource provider found for location '' and API version '{self.api_version}' for type "
                    f"'{kind}'. The supported api-versions are '{', '.join(versions)}'. The supported locations are ''.",
                    "learn.microsoft.com: Resolve errors for resource provider registration",
                )
            )


def not_found(resource: ResourceId) -> ArmError:
    """Return the 404 of a resource that does not exist."""
    group = f" under resource group '{resource.resource_group}'" if resource.resource_group else ""
    namespace, *kinds = resource.type.split("/")
    shown = "/".join([namespace, *(f"{kind}/{name}" for kind, name in zip(kinds, resource.names, strict=False))])
    return ArmError(
        404,
        "ResourceNotFound",
        f"The Resource '{shown}'{group} was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
        "learn.microsoft.com: Resolve errors for resource not found",
    )


def group_not_found(resource: ResourceId) -> ArmError:
    """Return the 404 of a resource group that does not exist."""
    return ArmError(
        404,
        "ResourceGroupNotFound",
        f"Resource group '{resource.resource_group}' could not be found.",
        "learn.microsoft.com: Resolve errors for resource not found",
    )


def parent_not_found(resource: ResourceId, operation: str) -> ArmError:
    """Return the 404 of a child whose parent does not exist."""
    parent = resource.parent or resource.group_id
    return ArmError(
        404,
        "ParentResourceNotFound",
        f"Failed to perform '{operation}' on resource(s) of type '{resource.type.split('/', 1)[1]}', because the parent resource "
        f"'{parent}' could not be found.",
        "learn.microsoft.com: Resolve errors for parent resource not found",
    )


def subscription_not_found(subscription: str) -> ArmError:
    """Return the 404 of a subscription that does not exist."""
    return ArmError(
        404, "SubscriptionNotFound", f"The subscription '{subscription}' could not be found.", "unconfirmed"
    )  # fmt: skip
