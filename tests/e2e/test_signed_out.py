"""Whatever signs a run in fails for a while, in the middle of it.

Fails: a machine stays stopped because an identity endpoint answered 500 once; or a door counts as opened that nothing went through.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.credentials import AccessToken

import cmk_remediate as cmk
from cmk_remediate import codes
from cmk_remediate.connection import blobs
from cmk_remediate.connection.tokens import ATTEMPTS
from cmk_remediate.engine.lease import RENEW
from tests import azurite
from tests.e2e.accounts import ACCOUNT, one_account
from tests.e2e.estates import one_server
from tests.e2e.machines import one_machine
from tests.e2e.stage import Stage, path, rows, told, writes
from tests.e2e.test_blob_runs import Credentials, RemoteStage, cmk_journal
from tests.laws import check_laws
from tests.simulator.compute import MACHINE

if TYPE_CHECKING:
    from cmk_remediate.model.protocols import Connection
    from cmk_remediate.model.result import Event
    from cmk_remediate.model.review import Review
    from tests.azurite import Azurite
    from tests.e2e.conftest import Azure

STORAGE = "https://storage.azure.com"
MOMENTS = [
    (step, kind)
    for step in ("deallocate_machine", "encrypt_disk", "start_machine")
    for kind in ("sending", "sent", "settled")
]
AT_EACH_MOMENT = pytest.mark.parametrize(("step", "kind"), MOMENTS, ids=[f"{step}-{kind}" for step, kind in MOMENTS])


@dataclass
class Lapsing:
    """Somebody's credential, that fails so many times from now on where it is asked for *scope*.

    Attributes:
        life: seconds for which its tokens are good.
    """

    real: Any
    now: Callable[[], float]
    scope: str
    life: int
    down: int = 0
    failed: int = 0

    async def get_token(self, *scopes: str, **options: Any) -> Any:
        token = await self.real.get_token(*scopes, **options)
        if not scopes[0].startswith(self.scope):
            return token
        if self.down:
            self.down -= 1
            self.failed += 1
            raise ConnectionError("the identity endpoint answered 500")
        return AccessToken(token.token, int(self.now()) + self.life)

    async def close(self) -> None:
        """Nothing is held."""


def arm(stage: Stage, life: int) -> Lapsing:
    return Lapsing(stage.connection.credential, stage.azure.clock.stamp, "https://management.azure.com", life)


def applied(stage: Stage, credential: Lapsing, review: Review, watch: Callable[[Event], None]) -> cmk.RunResult:
    connection = replace(stage.connection, credential=credential)
    return cmk.apply(review, connection=connection, accept=review.acknowledgements_required, progress=watch)


def once(review: Review, step: str, kind: str, act: Callable[[], None]) -> Callable[[Event], None]:
    """Return an observer that does *act* at the first event of *kind* of a step of the kind *step*."""
    kinds = {one.id: one.kind for one in review.steps}
    acted: list[Event] = []

    def watch(event: Event) -> None:
        if not acted and (kinds.get(event.step), event.kind) == (step, kind):
            acted.append(event)
            act()

    return watch


def power(stage: Stage) -> list[str]:
    machine = stage.azure.world.get(MACHINE)
    assert machine is not None
    return [one["code"] for one in machine["properties"]["instanceView"]["statuses"] if "Power" in one["code"]]


@AT_EACH_MOMENT
@pytest.mark.parametrize(("life", "down"), [(290, 1), (0, ATTEMPTS + 1)], ids=["old-token-good", "no-token"])
def test_law_10_a_token_that_is_not_renewed_leaves_no_machine_stopped(
    azure: Azure, step: str, kind: str, life: int, down: int
) -> None:
    stage = azure(one_machine())
    review = stage.dry_run()
    credential = arm(stage, life)
    result = applied(stage, credential, review, once(review, step, kind, lambda: setattr(credential, "down", down)))
    assert result.exit_code == 0, told(result)
    assert credential.failed >= 1 or (step, kind) == ("start_machine", "settled")
    assert power(stage) == ["PowerState/running"]
    assert sum(path(one).endswith(("/deallocate", "/start")) for one in writes(stage.since(0))) == 2
    assert check_laws(review, stage.journal(review.digest), rows(stage.since(0))) == []


def test_a_door_that_nothing_was_sent_through_is_shut(azure: Azure) -> None:
    """Nothing holds up the identity it would have stood on: a rollback takes back what it can, and evidence shows no request."""
    stage = azure(one_account())
    review = stage.dry_run()
    credential = arm(stage, 0)
    watch = once(review, "set_account_key", "sending", lambda: setattr(credential, "down", 10_000))
    mark = stage.seen()
    result = applied(stage, credential, review, watch)
    assert (result.exit_code, result.targets[0].code) == (5, codes.input_.CREDENTIAL_UNUSABLE), told(result)
    sent = [json.loads(one.body) for one in writes(stage.since(mark)) if path(one) == ACCOUNT.lower()]
    assert not [body for body in sent if "keyVaultKeyUri" in body.get("properties", {})]
    unsent = [json.loads(line) for line in stage.journal(review.digest)]
    assert [one["text"] for one in unsent if one["type"] == "outcome" and not one["sent"]]

    evidence = cmk.make_evidence(review.digest, connection=stage.connection, runs=stage.folder)
    checked = cmk.check_evidence(cmk.save_evidence(evidence, stage.folder))
    assert checked.exit_code == 2, "it is as it was made, and shows that the account is not on its key"
    back, undone = stage.rolled_back(review.digest)
    assert undone.exit_code == 0
    assert "set_account_key" not in {one.kind for one in back.steps}
    assert [one.action for one in back.steps if one.kind == "set_account_default_identity"] != ["keep"]


class Fading(RemoteStage):
    """A stage whose run store is in blob storage, and whose tokens for that are asked for with every request."""

    lapsing: Lapsing

    @property
    def connection(self) -> Connection:
        """A new process's connection."""
        real = super().connection
        if not hasattr(self, "lapsing"):
            embedded = Stage.connection.fget(self).credential  # type: ignore[attr-defined] # what a property is made of
            self.lapsing = Lapsing(Credentials(embedded), lambda: 0.0, STORAGE, 0)
        return replace(real, credential=self.lapsing)


@pytest.fixture
def fading(azure: Azure, served: Azurite) -> Callable[[Any], Fading]:
    def made(scene: Any) -> Fading:
        stage, where = azure(scene), f"{azurite.ADDRESS}/{uuid.uuid4().hex}"
        found = Fading(stage.azure, stage.scene, where)  # type: ignore[arg-type] # a folder elsewhere
        found.served, found.where = served, where
        return found

    return made


@AT_EACH_MOMENT
def test_law_10_a_run_store_without_a_token_for_a_moment_leaves_no_machine_stopped(
    fading: Callable[[Any], Fading], step: str, kind: str
) -> None:
    stage = fading(one_machine())
    review = stage.dry_run()
    watch = once(review, step, kind, lambda: setattr(stage.lapsing, "down", 2))
    result = stage.apply(review, progress=watch)
    assert result.exit_code == 0, told(result)
    assert stage.lapsing.failed == 2
    assert power(stage) == ["PowerState/running"]
    assert check_laws(review, cmk_journal(stage, review.digest), rows(stage.since(0))) == []


def test_a_run_store_that_stays_without_one_ends_the_run_with_the_machine_named(
    fading: Callable[[Any], Fading],
) -> None:
    stage = fading(one_machine())
    review = stage.dry_run()
    watch = once(review, "deallocate_machine", "settled", lambda: setattr(stage.lapsing, "down", 10_000))
    result = stage.apply(review, progress=watch)
    assert result.exit_code == 5, told(result)
    assert codes.engine.MACHINE_LEFT_STOPPED in result.alarms[0]
    stage.lapsing.down = 0
    cmk.unlock(stage.where, review.digest, connection=stage.connection)
    assert cmk.resume(review.digest, connection=stage.connection, runs=stage.where).exit_code == 0
    assert power(stage) == ["PowerState/running"]


def test_a_renewal_without_a_token_is_made_up_for(
    fading: Callable[[Any], Fading], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails: nobody renews the lease any more, and it is lost a minute later in the middle of an outage."""
    stage = fading(one_machine())
    review = stage.dry_run()
    real = blobs.Blobs.renew
    renewed: list[float] = []

    async def renew(self: blobs.Blobs, name: str, lease: str) -> bool:
        stage.lapsing.down = len(renewed) % 2
        renewed.append(stage.azure.clock.stamp())
        return await real(self, name, lease)

    monkeypatch.setattr(blobs.Blobs, "renew", renew)
    result = stage.apply(review)
    assert result.exit_code == 0, told(result)
    assert len(renewed) > 4
    assert renewed[-1] - renewed[0] > 3 * RENEW
    assert stage.lapsing.failed


def test_a_claim_that_cannot_be_withdrawn_does_not_replace_the_result(
    fading: Callable[[Any], Fading], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = fading(one_server())
    review = stage.dry_run()
    real = blobs.Blobs.delete

    async def delete(self: blobs.Blobs, name: str, lease: str = "") -> bool:
        stage.lapsing.down = 10_000
        return await real(self, name, lease)

    monkeypatch.setattr(blobs.Blobs, "delete", delete)
    result = stage.apply(review)
    assert result.exit_code == 0, told(result)
    stage.lapsing.down = 0
    (summary,) = cmk.runs(stage.where, connection=stage.connection)
    assert summary.state == "finished"
