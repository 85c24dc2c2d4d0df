"""What is imported when, and by whom: what import-linter cannot see."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("azure", "jinja2", "rich", "starlette", "trustme", "typer", "uvicorn")

LIST_MODULES = "import sys; before = set(sys.modules); import {name}; print(*sorted(set(sys.modules) - before))"


def modules_loaded_by(name: str) -> set[str]:
    """Import *name* in a fresh interpreter, and say which modules that loaded."""
    answer = subprocess.run(
        [sys.executable, "-c", LIST_MODULES.format(name=name)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(answer.stdout.split())


def imports_of(path: Path) -> set[str]:
    """Return the dotted names that the file at *path* imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} is a relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def is_inside(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def test_import_loads_no_sdk_no_terminal_library_no_web_server() -> None:
    loaded = modules_loaded_by("cmk_remediate")

    assert "cmk_remediate" in loaded
    assert sorted(name for name in loaded if name.partition(".")[0] in HEAVY) == []


def test_simulators_transport_imports_only_azure_core() -> None:
    names = imports_of(ROOT / "cmk_remediate" / "simulator" / "transport.py")
    azure = {name for name in names if is_inside(name, "azure")}

    assert azure, "the transport is a subclass of azure.core's"
    assert {name for name in azure if not is_inside(name, "azure.core")} == set()


def test_the_simulator_knows_nothing_of_what_it_judges() -> None:
    """One that shared a belief about Azure with the product could not find it wrong; the contract has to name each package."""
    shared = ("codes", "errors", "clock", "files", "nesting", "model.ids", "model.protocols", "simulator")
    names = {one for path in (ROOT / "cmk_remediate" / "simulator").rglob("*.py") for one in imports_of(path)}
    ours = {one for one in names if is_inside(one, "cmk_remediate")}
    assert ours
    assert {one for one in ours if not any(is_inside(one, f"cmk_remediate.{name}") for name in shared)} == set()


def is_public(name: str) -> bool:
    """Whether a runbook may import *name*: from the package itself or its simulator, not from a module within."""
    package, _, rest = name.partition(".")
    module = ROOT / package / rest.partition(".")[0]
    return (
        package in sys.stdlib_module_names
        or package == "automationassets"  # Azure Automation's own
        or is_inside(name, "cmk_remediate.simulator")
        or (package == "cmk_remediate" and (not rest or not (module.is_dir() or module.with_suffix(".py").exists())))
    )


@pytest.mark.parametrize("runbook", sorted((ROOT / "runbooks").glob("*.py")), ids=lambda path: path.name)
def test_runbooks_import_only_the_public_package(runbook: Path) -> None:
    assert {name for name in imports_of(runbook) if not is_public(name)} == set()


def test_what_runbooks_may_import() -> None:
    assert is_public("cmk_remediate")
    assert is_public("cmk_remediate.dry_run")
    assert is_public("cmk_remediate.simulator.open")
    assert is_public("json.loads")
    assert not is_public("cmk_remediate.clock.Clock")
    assert not is_public("cmk_remediate.engine.settle")
    assert not is_public("azure.core")
