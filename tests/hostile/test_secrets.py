"""No artefact of any kind of run holds a token or a secret, however it ends: what is written down is passed around."""

from __future__ import annotations

import copy
import json
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import simulator
from cmk_remediate.cli.running import describe
from cmk_remediate.simulator.faults import Fault, Killed
from tests.e2e.estates import SERVER, SUB, one_server

if TYPE_CHECKING:
    from pathlib import Path

    from cmk_remediate.simulator.embedded import EmbeddedAzure

PASSWORD = "Planted-Passw0rd-7f3a"
SAS = "sv=2022-11-02&sig=PlantedSasSignature7f3a"
CLIENT_SECRET = "PlantedClientSecret-7f3a"
CONNECTION_STRING = "AccountKey=PlantedAccountKey7f3aPlantedAccountKey7f3a=="
PLANTED = ("PlantedSasSignature7f3a", CLIENT_SECRET, "PlantedBearer7f3a")
"""Never anywhere. What stands in a body that we must not lose may be kept where bodies are: see `IN_BODIES`."""
IN_BODIES = (PASSWORD, "PlantedAccountKey7f3a")

FAULTS: dict[str, list[Fault]] = {
    "well": [],
    "killed before": [Fault("kill-before", number=40)],
    "killed after": [Fault("kill-after", number=45)],
    "killed at the first write": [Fault("kill-after", method="PUT|PATCH")],
    "reset": [Fault("reset-after", method="PUT|PATCH", nth=2)],
    "refused": [
        Fault("status", method="PUT|PATCH", nth=0, status=403, code=f"AuthorizationFailed {'Bearer PlantedBearer7f3a'}")
    ],
    "throttled": [Fault("status", nth=3, status=429, code="TooManyRequests", headers={"Retry-After": "5"})],
    "unauthorized": [
        Fault("status", nth=2, status=401, code="InvalidAuthenticationToken", headers={"WWW-Authenticate": "Bearer x"})
    ],
    "server error": [Fault("status", method="PUT|PATCH", nth=1, status=500)],
    "malformed": [Fault("malformed", nth=5)],
    "empty": [Fault("empty", nth=6)],
}


def scene() -> Any:
    """Return a scene whose bodies hold what they should not."""
    found = copy.deepcopy(one_server(present=True))
    server = next(one for one in found.estate["resources"] if one["id"] == SERVER)
    server["properties"] = {**server.get("properties", {}), "administratorLoginPassword": PASSWORD}
    server["tags"] = {"note": CONNECTION_STRING}
    return found


def tokens(azure: EmbeddedAzure) -> list[str]:
    """Return the tokens that the operator's credential gives."""
    connection = azure.connection()
    found = []
    for audience in ("https://management.azure.com/.default", "https://vault.azure.net/.default"):

        async def ask(audience: str = audience) -> Any:
            return await connection.credential.get_token(audience)

        found.append(str(connection.run(ask).token))
    return found


def artefacts(folder: Path) -> str:
    """Return all that stands in files below *folder*."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "reserve"]
    return "\n".join(path.read_bytes().decode("utf-8", "replace") for path in files)


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
def test_nothing_secret_is_written_down(
    faults: list[Fault], tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", CLIENT_SECRET)
    monkeypatch.setenv("AZURE_STORAGE_SAS", SAS)
    play = scene()
    azure = simulator.azure(estate=play.estate)
    said: list[str] = []
    runs = tmp_path / "runs"

    def doing(verb: Any, *arguments: Any, **options: Any) -> Any:
        try:
            found = verb(*arguments, connection=azure.connection(), **options)
        except cmk.CmkError as error:
            said.append(describe(error))
            said.append(repr(error))
            return None
        with suppress(TypeError):
            said.extend(cmk.render(found, name) for name in ("text", "markdown", "json"))
        said.append(repr(found))
        return found

    review = doing(cmk.dry_run, play.plan, runs=runs)
    assert review is not None
    cmk.save_review(review, tmp_path / "review.json")
    for fault in faults:
        azure.faults.add(copy.deepcopy(fault))
    try:
        doing(
            cmk.apply, review, accept=review.acknowledgements_required, progress=lambda event: said.append(repr(event))
        )
    except Killed:
        azure = azure.clone()
    azure.faults.planned.clear()
    run = review.digest
    if (runs / run).exists():
        doing(cmk.resume, run, runs=runs)
        back = doing(cmk.review_rollback, run, runs=runs)
        if back is not None:
            cmk.save_review(back, tmp_path / "back.json")
            doing(cmk.rollback, run, runs=runs, review=back, accept=back.acknowledgements_required)
        doing(cmk.verify, run, runs=runs)
    doing(cmk.verify, play.plan, runs=runs)
    said.append(json.dumps([one.to_json() | {"code": ""} for one in azure.requests]))  # the code is the fault's own
    estate = cmk.export_estate(f"/subscriptions/{SUB}", connection=azure.connection())

    whole = "\n".join([*said, caplog.text, artefacts(tmp_path)])
    assert len(caplog.records) > 50, "nothing was logged at debug level"
    for secret in (*PLANTED, *tokens(azure)):
        assert secret not in whole
        assert secret not in estate.to_yaml()
    assert "Bearer ey" not in whole
    for secret in IN_BODIES:
        assert secret not in estate.to_yaml()
        assert secret not in caplog.text
        assert secret not in "\n".join(said)
        assert secret not in (tmp_path / "review.json").read_text(encoding="utf-8")
        assert secret not in artefacts(runs), f"{secret} is in the run store"
