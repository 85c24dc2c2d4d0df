"""The wheel we ship, and what the bare library pulls in.

Azure Automation installs for Python 3.10 on Linux from wheels, has no compiler and little room.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "cmk_remediate"
NOT_IN_THE_BARE_LIBRARY = {"azure_storage_blob", "jinja2", "rich", "starlette", "trustme", "typer", "uvicorn"}
MB = 10**6

pytestmark = pytest.mark.network


def run_pip(*arguments: str) -> None:
    """Run pip; where it fails because no index answers, skip."""
    answer = subprocess.run(
        [sys.executable, "-m", "pip", *arguments],
        cwd=ROOT,
        env=os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_RETRIES": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = answer.stdout + answer.stderr
    if answer.returncode != 0 and "connection broken by" in said:
        reason = next(line.strip() for line in said.splitlines() if "connection broken by" in line)
        pytest.skip(f"the package index cannot be reached: {reason}")
    assert answer.returncode == 0, said


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run_pip("wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT))
    (path,) = folder.glob("*.whl")
    return path


def unpacked_size(wheel: Path) -> int:
    with zipfile.ZipFile(wheel) as archive:
        return sum(info.file_size for info in archive.infolist())


def test_wheel_holds_the_package_and_its_data(wheel: Path) -> None:
    expected = {
        path.relative_to(ROOT).as_posix()
        for path in PACKAGE.rglob("*")
        if path.suffix in {".css", ".j2", ".json", ".md", ".py", ".yaml"} or path.name == "py.typed"
    }
    # `demo` carries out the plan of the checkout: the wheel brings it along.
    expected.add("cmk_remediate/simulator/estates/plan.yaml")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}

    assert wheel.name == "cmk_remediate-0.1.0-py3-none-any.whl"
    assert "cmk_remediate/py.typed" in names
    assert names == expected


def test_bare_library_installs_small_from_wheels_on_python_310(wheel: Path, tmp_path: Path) -> None:
    folder = tmp_path / "closure"
    run_pip(
        *("download", "--quiet", "--dest", str(folder), "--only-binary=:all:"),
        *("--python-version", "3.10", "--implementation", "cp", "--abi", "cp310", "--abi", "abi3", "--abi", "none"),
        *("--platform", "manylinux2014_x86_64", "--constraint", "requirements.lock", str(wheel)),
    )
    wheels = sorted(folder.glob("*.whl"))
    packed = sum(path.stat().st_size for path in wheels)
    unpacked = sum(unpacked_size(path) for path in wheels)
    print(f"\n{len(wheels)} wheels, {packed / MB:.1f} MB, unpacked {unpacked / MB:.1f} MB")

    assert {path.name for path in folder.iterdir()} == {path.name for path in wheels}
    assert {path.name.partition("-")[0].lower() for path in wheels} & NOT_IN_THE_BARE_LIBRARY == set()
    for path in wheels:
        python, abi, platform = path.stem.rsplit("-", 3)[1:]
        assert (abi == "none" and platform == "any") or (
            (abi == "abi3" or (python, abi) == ("cp310", "cp310")) and "manylinux2014_x86_64" in platform.split(".")
        ), f"{path.name} is neither pure nor cp310 manylinux2014"
    assert packed < unpacked < 100 * MB
