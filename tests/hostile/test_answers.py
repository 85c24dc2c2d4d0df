"""Answers of Azure that have not the shape they should have: another api-version, a proxy, a bug over there.

Fails: one resource that shows an odd body ends in a traceback, or sends a request to a place that a body names.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmk_remediate as cmk
from cmk_remediate.simulator.wire import Outgoing
from tests.faults.disk import empty
from tests.faults.plans import services, smallest_of
from tests.hostile.expecting import expected
from tests.hostile.profile import tries
from tests.hostile.values import changed, changes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cmk_remediate.model.review import Review
    from cmk_remediate.simulator.embedded import EmbeddedAzure
    from cmk_remediate.simulator.wire import Incoming


class Odd:
    """An Azure some of whose answers to reads are altered.

    Attributes:
        azure: a copy of the one given.
    """

    def __init__(self, azure: EmbeddedAzure, at: Sequence[int], script: Any) -> None:
        self.azure = azure.clone()
        self.at = frozenset(at)
        self.script = script
        self._answer = self.azure.answer
        self._seen = 0
        self.azure.answer = self.altered  # type: ignore[method-assign]

    def altered(self, incoming: Incoming) -> Outgoing:
        answer = self._answer(incoming)
        self._seen += incoming.method == "GET"
        if incoming.method != "GET" or answer.status != 200 or self._seen not in self.at:
            return answer
        # Half of a character is spelled out, as JSON may.
        content = json.dumps(changed(answer.body, self.script)).encode("ascii")
        return Outgoing(200, content, {**answer.headers, "Content-Length": str(len(content))})


class Calm:
    """The smallest plan of a service, its review, and the hosts and reads of its whole run."""

    def __init__(self, service: str, folder: Path) -> None:
        self.scene = smallest_of(service).scene
        self.folder = folder
        self.azure = smallest_of(service).azure()
        self.azure.threads = False
        clean = self.azure.clone()
        self.review: Review = cmk.dry_run(self.scene.plan, connection=clean.connection(), runs=folder)
        self.reads_of_dry_run = len(clean.requests)
        seen = self.azure.clone()
        self.assess(seen)
        self.reads_of_assess = sum(one.method == "GET" for one in seen.requests)
        assert self.apply(clean, self.review).exit_code == 0
        self.reads = sum(one.method == "GET" for one in clean.requests[self.reads_of_dry_run :])
        self.hosts = {urlsplit(one.url).hostname for one in clean.requests}

    def dry_run(self, azure: EmbeddedAzure) -> Any:
        return cmk.dry_run(self.scene.plan, connection=azure.connection(), runs=self.folder)

    def assess(self, azure: EmbeddedAzure) -> Any:
        scopes = [str(one) for one, _ in azure.world.by_type("Microsoft.Resources/subscriptions")]
        return cmk.assess(scopes, connection=azure.connection())

    def apply(self, azure: EmbeddedAzure, review: Review) -> Any:
        empty(self.folder)
        return cmk.apply(review, connection=azure.connection(), accept=review.acknowledgements_required)


@pytest.fixture(scope="module", params=services())
def calm(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Calm:
    return Calm(request.param, tmp_path_factory.mktemp("answers") / "runs")


numbers = st.lists(st.integers(0, 2**12), min_size=1, max_size=2)


@tries(12)
@given(numbers, changes)
def test_a_dry_run_makes_sense_of_what_azure_shows_or_says_whose_body_it_is(
    calm: Calm, at: list[int], script: Any
) -> None:
    odd = Odd(calm.azure, [1 + number % calm.reads_of_dry_run for number in at], script)
    expected(lambda: calm.dry_run(odd.azure))
    assert all(one.reads for one in odd.azure.requests)
    assert {urlsplit(one.url).hostname for one in odd.azure.requests} <= calm.hosts


@tries(12)
@given(numbers, changes)
def test_an_assessment_does_so_too(calm: Calm, at: list[int], script: Any) -> None:
    """Fails: one resource that a proxy or a new api-version shows in another shape costs the whole assessment."""
    odd = Odd(calm.azure, [1 + number % calm.reads_of_assess for number in at], script)
    expected(lambda: calm.assess(odd.azure))
    assert all(one.reads for one in odd.azure.requests)


@tries(12)
@given(numbers, changes)
def test_an_apply_does_so_too(calm: Calm, at: list[int], script: Any) -> None:
    odd = Odd(calm.azure, [1 + number % calm.reads for number in at], script)
    expected(lambda: calm.apply(odd.azure, calm.review))
    assert {urlsplit(one.url).hostname for one in odd.azure.requests} <= calm.hosts
