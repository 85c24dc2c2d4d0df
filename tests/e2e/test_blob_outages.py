"""Blob storage that is away for a while, and then back. Fails: a machine stands still because its journal could not be written."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.engine.tenure import PATIENCE
from cmk_remediate.simulator.providers.compute.names import power
from tests import azurite
from tests.e2e.machines import one_machine
from tests.e2e.stage import told
from tests.e2e.test_blob_runs import RemoteStage
from tests.simulator.compute import MACHINE

if TYPE_CHECKING:
    from cmk_remediate.model.protocols import Connection
    from cmk_remediate.model.result import Event
    from tests.azurite import Azurite
    from tests.e2e.conftest import Azure


class Away:
    """A transport on which the account's host refuses every connection until a moment of the embedded Azure's clock."""

    def __init__(self, real: Any, stage: Outage) -> None:
        self.real = real
        self.stage = stage

    async def send(self, request: Any, **options: Any) -> Any:
        from azure.core.exceptions import ServiceRequestError  # noqa: PLC0415 - as the product does

        if urlsplit(request.url).hostname == azurite.HOST and self.stage.azure.clock.stamp() < self.stage.until:
            raise ServiceRequestError("connection refused")
        return await self.real.send(request, **options)

    async def sleep(self, seconds: float) -> None:
        await self.real.sleep(seconds)

    async def open(self) -> None:
        """It is open."""

    async def close(self) -> None:
        """It outlives this."""


class Outage(RemoteStage):
    """A stage whose run store may be away.

    Attributes:
        until: when it is back.
    """

    until = 0.0

    @property
    def connection(self) -> Connection:
        """A new process's connection."""
        real = super().connection
        return replace(real, transport=Away(real.transport, self))

    def is_away(self, seconds: float) -> None:
        """Let the store be away from now on."""
        self.until = self.azure.clock.stamp() + seconds


@pytest.fixture
def stage(azure: Azure, served: Azurite) -> Outage:
    """Give a running machine whose disks are to be moved, and a run store of the test's own."""
    opened = azure(one_machine())
    where = f"{azurite.ADDRESS}/{uuid.uuid4().hex}"
    found = Outage(opened.azure, opened.scene, where)  # type: ignore[arg-type] # a folder elsewhere
    found.served, found.where = served, where
    return found


def state(stage: Outage) -> str:
    return power(stage.azure.world.get(MACHINE)).rpartition("/")[2]


@pytest.mark.parametrize("seconds", [33, 600])
@pytest.mark.parametrize(("kind", "step"), [("settled", "deallocate_machine"), ("sending", "encrypt_disk")])
def test_law_10_a_store_that_is_away_while_a_machine_is_stopped_leaves_it_running(
    stage: Outage, kind: str, step: str, seconds: float
) -> None:
    """For as long as the lease holds the run goes on as if nothing had happened; else the machine is started, and it ends."""
    review = stage.dry_run()
    said: list[str] = []

    def go_away(event: Event) -> None:
        said.append(event.text)
        if event.kind == kind and event.step.startswith(step) and not stage.until:
            stage.is_away(seconds)

    result = stage.apply(review, progress=go_away)
    assert stage.until
    assert state(stage) == "running", told(result)
    assert not [alarm for alarm in result.alarms if codes.engine.MACHINE_LEFT_STOPPED in alarm]
    assert result.exit_code == (0 if seconds == 33 else 5), told(result)
    if result.exit_code:
        assert {one.code for one in result.targets} == {str(codes.engine.LEASE_LOST)}
        assert any("something stands still, so it is tried for" in text for text in said)
    cmk.unlock(stage.where, review.digest, connection=stage.connection)
    assert stage.resume(review.digest).exit_code == 0


def test_law_10_a_store_that_does_not_come_back_leaves_the_machine_stopped_and_says_so_first(stage: Outage) -> None:
    review = stage.dry_run()

    def go_away(event: Event) -> None:
        if event.kind == "settled" and event.step.startswith("deallocate") and not stage.until:
            stage.is_away(3 * PATIENCE)

    result = stage.apply(review, progress=go_away)
    assert result.exit_code == 5, told(result)
    assert codes.engine.MACHINE_LEFT_STOPPED in result.alarms[0]
    assert stage.azure.clock.stamp() < stage.until, "somebody hears of it"
    stage.until = 0.0
    cmk.unlock(stage.where, review.digest, connection=stage.connection)
    assert stage.resume(review.digest).exit_code == 0
    assert state(stage) == "running"
