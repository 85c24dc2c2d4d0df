"""No artefact of any kind of run holds a token or a secret, however it ends: what is written down is passed around."""

from __future__ import annotations

import json
import logging
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

import cmk_remediate as cmk
from cmk_remediate import simulator
from cmk_remediate.cli import main
from cmk_remediate.cli.running import describe
from cmk_remediate.planfile.job import parse_job
from cmk_remediate.simulator.faults import Fault
from tests import azurite
from tests.e2e.estates import SUB, one_server
from tests.e2e.stage import Stage
from tests.e2e.test_blob_runs import staged
from tests.faults.plans import Case, shipped, smallest
from tests.hostile.planted import IN_BODIES, PASSWORD, SAS, Course, artefacts, in_bodies, in_environment, leaked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cmk_remediate.simulator.embedded import EmbeddedAzure
    from tests.azurite import Azurite

KILLED = [Fault("kill-after", method="PUT|PATCH")]
FAULTS: dict[str, list[Fault]] = {
    "well": [],
    "killed before": [Fault("kill-before", number=40)],
    "killed after": [Fault("kill-after", number=45)],
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


@pytest.fixture(autouse=True)
def _planted(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Plant what lies about on a machine, and log all there is to log."""
    in_environment(monkeypatch)
    caplog.set_level(logging.DEBUG)


def course(scene: Any) -> Course:
    """Return a course of verbs on *scene*."""
    return Course(simulator.azure(estate=in_bodies(scene).estate), lambda azure: azure.connection())


def job(fields: dict[str, Any]) -> object:
    """Read *fields* as a runbook's argument."""
    return parse_job(json.dumps(fields), variable=lambda _: None, environment={})


def requests_of(azure: EmbeddedAzure) -> str:
    """Return the requests as they can be listed; less the codes, which are the faults' own."""
    return json.dumps([one.to_json() | {"code": ""} for one in azure.requests])


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
def test_nothing_secret_is_written_down(faults: list[Fault], tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    runs, one = tmp_path / "runs", course(one_server())
    review = one.applied(one_server().plan, runs, faults)
    cmk.save_review(review, tmp_path / "review.json")
    begun = (runs / review.digest).exists()
    if begun:
        back = one.gone_on(review.digest, runs)
        cmk.save_review(back or review, tmp_path / "back.json")
    one.does(cmk.verify, one_server().plan, runs=runs)
    assert begun == (runs / "evidence" / f"{review.digest}.zip").exists()
    estate = cmk.export_estate(f"/subscriptions/{SUB}", connection=one.azure.connection())
    assert len(caplog.records) > 50, "nothing was logged at debug level"
    for text in ("\n".join(one.said), caplog.text, artefacts(tmp_path), requests_of(one.azure), estate.to_yaml()):
        assert leaked(text) == []


@pytest.mark.parametrize("case", shipped(), ids=lambda case: case.name)
@pytest.mark.parametrize("faults", [[], KILLED], ids=["well", "killed at the first write"])
def test_nothing_secret_is_written_down_whatever_the_plan(
    case: Case, faults: list[Fault], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Every plan of plans/: review, files beside it, journal, the way back, what is logged and said, the estate's copy."""
    one, runs = course(case.scene), tmp_path / "runs"
    review = one.applied(case.scene.plan, runs, faults)
    cmk.save_review(review, tmp_path / "review.json")
    if review.artefacts:
        cmk.save_artefacts(review, tmp_path / "beside")
    back = one.gone_on(review.digest, runs)
    cmk.save_review(back or review, tmp_path / "back.json")
    estates = [
        cmk.export_estate(f"/subscriptions/{found['subscriptionId']}", connection=one.azure.connection()).to_yaml()
        for found in case.scene.estate["subscriptions"]
    ]
    held = json.dumps(one.azure.world.store.tables["resources"])
    assert all(secret in held for secret in IN_BODIES), "nothing was planted"
    assert len(caplog.records) > 50, "nothing was logged at debug level"
    for text in ("\n".join(one.said), caplog.text, artefacts(tmp_path), requests_of(one.azure), *estates):
        assert leaked(text) == []


SIGNED = f"https://runsaccount.blob.core.windows.net/journals/team?{SAS}"


@pytest.mark.parametrize(
    "given",
    [
        lambda: cmk.runs(SIGNED),
        lambda: cmk.load_review(SIGNED),
        lambda: cmk.load_plan(SIGNED),
        lambda: cmk.load_plan({**one_server().plan, "runs": SIGNED}),
        lambda: cmk.load_plan({**one_server().plan, "owner": [f"Password={PASSWORD}"], SIGNED: 1}),
        lambda: cmk.load_plan({**one_server().plan, "targets": [{"resource_id": SIGNED}]}),
        *(
            partial(job, fields)
            for fields in (
                {"do": "dry-run", "plan": "p", "runs": SIGNED},
                {"do": "verify", "plan": SIGNED},
                {"do": "verify", "plan": "p", "client_id": SIGNED},
                {"do": "apply", "review": SIGNED, "digest": "d"},
                {SIGNED: 1},
            )
        ),
    ],
)
def test_a_url_that_somebody_pasted_with_its_signature_is_not_repeated(given: Callable[[], object]) -> None:
    """What a job prints is read by more people than may read the store."""
    with pytest.raises(cmk.CmkError) as caught:
        given()
    assert leaked(f"{describe(caught.value)}\n{caught.value!r}\n{caught.value}") == []


def test_nothing_secret_is_in_what_the_command_line_prints_or_keeps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """An Azure's state holds its bodies, as Azure does, but nobody's token; neither does its list of requests."""
    state, runs, plan = tmp_path / "az" / "az.json", tmp_path / "runs", tmp_path / "plan.yaml"
    state.parent.mkdir()
    scene = in_bodies(one_server())
    connection = simulator.open(state, estate=scene.estate)
    connection.run(connection.close)
    plan.write_text(json.dumps(scene.plan), encoding="utf-8")
    general = ["-v", "--simulate", str(state), "--runs", str(runs)]

    def done(*arguments: object) -> int:
        return main([*general, *map(str, arguments)])

    assert done("dry-run", plan, "-o", tmp_path / "review.json") in (0, 2)
    review = cmk.load_review(tmp_path / "review.json")
    accept = [part for text in review.acknowledgements_required for part in ("--accept", text)]
    assert done("apply", tmp_path / "review.json", "--yes", *accept) == 0
    assert done("show", tmp_path / "review.json") == 0
    assert done("verify", review.digest) == 0
    assert done("verify", review.digest, "--evidence", runs) == 0
    assert done("check-evidence", runs / f"{review.digest}.zip") == 0
    assert done("runs") == 0
    assert done("requests", "--json") == 0
    assert done("rollback", review.digest, "--yes") == 0
    assert done("resume", "no such run") != 0
    captured = capsys.readouterr()
    assert len(captured.out) > 1000
    for text in (
        captured.out,
        captured.err,
        caplog.text,
        artefacts(runs),
        (tmp_path / "review.json").read_text("utf-8"),
    ):
        assert leaked(text) == []
    kept = artefacts(state.parent)
    assert all(one in kept for one in IN_BODIES), "this is where the bodies are"
    assert leaked(kept, bodies=False) == []


IN_BLOBS: list[tuple[Case, list[Fault]]] = [
    *((one, []) for one in (smallest(), *shipped()) if "plans" not in one.scene.plan),
    (smallest(), KILLED),
]
"""An estate leaves what its plans leave."""


@pytest.mark.parametrize(
    ("case", "faults"),
    IN_BLOBS,
    ids=[f"{case}{', killed at the first write' * bool(faults)}" for case, faults in IN_BLOBS],
)
def test_nothing_secret_is_in_a_blob(
    served: Azurite, case: Case, faults: list[Fault], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Reviews, journals and leases, in a container that more people may read than may change a server."""
    where = f"{azurite.ADDRESS}/{uuid.uuid4().hex}"
    scene = in_bodies(case.scene)

    def connect(azure: EmbeddedAzure) -> Any:
        return staged(Stage(azure, scene, tmp_path), served, where).connection

    one = Course(simulator.azure(estate=scene.estate), connect)
    review = one.applied(scene.plan, where, faults)
    cmk.save_review(review, connection=connect(one.azure))
    left = served.contents(where)
    if faults:
        assert any("/leases/" in name for name in left), "what a killed process leaves"
        cmk.unlock(where, review.digest, connection=connect(one.azure))
    one.gone_on(review.digest, where)
    left |= served.contents(where)
    assert sum("journal" in name for name in left) > 1
    assert any("/reviews/" in name for name in left)
    assert any(name.endswith(f"/evidence/{review.digest}.zip") for name in left)
    for text in ("\n".join(one.said), caplog.text, *left.values()):
        assert leaked(text) == []


def test_nothing_secret_of_a_tag_is_in_an_assessment() -> None:
    """Tags are selected by and shown; what somebody has pasted into one is not repeated, in no format."""
    scene = shipped()[0].scene
    assessment = cmk.assess(
        [f"/subscriptions/{one['subscriptionId']}" for one in scene.estate["subscriptions"]],
        connection=simulator.azure(estate=in_bodies(scene).estate).connection(),
    )
    assert any(one.tags for one in assessment.findings), "no tag is shown at all"
    for form in ("json", "text", "markdown", "html"):
        assert leaked(cmk.render(assessment, form)) == [], form
    assert leaked(repr(assessment)) == []
