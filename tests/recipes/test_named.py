"""Whatever a service may say of a target is shown by a case of its tables.

Fails: a refusal, a door or an open question of Azure is met by no case, so nobody has looked at what a review says of it.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import cmk_remediate
from cmk_remediate import codes
from cmk_remediate.codes.code import Code
from cmk_remediate.services import services
from cmk_remediate.simulator import doubts
from tests.recipes.runner import load

if TYPE_CHECKING:
    from cmk_remediate.simulator.declare import Doubt

HERE = Path(__file__).parent
PRODUCT = Path(cmk_remediate.__file__).parent
FOLDERS = tuple(name.replace("-", "_") for name in services())
ITS_CODES = {"sql_database": "sql_databases"}
"""Modules of codes that are called otherwise than their service."""
WITHIN = {"sql": ("sql_database",)}
"""Services that lie in another one's package."""
ON_SETS = ("aks", "managed_disks")
"""Services whose disks are moved by steps that they share."""
OPEN = (*doubts.COSMOSDB, *doubts.COMPUTE, *doubts.CONTAINERSERVICE)
"""Doubts that the tables of their services name."""
_KIND = re.compile(r"Acceptance\(\s*\"([a-z-]+)\"")


@cache
def tables(folder: str) -> str:
    """Return the tables of the service in *folder*, and those of the shared steps."""
    folders = (folder, "steps", *WITHIN.get(folder, ()))
    paths = (path for one in folders for path in (HERE / one).rglob("*.json"))
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


@cache
def names() -> tuple[str, ...]:
    """Return the names of all cases."""
    return tuple(case.name for path in HERE.rglob("*.json") for case in load(path))


def accepted(folder: str) -> set[str]:
    """Return the kinds of names that the service in *folder* asks for."""
    places = [PRODUCT / "services" / folder, *([PRODUCT / "steps" / "disks"] if folder in ON_SETS else [])]
    sources = (path.read_text(encoding="utf-8") for place in places for path in place.rglob("*.py"))
    return {kind for source in sources for kind in _KIND.findall(source)}


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_code_of_a_service_is_in_its_tables(folder: str) -> None:
    own = [one for one in vars(getattr(codes, ITS_CODES.get(folder, folder))).values() if isinstance(one, Code)]
    assert own
    assert [one for one in own if one not in tables(folder)] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_name_that_is_asked_for_is_in_its_tables(folder: str) -> None:
    assert sorted(kind for kind in accepted(folder) if f" {kind}:" not in tables(folder)) == []


@pytest.mark.parametrize("folder", ["cosmosdb", "managed_disks"])
def test_names_are_found_in_the_source(folder: str) -> None:
    assert len(accepted(folder)) > 3


@pytest.mark.parametrize("doubt", OPEN, ids=lambda one: one.name)
def test_a_doubt_is_named_by_a_case(doubt: Doubt) -> None:
    assert [name for name in names() if f"doubt {doubt.name}" in name] != []
