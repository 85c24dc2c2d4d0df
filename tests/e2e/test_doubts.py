"""Where Azure's behaviour is not confirmed, the whole life of a server goes well under each reading.

Fails: the product is right only if Azure happens to behave the way somebody guessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cmk_remediate.simulator import doubts
from tests.e2e.estates import Scene, geo, geo_on_previous_cmk, one_server, previous_cmk, with_other_identities
from tests.e2e.lives import life

if TYPE_CHECKING:
    from tests.e2e.conftest import Azure

MET = (*doubts.KEYVAULT, *doubts.AUTHORIZATION, *doubts.SQL)
"""What the way of a server meets; the readings of other services are met where those are tested."""
OTHER = [(one.name, reading) for one in MET for reading in one.readings if reading != one.default]
"""Every reading that is not the default; the default ones are met together by all other tests, and once below."""
OF_SQL = [pair for pair in OTHER if pair[0] in {one.name for one in doubts.SQL}]
DEFAULT = (doubts.ALL[0].name, doubts.ALL[0].default)


def _ids(pairs: list[tuple[str, str]]) -> list[str]:
    return [f"{name}={reading}" for name, reading in pairs]


def _all_absent() -> Scene:
    return one_server(present=False)


@pytest.mark.parametrize("reading", [DEFAULT, *OTHER], ids=_ids([DEFAULT, *OTHER]))
def test_the_life_of_a_server_where_all_is_made(azure: Azure, reading: tuple[str, str]) -> None:
    life(azure, _all_absent(), reading)


@pytest.mark.parametrize("reading", OF_SQL, ids=_ids(OF_SQL))
def test_the_life_of_a_server_on_another_key(azure: Azure, reading: tuple[str, str]) -> None:
    life(azure, previous_cmk(), reading, rotate=True)


@pytest.mark.parametrize("reading", OF_SQL, ids=_ids(OF_SQL))
def test_the_life_of_a_geo_pair(azure: Azure, reading: tuple[str, str]) -> None:
    life(azure, geo(), reading, rotate=True)


@pytest.mark.parametrize("order", list(doubts.SQL_GEO_ROLLBACK.readings))
@pytest.mark.parametrize("rotate", [False, True])
def test_the_life_of_a_geo_pair_on_another_key(azure: Azure, order: str, *, rotate: bool) -> None:
    life(azure, geo_on_previous_cmk(), (doubts.SQL_GEO_ROLLBACK.name, order), rotate=rotate)


@pytest.mark.parametrize("patch", list(doubts.SQL_IDENTITY_PATCH.readings))
@pytest.mark.parametrize("spelling", ["sent", "spaced", "unspaced"])
def test_identities_of_the_owner_stay_attached(azure: Azure, patch: str, spelling: str) -> None:
    scene = with_other_identities()
    settings = {"identity_spelling": spelling}
    scene = Scene({**scene.estate, "settings": settings}, scene.plan)
    life(azure, scene, (doubts.SQL_IDENTITY_PATCH.name, patch))
