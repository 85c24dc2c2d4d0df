"""What a provider declares of a data plane: whose hosts it answers for, and what a request to one is. Part of `declare`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmk_remediate.simulator.effects import Json
from cmk_remediate.simulator.facts import ArmError

if TYPE_CHECKING:
    # Both import this module; nobody evaluates the annotations.
    from cmk_remediate.simulator.declare import Reply  # noqa: TC004
    from cmk_remediate.simulator.world import World  # noqa: TC004


@dataclass(frozen=True)
class DataRequest:
    """A request to a data-plane host, its token already checked.

    Attributes:
        method: the HTTP method.
        host: the whole host name, lower case (``kv-orders.vault.azure.net``).
        path: the path, without a leading slash, segments decoded.
        query: query parameters, names in lower case.
        sent: the JSON body, or an empty object.
        caller: the object id of who asks; empty when the request had no usable token.
        world: the state of Azure.
    """

    method: str
    host: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    sent: Json
    caller: str
    world: World


@dataclass(frozen=True)
class DataPlane:
    """A data plane: the hosts below a suffix.

    Attributes:
        suffix: the key of `settings.CLOUDS[cloud]` that names the host suffix (``vault``).
        exists: whether a host exists (a request to one that does not is a connection error): (host, world) -> bool.
        audience: the scope its tokens are for, told in the 401 challenge (``https://vault.azure.net``); keyed by cloud.
        answer: answers a request; changes it returns are applied.
        challenge: the body of the 401 for a request without a token.
    """

    suffix: str
    exists: Callable[[str, World], bool]
    audience: Mapping[str, str]
    answer: Callable[[DataRequest], Reply | ArmError]
    challenge: Json
