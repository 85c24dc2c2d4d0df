"""The state file, between processes and after a sudden death."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cmk_remediate import simulator
from cmk_remediate.errors import InputError
from cmk_remediate.simulator.settings import Settings
from tests.simulator.core.toy import IDENTITY, PROVIDERS, THINGS, Raw, azure, estate

if TYPE_CHECKING:
    from cmk_remediate.simulator.embedded import EmbeddedAzure


def opened(path: Path, settings: Settings | None = None) -> EmbeddedAzure:
    return simulator.azure(path, estate=estate(), settings=settings or Settings.immediate(), providers=PROVIDERS)


def test_what_was_answered_is_there_for_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "az.json"
    raw = Raw(opened(path))
    url = raw("PATCH", f"{THINGS}/one", {"tags": {"a": "b"}}).headers["Azure-AsyncOperation"]
    raw.azure.clock.catch_up(raw.azure.clock.stamp() + 100)
    assert raw("GET", f"{THINGS}/one").body["tags"] == {"a": "b"}
    again = Raw(opened(path))
    assert again.azure.clock.stamp() == raw.azure.clock.stamp()
    assert again("GET", url).body["status"] == "Succeeded"
    assert [one["number"] for one in simulator.requests(path)] == [1, 2, 3]
    first = simulator.requests(path)[0]
    assert (first["method"], first["status"], first["at"]) == ("PATCH", 202, "2030-01-07T08:00:00Z")
    assert len(first["digest"]) == 64


def test_two_processes_see_each_other_and_share_one_clock(tmp_path: Path) -> None:
    path = tmp_path / "az.json"
    one, two = Raw(opened(path)), Raw(opened(path))
    one("PUT", f"{IDENTITY}/by-one", {"location": "westeurope"})
    assert two("GET", f"{IDENTITY}/by-one").status == 200
    two("PUT", f"{IDENTITY}/by-two", {"location": "westeurope"})
    two.wait(500)
    assert one("GET", f"{IDENTITY}/by-two").status == 200
    assert one.azure.clock.stamp() == two.azure.clock.stamp()
    assert [entry["number"] for entry in simulator.requests(path)] == [1, 2, 3, 4]


def test_a_torn_line_is_as_if_the_request_had_not_been_answered(tmp_path: Path) -> None:
    path = tmp_path / "az.json"
    raw = Raw(opened(path))
    raw("PUT", f"{IDENTITY}/kept", {"location": "westeurope"})
    changes = path.with_name("az.json.changes.ndjson")
    changes.write_bytes(changes.read_bytes() + b'{"generation": 1, "now": 1, "chan')
    again = Raw(opened(path))
    assert again("GET", f"{IDENTITY}/kept").status == 200
    again("PUT", f"{IDENTITY}/later", {"location": "westeurope"})
    third = Raw(opened(path))
    assert third("GET", f"{IDENTITY}/later").status == 200
    assert all(json.loads(line) for line in changes.read_text().splitlines())


def test_closing_folds_the_changes_and_keeps_the_clock(tmp_path: Path) -> None:
    path = tmp_path / "az.json"
    it = opened(path)
    connection = it.connection()
    Raw(it)("PUT", f"{IDENTITY}/x", {"location": "westeurope"})

    async def main() -> None:
        await connection.clock.sleep(50)
        await connection.close()

    connection.run(main)
    assert not path.with_name("az.json.changes.ndjson").exists()
    again = Raw(opened(path))
    assert again.azure.clock.stamp() == pytest.approx(it.clock.stamp())
    assert again("GET", f"{IDENTITY}/x").status == 200


def test_a_process_killed_after_an_answer_has_lost_nothing(tmp_path: Path) -> None:
    path = tmp_path / "az.json"
    opened(path)
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from tests.simulator.core.test_state import opened\n"
        "from tests.simulator.core.toy import IDENTITY, Raw\n"
        "raw = Raw(opened(Path(sys.argv[1])))\n"
        "raw('PUT', f'{IDENTITY}/x', {'location': 'westeurope'})\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONPATH": "."},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    again = Raw(opened(path))
    assert again("GET", f"{IDENTITY}/x").status == 200
    assert [one["method"] for one in simulator.requests(path)] == ["PUT", "GET"]


def test_settings_doubts_and_seed_last(tmp_path: Path) -> None:
    path = tmp_path / "az.json"
    simulator.azure(path, estate=estate(), seed=7, settings=Settings.immediate(latency=1.0), providers=PROVIDERS)
    again = simulator.azure(path, providers=PROVIDERS)
    assert (again.world.settings.latency, again.world.seed, again.world.settings.eventual) == (1.0, 7, (0.0, 10.0))


def test_what_is_not_a_state_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "az.json"
    path.write_text("{}")
    with pytest.raises(InputError, match="CMK106"):
        opened(path)
    with pytest.raises(FileNotFoundError):
        simulator.azure(tmp_path / "none.json", estate=estate(), create=False, providers=PROVIDERS)


@pytest.mark.parametrize(
    "more",
    [
        {"nonsense": 1},
        {"subscriptions": []},
        {"resources": [{"id": "/nowhere"}]},
        {"resources": [{"id": "/subscriptions/x/resourceGroups/y/providers/A.B/c/d"}]},
        {"operator": {"role": "Nobody"}},
        {"settings": {"nonsense": 1}},
        {"locks": [{"level": "ReadOnly"}]},
    ],
)
def test_a_wrong_estate_is_refused(more: dict[str, object]) -> None:
    with pytest.raises(InputError, match="CMK106"):
        simulator.azure(estate=estate(**more), providers=PROVIDERS)


def test_estates_are_read_from_yaml_and_json(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(estate()))
    (tmp_path / "a.yaml").write_text(json.dumps(estate()))
    (tmp_path / "b.yaml").write_text("operator: [\n")
    for name in ("a.json", "a.yaml"):
        it = simulator.azure(estate=tmp_path / name, settings=Settings.immediate(), providers=PROVIDERS)
        assert Raw(it)("GET", f"{THINGS}/one").status == 200
    with pytest.raises(InputError, match="CMK106"):
        simulator.azure(estate=tmp_path / "b.yaml", providers=PROVIDERS)


def test_a_clone_goes_its_own_way() -> None:
    raw = Raw(azure())
    raw("PATCH", f"{THINGS}/one", {"tags": {"a": "b"}})
    copy = Raw(raw.azure.clone())
    copy.wait(61)
    assert copy("GET", f"{THINGS}/one").body["tags"] == {"a": "b"}
    assert "tags" not in raw("GET", f"{THINGS}/one").body
