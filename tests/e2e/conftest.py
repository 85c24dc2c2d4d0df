"""The fixture every end-to-end test starts from: an Azure that is watched until a day after the test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

from cmk_remediate import simulator
from tests.e2e.desk import Desk
from tests.e2e.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.e2e.estates import Scene


class Azure(Protocol):
    """Opens an Azure that holds a scene."""

    def __call__(
        self, scene: Scene, *, doubts: Mapping[str, str] | None = None, seed: int = 0, **settings: Any
    ) -> Stage:
        """Return the stage; *settings* are those of the embedded Azure."""


class Sit(Protocol):
    """Seats an operator before an Azure that holds a scene."""

    def __call__(self, scene: Scene, **settings: Any) -> Desk:
        """Return the desk; *settings* as for `Azure`."""


@pytest.fixture
def desk(azure: Azure, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Sit:
    """Give the command line an Azure that is watched; each command is a new process's connection to it."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)

    def seated(scene: Scene, **settings: Any) -> Desk:
        stage = azure(scene, **settings)
        monkeypatch.setattr(simulator, "open", lambda _path, **_options: stage.connection)
        return Desk(stage, tmp_path, capsys)

    return seated


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Azure]:
    """Open Azures with the law monitor on; afterwards no law was broken, nor is one a day after all is quiet."""
    stages: list[Stage] = []

    def opened(scene: Scene, *, doubts: Mapping[str, str] | None = None, seed: int = 0, **settings: Any) -> Stage:
        chosen = simulator.Settings(**settings)
        world = simulator.azure(estate=scene.estate, doubts=doubts or {}, seed=seed, settings=chosen)
        stages.append(Stage(world, scene, tmp_path / f"runs-{len(stages)}"))
        return stages[-1]

    yield opened
    for stage in stages:
        stage.lawful()
