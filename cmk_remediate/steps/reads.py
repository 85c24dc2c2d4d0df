"""What the shared steps ask Azure beside their own resource: rows of the connection's catalog.

The vault's own endpoint (the data plane) may be out of reach, or closed to the caller. Its reads then answer
``{"unreachable": true}`` instead of failing: who asks must be right without the answer. So with a search over many resources,
which answers ``{"notSearched": why}``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmk_remediate.model.decisions import Read, unreachable
from cmk_remediate.model.json_types import at_path, canonical

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId


_MOST_ROWS = 1000
"""A page (learn.microsoft.com, "Working with large Azure resource data sets")."""


def deleted_key(key: ResourceId) -> Read:
    """Return the look-up of *key* among the vault's deleted keys (data plane: ``GET /deletedkeys/{name}``)."""
    return Read(key, "deleted-get")


def deleted_vaults(vault: ResourceId) -> Read:
    """Return the list of deleted vaults of *vault*'s subscription (SDK ``vaults.list_deleted``)."""
    return Read(vault.subscription_id, "list:deletedVaults")


def rotation_policy(key: ResourceId) -> Read:
    """Return the read of *key*'s rotation policy (data plane: ``GET /keys/{name}/rotationpolicy``)."""
    return Read(key, "rotation-policy-get")


def role_assignments(scope: ResourceId, principal_id: str = "") -> Read:
    """Return the list of role assignments that count at *scope*, inherited ones among them; of one principal if given.

    The filter is ``principalId eq``, which Azure answers with assignments at, above and below the scope
    (SDK ``role_assignments.list_for_scope``).
    """
    query = (("filter", f"principalId eq '{principal_id}'"),) if principal_id else ()
    return Read(scope, "list:roleAssignments", query)


def is_unreachable(answer: Any) -> bool:
    """Say whether *answer* means that the vault's own endpoint could not be asked."""
    return bool(answer == unreachable())


def resources_naming(vault: ResourceId) -> Read:
    """Return the search for resources, of any service and subscription, whose properties name *vault*'s URI.

    It answers with rows of ``id`` and ``type``, the vault itself among them. A vault's name is unique in its cloud, and its URI
    begins with it in each (learn.microsoft.com, "Azure Key Vault keys, secrets and certificates overview").
    """
    return search(
        vault,
        f"resources | where tostring(properties) contains '//{vault.name}.vault.' | project id, type | order by id asc",
    )


def why_not_searched(answer: Any) -> str:
    """Return why a search was answered with *answer* instead of rows."""
    return str(at_path(answer, "notSearched") or "there was no answer")


def search(about: ResourceId, query: str) -> Read:
    """Return *query* as a question to Azure Resource Graph in the name of *about*, whose rows have an ``id``.

    Without ``subscriptions`` it is about all that the caller may read.
    """
    options = {"$top": _MOST_ROWS, "resultFormat": "objectArray"}
    return Read(about, "search", body=canonical({"query": query, "options": options}).decode())
