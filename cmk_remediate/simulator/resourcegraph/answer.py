"""The operation itself: ``POST /providers/Microsoft.ResourceGraph/resources``. A POST by its verb, a read by its nature.

Sources: azure-rest-api-specs, resourcegraph ``resourcegraph.json`` (request, answer); learn.microsoft.com, "Work with large Azure
resource data sets" (pages: 100 rows, at most 1,000; a skip token only where ``id`` is among the columns).
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from cmk_remediate.simulator.declare import ArmError
from cmk_remediate.simulator.request import ArmRequest, Refusal
from cmk_remediate.simulator.resourcegraph.query import Query, Rows, parsed
from cmk_remediate.simulator.resourcegraph.tables import TABLES
from cmk_remediate.simulator.resourcegraph.tokens import QueryError
from cmk_remediate.simulator.wire import Outgoing

if TYPE_CHECKING:
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Json

VERSIONS = ("2024-04-01", "2022-10-01", "2021-03-01", "2020-04-01-preview", "2019-04-01", "2018-09-01-preview")
_TABLE_BY_DEFAULT = ("2019-04-01", "2018-09-01-preview")
_PAGE, _LIMIT = 100, 1000
_SOURCE = "learn.microsoft.com: Troubleshoot errors using Azure Resource Graph"


def answer(request: ArmRequest, scope: ResourceId) -> Outgoing:
    """Answer a query with one page of what the caller may read; it is asked of no *scope*."""
    if scope.text:
        text = (
            "The resource type 'resources' could not be found in the namespace 'Microsoft.ResourceGraph' at this scope."
        )
        raise Refusal(ArmError(404, "InvalidResourceType", text, "unconfirmed"))
    request.need_version("resources", VERSIONS)
    sent = request.sent
    query = _query(str(sent.get("query") or ""))
    options = sent.get("options") or {}
    rows = query.run(TABLES[query.table](request.world, request.caller, _scopes(request, sent)))
    rows = rows[int(options.get("$skip") or 0) :]
    top = options.get("$top")
    size = _PAGE if top is None else int(top)
    if not 1 <= size <= _LIMIT:
        raise Refusal(_bad("InvalidOptions", f"$top is between 1 and {_LIMIT}, not {size}."))
    start = _start(options.get("$skipToken"))
    page, rest = rows[start : start + size], len(rows) > start + size
    body: Json = {"totalRecords": len(rows), "count": len(page), "facets": []}
    paged = rest and "id" in page[0]
    body["resultTruncated"] = "true" if rest and not paged else "false"
    if paged:
        body["$skipToken"] = base64.urlsafe_b64encode(f"from:{start + size}".encode()).decode()
    default = "table" if request.api_version in _TABLE_BY_DEFAULT else "objectArray"
    as_table = str(options.get("resultFormat") or default).lower() == "table"
    return Outgoing(200, {**body, "data": _table(page) if as_table else page}, read=True)


def _query(text: str) -> Query:
    try:
        return parsed(text, tuple(TABLES))
    except QueryError as error:
        before = text[: error.at].split("\n")
        where = f"line {len(before)}, position {len(before[-1])}"
        raise Refusal(_bad("ParserFailure", f"Query is invalid at {where}: {error.said}.")) from error


def _scopes(request: ArmRequest, sent: Json) -> frozenset[str] | None:
    """Return the subscriptions asked for, lower case; None for all that the caller sees.

    Management groups are not modelled: one covers every subscription, as in grants.
    """
    asked = sent.get("subscriptions")
    if asked is None:
        return None
    if not isinstance(asked, list):
        raise Refusal(_bad("InvalidRequest", "`subscriptions` is a list."))
    for one in asked:
        if request.world.get(f"/subscriptions/{one}") is None:
            raise Refusal(_bad("InvalidSubscriptionId", f"The subscription '{one}' could not be found."))
    return frozenset(str(one).lower() for one in asked)


def _start(token: Any) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(str(token)).decode().removeprefix("from:"))
    except (ValueError, binascii.Error) as error:
        raise Refusal(_bad("InvalidSkipToken", "The $skipToken is not one of ours.")) from error


def _table(page: Rows) -> Json:
    names = list(dict.fromkeys(name for row in page for name in row))
    columns = [{"name": name, "type": _type([row.get(name) for row in page])} for name in names]
    return {"columns": columns, "rows": [[row.get(name) for name in names] for row in page]}


def _type(values: list[Any]) -> str:
    seen = next((value for value in values if value is not None), None)
    if isinstance(seen, bool):
        return "boolean"
    if isinstance(seen, (int, float)):
        return "integer" if isinstance(seen, int) else "number"
    return "object" if isinstance(seen, (dict, list)) else "string"


def _bad(code: str, text: str) -> ArmError:
    message = "Please provide below info when asking for support: the request's id and time."
    return ArmError(400, "BadRequest", message, _SOURCE, extra={"details": [{"code": code, "message": text}]})
