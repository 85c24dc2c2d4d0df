"""Making evidence of a run: reads the run store and Azure, and changes neither."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cmk_remediate import codes, files
from cmk_remediate.api.judging import judge_run
from cmk_remediate.api.planning import own_version
from cmk_remediate.api.signing_in import sign_in_for
from cmk_remediate.api.store import DEFAULT_RUNS, open_store, runs_of
from cmk_remediate.engine import run_store
from cmk_remediate.errors import InputError
from cmk_remediate.evidence import container, members, sums
from cmk_remediate.evidence.manifest import NAME as MANIFEST
from cmk_remediate.evidence.manifest import manifest
from cmk_remediate.evidence.readme import readme
from cmk_remediate.evidence.recording import Recorder
from cmk_remediate.evidence.run_on_file import RunOnFile, api_versions, whole_lines
from cmk_remediate.model.evidence import Evidence
from cmk_remediate.model.run_address import is_remote

if TYPE_CHECKING:
    from cmk_remediate.engine.run_store import RunStore
    from cmk_remediate.model.protocols import Connection

FOLDER = "evidence"
"""The folder of a run store that holds evidence, each file under its run's digest."""


async def make_evidence(run: str, *, connection: Connection, runs: str | Path = DEFAULT_RUNS) -> Evidence:
    """Verify *run* and return the evidence of it; sends the reads of `verify`, and no more.

    Args:
        run: a run's digest or the unique beginning of one.
        connection: where Azure is.
        runs: the run store.

    Raises:
        InputError: CMK115 when the run store holds no such run; CMK104 when it is of another tenant or cloud.
        ReviewError, RunStoreError: its review or journal is damaged.
        AzureError: something could not be read: there is no evidence of what nobody saw.
    """
    store = open_store(runs, connection)
    own = await _on_file(store, await run_store.find_run(store, run))
    undone_by = own.state.rolled_back_by
    told = (own, await _on_file(store, undone_by)) if undone_by else (own,)
    last = told[-1]
    session = await sign_in_for(last.review, connection, read_only=True)
    by = await session.caller()
    recorder = Recorder(session)
    digest = own.review.digest
    undone = own.carried_out if undone_by else None
    found = await judge_run(digest, last.carried_out, recorder, undone=undone)
    # By Azure's clock, as what was read: this machine's may be another than that of the machine which carried out the run.
    at, after = session.now(), recorder.to_bytes()
    content = {
        **own.members(""),
        **(last.members(members.ROLLBACK) if undone_by else {}),
        members.AFTER: after,
        members.README: readme(f"{digest}.zip", own, found, at=at, by=by),
        MANIFEST: manifest(
            own,
            found,
            at=at,
            azure_at=recorder.now(),
            by=by,
            version=own_version(),
            api_versions=api_versions(told, after),
        ),
    }
    content[sums.NAME] = sums.sums(content)
    ordered = {name: content[name] for name in members.ALL if name in content}
    return Evidence(digest, found, container.write(ordered, at), store.address)


async def save_evidence(
    evidence: Evidence, folder: str | Path | None = None, *, connection: Connection | None = None
) -> str:
    """Write *evidence* below *folder*, or into its own run store, whole or not at all; return where it is now.

    Args:
        evidence: as `make_evidence` returned it.
        folder: made if it is not there; else it goes below ``evidence/`` of the run store. The file is called after the run.
        connection: for a remote run store.

    Raises:
        InputError: CMK118 when it cannot be written, CMK132 when the run store is remote and there is no *connection*.
    """
    if folder is None:
        return await open_store(evidence.at, connection).save(f"{FOLDER}/{evidence.name}", evidence.content)
    if is_remote(str(folder)):
        raise InputError(codes.input_.OUTPUT_UNWRITABLE, "it is no folder of this machine", resource=str(folder))
    path = Path(folder) / evidence.name
    with files.naming(path, codes.input_.OUTPUT_UNWRITABLE):
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, evidence.content)
    return str(path)


async def _on_file(store: RunStore, run: str) -> RunOnFile:
    name = run_store.review_name(run)
    review = await store.load(name)
    if review is None:
        raise InputError(codes.input_.REVIEW_UNREADABLE, "it is missing", resource=f"{store.address}/{name}")
    found = RunOnFile.of(run, review, whole_lines(await store.journal(run)), f"{store.address}/{run}/")
    runs_of(found.review, store.address)
    return found
