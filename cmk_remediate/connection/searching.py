"""A search with Azure Resource Graph, page after page: each page is asked for by the token of the one before.

Facts: learn.microsoft.com, REST API reference, Azure Resource Graph "Resources - Resources" (``$skipToken``,
``resultTruncated``), and "Guidance for pagination": rows that were left out without a token cannot be asked for.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.connection.calls import are_objects
from cmk_remediate.errors import AzureError
from cmk_remediate.model.json_types import canonical

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cmk_remediate.connection.calls import Reply
    from cmk_remediate.model.decisions import Read

_TOKEN = "$skipToken"  # noqa: S105 - where a page ended


async def whole_search(
    read: Read, ask: Callable[[Read], Awaitable[Reply]], unreadable: Callable[[Reply], AzureError]
) -> list[Any]:
    """Return all rows that *read* finds.

    Args:
        read: the search; its body is what the first page is asked with.
        ask: sends it.
        unreadable: words what is wrong with an answer.

    Raises:
        AzureError: a page was refused or is no page, or rows were left out that no token leads to.
    """
    rows: list[Any] = []
    body: dict[str, Any] = json.loads(read.body)
    seen: set[str] = set()
    while True:
        reply = await ask(replace(read, body=canonical(body).decode()))
        page = reply.json
        found = page.get("data") if reply.ok and isinstance(page, dict) else None
        if not are_objects(found):
            raise unreadable(reply)
        rows += found
        token = page.get(_TOKEN)
        if not token:
            if str(page.get("resultTruncated") or "").lower() == "true":
                raise _not_whole(read, f"{len(rows)} rows came and others were left out")
            return rows
        if token in seen:
            raise _not_whole(read, "the pages of the search go in a circle")
        seen.add(token)
        body = {**body, "options": {**body.get("options", {}), _TOKEN: token}}


def _not_whole(read: Read, text: str) -> AzureError:
    return AzureError(codes.access.UNCLEAR_ANSWER, text, resource=read.resource.text)
