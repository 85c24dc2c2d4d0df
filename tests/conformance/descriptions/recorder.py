"""Keeps one exchange of each shape among all that an embedded Azure answers in this process."""

from __future__ import annotations

import json
import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cmk_remediate.connection.policies.request_id import USER_AGENT
from cmk_remediate.simulator import dataplane
from cmk_remediate.simulator.embedded import EmbeddedAzure, registry_of
from tests.conformance.descriptions.judge import Sample
from tests.conformance.descriptions.library import Place
from tests.conformance.descriptions.shapes import Shapes

if TYPE_CHECKING:
    from collections.abc import Hashable

    from cmk_remediate.simulator.wire import Incoming, Outgoing
    from tests.conformance.descriptions.library import Library

PLANES = {"vault": "microsoft.keyvault"}
"""The folder of a data plane's documents, by the suffix of its hosts."""


HOSTILE = "tests/hostile/"
"""Tests whose estates are made to be malformed."""


class Recorder:
    """Watches every embedded Azure of this process while it is on.

    Attributes:
        samples: what was seen, one a shape.
        seen: how many exchanges there were.
    """

    def __init__(self, library: Library) -> None:
        """Tell places and shapes apart as *library* does."""
        self._library = library
        self._places: dict[tuple[str, str, str], tuple[Place, str]] = {}
        self._bodies: set[Hashable] = set()
        self._shipped = registry_of().types
        self._answer = EmbeddedAzure.answer
        self.samples: dict[Hashable, Sample] = {}
        self.seen = 0

    @cached_property
    def _shapes(self) -> Shapes:
        return Shapes(*self._library.texts)

    def start(self) -> None:
        """Watch from now on."""
        recorder, answer = self, self._answer

        def watched(azure: EmbeddedAzure, incoming: Incoming) -> Outgoing:
            given = answer(azure, incoming)
            recorder.take(azure, incoming, given)
            return given

        EmbeddedAzure.answer = watched  # type: ignore[method-assign, assignment] # until `stop`

    def stop(self) -> None:
        """Watch no longer."""
        EmbeddedAzure.answer = self._answer  # type: ignore[method-assign] # as it was

    def take(self, azure: EmbeddedAzure, incoming: Incoming, given: Outgoing) -> None:
        """Keep what is new in an exchange."""
        self.seen += 1
        place, service = self._place(azure, incoming)
        version = incoming.query.get("api-version", "")
        ours = incoming.headers.get("user-agent") == USER_AGENT
        if ours:
            query = tuple((name, value) for name, value in incoming.query.items() if name != "api-version")
            if self._is_new(("request", place, version, query, hash(incoming.body))):
                sent = json.loads(incoming.body) if incoming.body else None
                asked = tuple((name, value if value.isalnum() else "") for name, value in query)
                self._keep(Sample("request", place, service, version, dict(query), sent, test=_test()), asked)
        if azure.world.registry.types != self._shipped or _test().startswith(HOSTILE):
            return  # invented providers, made for the embedded Azure's own tests; or an estate that holds anything at all
        if self._is_new(("answer", place, version, given.status, hash(given.content), ours)):
            body = json.loads(given.content) if given.content else None
            for one in _split(body):
                self._keep(Sample("answer", place, service, version, {}, one, given.status, ours, _test()))

    def _is_new(self, mark: Hashable) -> bool:
        before = len(self._bodies)
        self._bodies.add(mark)
        return len(self._bodies) > before

    def _keep(self, sample: Sample, query: Hashable = ()) -> None:
        shape = self._shapes.of(sample.body)
        key = (sample.direction, sample.place, sample.version, query, sample.status, sample.ours, shape)
        self.samples.setdefault(key, sample)

    def _place(self, azure: EmbeddedAzure, incoming: Incoming) -> tuple[Place, str]:
        """Return where a request went, and whose that is."""
        known = self._places.get((incoming.host, incoming.method, incoming.path))
        if known is None:
            if incoming.host == azure.world.cloud.arm:
                path, service = self._arm(incoming.path)
                known = Place("arm", incoming.method, path), service
            else:
                plane = dataplane.plane_of(azure.world, incoming.host)
                suffix = plane.suffix if plane else ""
                parts = [
                    one if one.lower() in self._library.words else "x" for one in incoming.path.lower().split("/")[1:]
                ]
                folder = PLANES.get(suffix, suffix)
                known = Place(folder, incoming.method, "/" + "/".join(parts)), f"{folder} data plane"
            self._places[incoming.host, incoming.method, incoming.path] = known
        return known

    def _arm(self, path: str) -> tuple[str, str]:
        """Return a path of Resource Manager less the names in it, and the last provider it names."""
        made: list[str] = []
        service, named = "Microsoft.Resources", False
        for part in path.split("/")[1:]:
            word = part.lower()
            if made and made[-1] == "providers":
                service, named = part, False
            elif word == "providers":
                named = False
            elif named:
                word, named = (word if word in self._library.words else "x"), False
            else:
                named = True
            made.append(word)
        return "/" + "/".join(made), service


def _test() -> str:
    return os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0]


def _split(body: Any) -> list[Any]:
    """Return a list's answer as one answer an item, so that lists of the same items have the same shapes."""
    if not isinstance(body, dict) or not isinstance(body.get("value"), list) or not body["value"]:
        return [body]
    return [{**body, "value": [item]} for item in body["value"]]
