"""Azure's own command line does by hand what a plan does, on the embedded Azure.

Fails: the embedded Azure is one that only this library believes in, or `apply` ends elsewhere than a careful operator would.
Needs the Azure CLI (CMK_REMEDIATE_AZ): `make conformance`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import simulator
from cmk_remediate.model.result import RunResult, Verification
from tests.conformance.azure_cli import AZ, AzureCli
from tests.conformance.comparing import ALWAYS, Bodies, different, written
from tests.conformance.rehearsal import SERVICES, Rehearsal, rehearsal
from tests.e2e.stage import bodies
from tests.simulator.server.process import simulating

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from pathlib import Path

pytestmark = pytest.mark.skipif(not AZ, reason="CMK_REMEDIATE_AZ does not name an Azure CLI: make conformance")

DAY = 86400
GRAPH = "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01"
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Outcome:
    """What one service's rehearsal left behind.

    Attributes:
        told: what was to be done.
        start: the state both began with.
        by_hand: the state after the script, a day later.
        ours: the state after `apply`, a day later.
        log: the requests that az sent.
        listed: what `az resource list` and Resource Graph gave before.
        result: how `apply` ended.
        verified: what `verify` says of the state after the script.
        read: what az reads then, in the order of the rehearsal's readings.
    """

    told: Rehearsal
    start: Bodies
    by_hand: Bodies
    ours: Bodies
    log: list[dict[str, Any]]
    listed: tuple[set[str], set[str]]
    result: RunResult
    verified: Verification
    read: list[Any]


Rehearsed = Mapping[str, "Future[Outcome]"]
"""By service, what is left behind, as soon as it is."""


@pytest.fixture(scope="module")
def rehearsed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsed]:
    """Begin the rehearsals of all services that are tested, as many at once as there are processors: az takes its time."""
    asked = [item.callspec.params.get("outcome") for item in request.session.items if hasattr(item, "callspec")]
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        yield {
            service: pool.submit(carried_out, rehearsal(service), tmp_path_factory.mktemp(service))
            for service in dict.fromkeys(asked)
            if service in SERVICES
        }
    finally:
        pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="module", params=SERVICES)
def outcome(request: pytest.FixtureRequest, rehearsed: Rehearsed) -> Outcome:
    """Give what one service's rehearsal left behind."""
    return rehearsed[request.param].result()


def carried_out(told: Rehearsal, folder: Path) -> Outcome:
    """Do it once by hand and once by plan, from the same start."""
    start, hand, ours = (folder / f"{name}.json" for name in ("start", "by-hand", "ours"))
    simulator.azure(start).save()
    for copy in (hand, ours):
        shutil.copyfile(start, copy)

    speed = ("--time-scale", str(told.time_scale))
    with simulating(hand, *speed) as exports:
        az = AzureCli(folder, exports, told.time_scale)
        az.sign_in()
        listed = (_ids(az("resource", "list")), _ids(_graph(az, "resources | project id")))
        az.script(told.script)
    log = simulator.requests(hand)
    verified = cmk.verify(told.plan, connection=simulator.open(hand), runs=folder)

    review = cmk.dry_run(told.plan, connection=simulator.open(ours), runs=folder)
    result = cmk.apply(review, connection=simulator.open(ours), accept=review.acknowledgements_required)
    simulator.advance(ours, DAY)  # what Azure goes on with has ended, as it has for whoever waits for it
    with simulating(ours, *speed) as exports:
        az = az.follow(exports)
        read = [az(*one.ask.split()) for one in told.reads]
    began = bodies(simulator.azure(start))
    simulator.advance(hand, DAY)
    return Outcome(told, began, _bodies(hand), _bodies(ours), log, listed, result, verified, read)


def _bodies(state: Path) -> Bodies:
    return bodies(simulator.azure(state))


def _graph(az: AzureCli, query: str) -> list[Any]:
    body = json.dumps({"query": query, "options": {"$top": 1000}})
    found: list[Any] = az("rest", "--method", "post", "--url", GRAPH, "--body", body)["data"]
    return found


def _ids(found: list[Any]) -> set[str]:
    return {one["id"].lower() for one in found}


def test_az_finds_what_is_there(outcome: Outcome) -> None:
    here, everywhere = outcome.listed
    subscription = "/".join(outcome.told.plan["targets"][0]["resource_id"].split("/")[:3])
    assert len(everywhere) > 10
    assert here == {one for one in everywhere if one.startswith(subscription.lower())}


def test_what_az_was_refused_it_was_granted_when_it_asked_again(outcome: Outcome) -> None:
    """A vault refuses a request without a token, which is how clients learn of whom to ask one; a grant is late."""

    def asked(one: dict[str, Any]) -> tuple[str, str]:
        return one["method"], GUID.sub("*", one["url"])  # az thinks of a new name for an assignment each time

    last = {asked(one): one for one in outcome.log}

    assert len(outcome.log) > 15
    assert [f"{one['method']} {one['url']}: {one['code']}" for one in last.values() if one["status"] >= 400] == []


def test_both_end_in_the_same_state(outcome: Outcome) -> None:
    found = different(outcome.by_hand, outcome.ours)
    known = (*ALWAYS, *outcome.told.differs)

    assert outcome.result.exit_code == 0, outcome.result.text
    assert len(written(outcome.start, outcome.by_hand) & written(outcome.start, outcome.ours)) > 20
    assert [
        f"{': '.join(place)}: {said}" for place, said in found.items() if not any(one.covers(place) for one in known)
    ] == []


def test_every_difference_that_is_said_to_be_right_is_there(outcome: Outcome) -> None:
    found = different(outcome.by_hand, outcome.ours)

    assert [one.why for one in outcome.told.differs if not any(one.covers(place) for place in found)] == []


def test_az_reads_our_result_as_compliant(outcome: Outcome) -> None:
    for one, answer in zip(outcome.told.reads, outcome.read, strict=True):
        for path, value in one.says.items():
            said = answer
            for name in path.split("."):
                said = said[name]
            fits = fnmatchcase(said, value) if isinstance(value, str) else said is value
            assert fits, f"az {one.ask}: {path} is {said!r}, not {value!r}"


def test_we_read_the_result_of_az_as_compliant(outcome: Outcome) -> None:
    other = [(one.verdict, one.text) for one in outcome.verified.targets if one.verdict != outcome.told.verdict]
    assert other == []
    assert outcome.verified.exit_code == 0
