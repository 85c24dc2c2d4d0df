"""Without these `cmk-remediate simulate` could print what leads nowhere, or lose what it was told."""

from __future__ import annotations

import socket
from importlib import util
from typing import TYPE_CHECKING

import pytest
import requests

from cmk_remediate import simulator
from cmk_remediate.cli import main
from cmk_remediate.errors import InputError
from cmk_remediate.simulator import server
from tests.simulator.server.process import simulating

if TYPE_CHECKING:
    from pathlib import Path

ROOT_GROUP = "/subscriptions/22222222-2222-4222-8222-222222222201/resourceGroups"


def test_the_command_prints_exports_serves_and_keeps_its_state(tmp_path: Path) -> None:
    options = ("--time-scale", "60", "--latency", "5ms")
    with simulating(tmp_path / "az.json", *options) as exports, requests.Session() as session:
        session.trust_env = False
        url = f"{exports['IDENTITY_ENDPOINT']}?api-version=2019-08-01&resource=https://management.azure.com/"
        token = session.get(url, headers={"X-IDENTITY-HEADER": exports["IDENTITY_HEADER"]}).json()
        made = session.put(
            f"{exports['ARM_ENDPOINT']}{ROOT_GROUP}/rg-new?api-version=2021-04-01",
            json={"location": "westeurope"},
            headers={"Authorization": f"Bearer {token['access_token']}"},
            verify=exports["REQUESTS_CA_BUNDLE"],
        )
        assert made.status_code == 201
        assert made.elapsed.total_seconds() >= 0.005
    assert [one["status"] for one in simulator.requests(tmp_path / "az.json")] == [201]
    assert simulator.azure(tmp_path / "az.json").world.get(f"{ROOT_GROUP}/rg-new") is not None
    assert exports["REQUESTS_CA_BUNDLE"] == str(tmp_path / "az.json.ca.pem")


def test_another_process_moves_the_servers_clock_on(tmp_path: Path) -> None:
    """As `--simulate az.json advance 6h` does while the server runs."""
    path = tmp_path / "az.json"
    with server.background(simulator.azure(path)) as served, requests.Session() as session:
        session.trust_env = False
        url, trusted = f"{served.addresses.arm}/subscriptions?api-version=2022-12-01", str(served.addresses.authority)
        assert session.get(url, verify=trusted).headers["Date"].startswith("Mon, 07 Jan 2030 08:")
        simulator.advance(path, 6 * 3600)
        assert session.get(url, verify=trusted).headers["Date"].startswith("Mon, 07 Jan 2030 14:")
    assert [one["number"] for one in simulator.requests(path)] == [1, 2]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--state", "az.json", "--latency", "soon"],
        ["--state", "az.json", "--time-scale", "0"],
        ["--state", "az.json", "--doubt", "no-such=doubt"],
        ["--state", "az.json", "--port", "70000"],
    ],
)
def test_a_wrong_option_is_an_error_of_usage(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main(["simulate", *arguments]) == 64
    assert "CMK100" in capsys.readouterr().err


def test_two_state_files_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main(["--simulate", "one.json", "simulate", "--state", "two.json"]) == 64
    assert "contradict" in capsys.readouterr().err


def test_a_taken_port_is_one_clear_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(InputError, match="CMK121"):
            server.server(simulator.azure(), port=taken.getsockname()[1])


def test_without_the_extra_there_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    real = util.find_spec
    monkeypatch.setattr(server, "find_spec", lambda name: None if name == "trustme" else real(name))

    with pytest.raises(InputError, match=r"CMK120.*trustme") as error:
        server.server(simulator.azure())
    assert "cmk-remediate[simulator]" in error.value.hint
