"""Whole runs with a run store in blob storage: the real Azurite beside the embedded Azure.

Fails: a sandbox that is stopped takes the journal with it; nobody can resume or roll back what it began.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

import cmk_remediate as cmk
from cmk_remediate import codes, simulator
from cmk_remediate.api.own_ground import refuse_own_ground
from cmk_remediate.api.store import load_kept_plan, open_store
from cmk_remediate.engine.lease import LEASE
from cmk_remediate.errors import InputError, RefusedError
from cmk_remediate.model.decisions import Change, Estimate, Request
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator.faults import Fault, Killed
from tests import azurite
from tests.e2e.aks_clusters import one_cluster
from tests.e2e.desk import having
from tests.e2e.estates import DATA, IDENTITY, VAULT, one_server
from tests.e2e.stage import Stage, rows, told, writes
from tests.e2e.storage import one_account
from tests.laws import check_laws

if TYPE_CHECKING:
    from cmk_remediate.codes.code import Code
    from cmk_remediate.model.protocols import Connection
    from cmk_remediate.model.result import RunResult
    from cmk_remediate.model.review import Review
    from tests.azurite import Azurite
    from tests.e2e.conftest import Azure

SANDBOX = {"IDENTITY_ENDPOINT": "http://127.0.0.1/identity", "IDENTITY_HEADER": "h"}


class Both:
    """One transport for both worlds: the account's host is Azurite, everything else the embedded Azure."""

    def __init__(self, embedded: Any, blobs: Any) -> None:
        self.embedded = embedded
        self.blobs = blobs

    async def send(self, request: Any, **options: Any) -> Any:
        chosen = self.blobs if urlsplit(request.url).hostname == azurite.HOST else self.embedded
        return await chosen.send(request, **options)

    async def sleep(self, seconds: float) -> None:
        await self.embedded.sleep(seconds)

    async def open(self) -> None:
        """Both are open."""

    async def close(self) -> None:
        """Both outlive this."""


class Credentials:
    """The embedded Azure's tokens, and for blob storage those that Azurite takes."""

    def __init__(self, embedded: Any) -> None:
        self.embedded = embedded

    async def get_token(self, *scopes: str, **options: Any) -> Any:
        chosen = azurite.Credential() if "storage.azure.com" in scopes[0] else self.embedded
        return await chosen.get_token(*scopes, **options)

    async def close(self) -> None:
        """Nothing is held."""


class RemoteStage(Stage):
    """A stage whose run store is in blob storage."""

    served: Azurite
    where: str

    @property
    def connection(self) -> Connection:
        """A new process's connection."""
        real = super().connection
        return replace(
            real,
            transport=Both(real.transport, self.served.transport()),
            credential=Credentials(real.credential),
            simulated=None,
        )

    def apply(self, review: Review, **options: Any) -> RunResult:
        """See `Stage.apply`; a review alone opens no host."""
        return super().apply(review, **{"runs": self.where, **options})

    def heir(self) -> RemoteStage:
        """Return what a new machine finds."""
        return staged(Stage(self.azure.clone(), self.scene, self.folder), self.served, self.where)


def staged(stage: Stage, served: Azurite, where: str) -> RemoteStage:
    """Return *stage* with its run store at *where*."""
    found = RemoteStage(stage.azure, stage.scene, where)  # type: ignore[arg-type] # a folder elsewhere
    found.served, found.where = served, where
    return found


@pytest.fixture
def stage(azure: Azure, served: Azurite) -> RemoteStage:
    """Give an Azure and a prefix of the test's own."""
    return staged(azure(one_server()), served, f"{azurite.ADDRESS}/{uuid.uuid4().hex}")


def test_a_run_and_its_rollback_leave_review_and_journal_in_the_container(stage: RemoteStage) -> None:
    review, result = stage.moved()
    assert review.runs == stage.where
    (summary,) = cmk.runs(stage.where, connection=stage.connection)
    assert (summary.run, summary.state) == (review.digest, "finished")
    assert summary.writes == result.writes > 0
    assert stage.apply(review).writes == 0
    evidence = cmk.make_evidence(review.digest, connection=stage.connection, runs=stage.where)
    where = cmk.save_evidence(evidence, connection=stage.connection)
    assert where == f"{stage.where}/evidence/{review.digest}.zip"
    connection = stage.connection
    store = open_store(stage.where, connection)
    assert connection.run(lambda: store.load(f"evidence/{review.digest}.zip")) == evidence.content
    assert cmk.find_run(stage.where, review.digest[:8], connection=stage.connection) == review.digest
    assert stage.verify(review.digest).exit_code == 0
    stage.rolled_back(review.digest)
    states = {one.run: one.state for one in cmk.runs(stage.where, connection=stage.connection)}
    assert states[review.digest] == "rolled back"
    stage.lawful()


def test_another_machine_goes_on_where_one_was_lost(stage: RemoteStage) -> None:
    """Its lease is taken away: Azurite's clock is the real one, and a test does not wait a minute."""
    review = stage.dry_run()
    stage.azure.faults.add(Fault("kill-after", method="PUT|PATCH"))
    with pytest.raises(Killed):
        stage.apply(review)
    log = stage.since(0)
    heir = stage.heir()
    held = cmk.unlock(stage.where, review.digest[:8], connection=heir.connection)
    assert [name for name in held if "/servers/" in name]
    result = heir.resume(review.digest)
    assert result.exit_code == 0, told(result)
    journal = cmk_journal(heir, review.digest)
    assert check_laws(review, journal, rows([*log, *heir.since(0)])) == []
    heir.lawful()


def cmk_journal(stage: RemoteStage, run: str) -> list[bytes]:
    """Return the lines of a run's journal."""
    from cmk_remediate.api.store import open_store  # noqa: PLC0415 - only here

    connection = stage.connection
    return b"".join(connection.run(lambda: open_store(stage.where, connection).journal(run))).splitlines()


def test_whoever_slept_past_its_lease_writes_no_more(stage: RemoteStage) -> None:
    slept: list[int] = []

    def sleep(event: Any) -> None:
        if event.kind == "sending" and not slept:
            stage.azure.advance(LEASE + 1)
            slept.append(stage.seen())

    result = stage.apply(stage.dry_run(), progress=sleep)
    assert slept
    assert result.exit_code == 1
    assert {one.code for one in result.targets} == {str(codes.engine.LEASE_LOST)}
    assert writes(stage.since(slept[0])) == []


def test_the_embedded_azure_has_no_blob_storage(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        cmk.dry_run(one_server().plan, connection=cmk.connect(azurite.Credential()), runs="https://x/runs")
    assert caught.value.code == codes.input_.RUNS_ADDRESS_WRONG
    from cmk_remediate import simulator  # noqa: PLC0415 - only here

    with pytest.raises(InputError) as caught:
        cmk.runs(azurite.ADDRESS, connection=simulator.open(tmp_path / "az.json"))
    assert caught.value.code == codes.input_.STORE_NEEDS_CONNECTION
    with pytest.raises(InputError) as caught:
        cmk.runs(azurite.ADDRESS)
    assert caught.value.code == codes.input_.STORE_NEEDS_CONNECTION


ACCOUNT = f"{DATA}/providers/Microsoft.Storage/storageAccounts/{azurite.ACCOUNT}"


def test_the_vault_of_the_run_stores_own_account_is_never_changed(azure: Azure, tmp_path: Path) -> None:
    """A mistake there would take journal and way back at once. Nothing of the store is asked for: it is a dry run."""
    encryption = {
        "keySource": "Microsoft.Keyvault",
        "keyvaultproperties": {"keyvaulturi": "https://kv-cmk.vault.azure.net"},
    }
    account = {"id": ACCOUNT, "location": "westeurope", "kind": "StorageV2", "properties": {"encryption": encryption}}
    scene = having(one_server(), VAULT, {"properties": {"enablePurgeProtection": None}})
    scene.estate["resources"].append(account)
    stage = azure(scene)
    connection = replace(stage.connection, simulated=None)
    with pytest.raises(RefusedError) as caught:
        cmk.dry_run(scene.plan, connection=connection, runs=azurite.ADDRESS)
    assert (caught.value.code, caught.value.resource) == (codes.engine.STORE_IS_TARGET, VAULT)
    other = azurite.ADDRESS.replace(azurite.ACCOUNT, "anotheraccount")
    assert cmk.dry_run(scene.plan, connection=connection, runs=other).runs == other
    assert cmk.dry_run(scene.plan, connection=connection, runs=tmp_path).runs == str(tmp_path)


def test_the_run_stores_own_account_is_never_a_target(azure: Azure, tmp_path: Path) -> None:
    """Fails: the account that holds the journal is moved to another key by the run that writes it, and both are lost at once."""
    scene = one_account(name=ACCOUNT)
    scene.plan["targets"] = [{"resource_id": ACCOUNT}]
    stage = azure(scene)
    connection = replace(stage.connection, simulated=None)
    with pytest.raises(RefusedError) as caught:
        cmk.dry_run(scene.plan, connection=connection, runs=azurite.ADDRESS)
    assert (caught.value.code, caught.value.resource) == (codes.engine.STORE_IS_TARGET, ACCOUNT)
    assert writes(stage.since(0)) == []
    assert cmk.dry_run(scene.plan, connection=connection, runs=tmp_path).targets[0].blocked is None


def test_the_identity_that_runs_us_is_never_changed(tmp_path: Path) -> None:
    identity = ResourceId(IDENTITY)
    step = SimpleNamespace(address=lambda: identity)
    found = SimpleNamespace(body={"properties": {"principalId": "aaaa-1"}})
    change = Change(Request("PATCH", identity, {}), (), (), Estimate(1, 1), "update", "because")
    projected: Any = {"step": SimpleNamespace(step=step, found=found, decision=change)}
    reader: Any = None
    assert asyncio.run(refuse_own_ground(str(tmp_path), projected, reader, "bbbb-2")) == ()
    with pytest.raises(RefusedError) as caught:
        asyncio.run(refuse_own_ground(str(tmp_path), projected, reader, "AAAA-1"))
    assert (caught.value.code, caught.value.resource) == (codes.engine.STORE_IS_TARGET, IDENTITY)


def test_files_made_beside_a_review_lie_beside_it_in_the_container(azure: Azure, served: Azurite) -> None:
    stage = staged(azure(one_cluster()), served, f"{azurite.ADDRESS}/{uuid.uuid4().hex}")
    review = stage.dry_run()
    where = cmk.save_review(review, connection=stage.connection)
    assert where == f"{stage.where}/reviews/{review.digest}.json"
    assert cmk.load_review(where, connection=stage.connection).artefacts == review.artefacts
    store = open_store(stage.where, stage.connection)

    async def kept() -> list[bytes | None]:
        return [await store.load(f"reviews/{review.digest}/{one.name}") for one in review.files]

    assert stage.connection.run(kept) == [one.content for one in review.files]
    assert len(review.files) == 3
    assert cmk.runs(stage.where, connection=stage.connection) == ()


@pytest.mark.parametrize("name", ["reviews", "plans"])
def test_a_container_may_be_called_like_what_lies_in_it(azure: Azure, served: Azurite, name: str) -> None:
    served.make_container(name)
    stage = staged(azure(one_server()), served, f"https://{azurite.HOST}/{name}")
    review = stage.dry_run()
    where = cmk.save_review(review, connection=stage.connection)
    assert cmk.save_review(review, where, connection=stage.connection) == where
    assert cmk.load_review(where, connection=stage.connection) == review
    keep(stage, "plans/sql.json", json.dumps(stage.scene.plan).encode())
    plan = stage.connection.run(lambda: load_kept_plan(f"{stage.where}/plans/sql.json", connection=stage.connection))
    assert plan.name == "sql.json"
    assert cmk.runs(stage.where, connection=stage.connection) == ()


def test_the_runbook_applies_from_a_sandbox(
    stage: RemoteStage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each job is a new sandbox: nothing but the container outlives it."""
    for name, value in SANDBOX.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("MSI_ENDPOINT", raising=False)
    clouds: list[str] = []

    def connect(*, cloud: str, client_id: str | None) -> Connection:
        clouds.append(cloud)
        return stage.connection

    monkeypatch.setattr(cmk, "connect", connect)

    def job(**fields: Any) -> str:
        cmk.run_job(json.dumps({**fields, "runs": stage.where}), service="sql", simulated=simulator.open)
        return capsys.readouterr().out

    kept = f"{stage.where}/plans/sql.json"
    keep(stage, "plans/sql.json", json.dumps(stage.scene.plan).encode())
    made = job(do="dry-run", plan=kept)
    where, digest = made.splitlines()[0].removeprefix("The whole review: ").split(", digest ")
    assert where == f"{stage.where}/reviews/{digest}.json"
    review = cmk.load_review(where, connection=stage.connection)
    assert (review.digest, review.plan.name) == (digest, "sql.json")
    apply = {"do": "apply", "review": where, "digest": digest, "accept": list(review.acknowledgements_required)}
    stage.azure.faults.add(Fault("kill-after", method="PUT|PATCH"))
    with pytest.raises(Killed):
        job(**apply)
    survivor = stage.heir()
    monkeypatch.setattr(cmk, "connect", lambda **_: survivor.connection)
    cmk.unlock(stage.where, digest, connection=survivor.connection)
    job(**apply)
    assert len(job(**apply).splitlines()) == 1
    job(do="verify", plan=kept)
    assert set(clouds) == {"AzureCloud"}
    survivor.lawful()


def keep(stage: RemoteStage, name: str, data: bytes) -> None:
    """Put a file of the operator's into the run store."""
    store = open_store(stage.where, stage.connection)
    stage.connection.run(lambda: store.save(name, data))


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("absent.yaml", None, codes.input_.PLAN_UNREADABLE),
        ("latin.yaml", b"owner: \xff", codes.input_.PLAN_UNREADABLE),
        ("estate.yaml", b"plans: [sql.yaml]", codes.input_.PLAN_INVALID),
        ("cosmosdb.yaml", None, codes.input_.RUNBOOK_ARGUMENT),
    ],
)
def test_a_kept_plan_that_is_none_is_refused_before_azure_is_asked(
    stage: RemoteStage, monkeypatch: pytest.MonkeyPatch, name: str, data: bytes | None, code: Code
) -> None:
    if name == "cosmosdb.yaml":
        data = (Path(__file__).parents[2] / "plans" / name).read_bytes()
    if data is not None:
        keep(stage, f"plans/{name}", data)
    monkeypatch.setattr(cmk, "connect", lambda **_: stage.connection)
    argument = {"do": "dry-run", "plan": f"{stage.where}/plans/{name}", "runs": stage.where}
    with pytest.raises(InputError) as caught:
        cmk.run_job(json.dumps(argument), service="sql", simulated=simulator.open)
    assert caught.value.code == code
    assert stage.azure.sent == 0
