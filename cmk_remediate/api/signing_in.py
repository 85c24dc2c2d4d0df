"""Sessions: whom a plan or a review lets us ask, and nobody else."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.connection import Session
from cmk_remediate.errors import InputError
from cmk_remediate.model.ids import ResourceId

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cmk_remediate.model.protocols import Connection
    from cmk_remediate.model.review import Review, ReviewedStep

_VAULT = re.compile(
    r"^/subscriptions/[^/\s]+/resourceGroups/[^/\s]+/providers/Microsoft\.KeyVault/vaults/[a-z0-9-]+", re.IGNORECASE
)

_SUBSCRIPTION = re.compile(r"/subscriptions/([^/\s\"]+)")


async def sign_in(connection: Connection, cloud: str, tenant: str, content: Any, *, read_only: bool) -> Session:
    """Return a session that may ask the vaults named in *content*.

    What asks in the name of a review uses `sign_in_for`.

    Raises:
        InputError: CMK104 when cloud or tenant are not those of the connection, CMK105 when the credential gives no token.
    """
    check_cloud(cloud, connection)
    session = Session(connection, read_only=read_only, vaults=vaults_of(content))
    await _check_tenant(session, tenant)
    return session


async def sign_in_for(review: Review, connection: Connection, *, read_only: bool) -> Session:
    """Return a session that asks nothing but the subscriptions *review* shows, and the vaults in them.

    What is in a step's parameters alone is not shown: it opens nothing.

    Raises:
        InputError: as `sign_in`.
    """
    check_cloud(review.cloud, connection)
    subscriptions = frozenset(_SUBSCRIPTION.findall(" ".join(_shown(review)).lower()))
    vaults = [vault for vault in vaults_of(named_in(review)) if vault.subscription.lower() in subscriptions]
    session = Session(connection, read_only=read_only, vaults=vaults, subscriptions=subscriptions)
    await _check_tenant(session, review.tenant)
    return session


def _shown(review: Review) -> Iterator[str]:
    """Yield the resource ids that a reader of *review* sees; of what is only looked at, by the permissions it takes."""
    yield json.dumps(review.plan.content)
    yield from (target.id for target in review.targets)
    yield from (step.resource_id for step in review.steps if step.resource_id)
    yield from (need.scope for step in review.steps for need in step.permissions)


async def _check_tenant(session: Session, tenant: str) -> None:
    signed_in = await session.tenant()
    if signed_in and signed_in.lower() != tenant.lower():
        raise InputError(codes.input_.TENANT_MISMATCH, f"signed in to tenant {signed_in}, the plan is for {tenant}")


def check_cloud(cloud: str, connection: Connection) -> None:
    """Refuse a plan or review for another cloud than the connection's.

    Raises:
        InputError: CMK104.
    """
    if cloud != connection.cloud:
        cause = f"the plan is for {cloud}, the connection for {connection.cloud}"
        raise InputError(codes.input_.TENANT_MISMATCH, cause)


def named_in(review: Review) -> list[Any]:
    """Return everything in *review* that names the vaults its steps are about."""
    return naming(review.plan.content, review.steps)


def naming(content: Any, steps: Sequence[ReviewedStep]) -> list[Any]:
    """Return what of a plan's *content* and of *steps* names vaults."""
    return [content, [step.resource_id for step in steps], [step.params for step in steps]]


def vaults_of(content: Any) -> tuple[ResourceId, ...]:
    """Return all vaults whose resource ids, or those of their keys, stand anywhere in the JSON-like *content*."""
    found: dict[ResourceId, None] = {}

    def look(value: Any) -> None:
        if isinstance(value, str):
            found.update({ResourceId.parse(text): None for text in _VAULT.findall(value)})
        elif isinstance(value, Mapping):
            for item in value.values():
                look(item)
        elif isinstance(value, (list, tuple)):
            for item in value:
                look(item)

    look(content)
    return tuple(found)
