"""What was recorded: requests to the real service and its answers, in order. Where it lies: CMK_REMEDIATE_REFERENCE."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

REFERENCE = os.environ.get("CMK_REMEDIATE_REFERENCE", "")
needs_recordings = pytest.mark.skipif(
    not REFERENCE, reason="CMK_REMEDIATE_REFERENCE does not name the folder of recordings"
)

ARM = "management.azure.com"
LONG_RUNNING = ("Azure-AsyncOperation", "Location", "Retry-After")
"""The headers by which a client follows an operation."""


@dataclass(frozen=True)
class Interaction:
    """One request and its answer.

    Attributes:
        number: its place in the recording; what lies between two numbers was the same poll again.
        headers: of the answer, by lower-case name.
        source: which test suite recorded it.
    """

    number: int
    method: str
    url: str
    sent: Any
    status: int
    headers: Mapping[str, str]
    body: Any
    source: str

    @cached_property
    def host(self) -> str:
        return (urlsplit(self.url).hostname or "").lower()

    @cached_property
    def path(self) -> str:
        return "/" + "/".join(part for part in unquote(urlsplit(self.url).path).split("/") if part)

    @cached_property
    def query(self) -> dict[str, str]:
        return {name.lower(): value for name, value in parse_qsl(urlsplit(self.url).query, keep_blank_values=True)}

    @property
    def keeps_retry_after(self) -> bool:
        """Whether the recorder kept Retry-After: the Azure CLI's drops it (azure-cli-testsdk, FILTER_HEADERS)."""
        return not self.source.startswith("azure-cli")

    @property
    def is_page(self) -> bool:
        """Whether the answer is one page of several."""
        return "$skiptoken" in self.query or (isinstance(self.body, dict) and bool(self.body.get("nextLink")))

    @property
    def status_paths(self) -> tuple[str, ...]:
        """The paths of the operation that this answer started."""
        urls = [self.headers.get("azure-asyncoperation", ""), self.headers.get("location", "")]
        return tuple(unquote(urlsplit(url).path).lower() for url in urls if "operation" in url.lower())

    @property
    def ended(self) -> bool:
        """Whether the answer to a poll says that the operation has ended."""
        state = self.body.get("status") if isinstance(self.body, dict) else None
        return state in ("Succeeded", "Failed", "Canceled") if state else self.status in (200, 204)


def sequences() -> dict[str, list[Interaction]]:
    """Return every recording, by its name."""
    found = {}
    for path in sorted((Path(REFERENCE) / "recordings/sequences").glob("*.jsonl")):
        lines = path.read_text(encoding="utf-8").splitlines()
        found[path.stem] = [_interaction(json.loads(line)) for line in lines]
    return found


def bodies() -> dict[str, list[dict[str, Any]]]:
    """Return every recorded resource body with its label, by kind."""
    return {
        path.stem: [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for path in sorted((Path(REFERENCE) / "recordings/bodies").glob("*.jsonl"))
    }


def _interaction(line: dict[str, Any]) -> Interaction:
    headers = {name.lower(): str(value) for name, value in line["response_headers"].items()}
    return Interaction(
        line["index"],
        line["method"],
        line["url"],
        line["request_body"],
        line["status"],
        headers,
        line["response_body"],
        line["source"],
    )
