"""One journal, two processes: the one that was taken over from writes nothing any more.

Fails: a lid that is opened spoils the journal of the run that goes on, and nobody can say any more what was sent.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from cmk_remediate import codes
from cmk_remediate.engine.journal import Journal
from cmk_remediate.engine.local_store import LocalStore
from cmk_remediate.errors import LeaseLost
from tests.engine.journal_parts import ended, intent, review, started

if TYPE_CHECKING:
    from pathlib import Path


def test_two_processes_with_one_journal_do_not_spoil_it(tmp_path: Path) -> None:
    """The one that was taken over from wakes up and would write down how its last request ended."""

    async def main() -> None:
        store = LocalStore(tmp_path)
        old = await Journal.create(store, review(), started())
        await old.append(intent("a"))
        new = await Journal.open(store, started().run)
        await new.append(intent("a", attempt=2))
        for _ in range(2):
            with pytest.raises(LeaseLost) as caught:
                await old.append(ended())
            assert caught.value.code == codes.engine.LEASE_LOST
        await new.append(ended())
        old.close()
        new.close()
        again = await Journal.open(store, started().run)
        assert again.records == (started(), intent("a"), intent("a", attempt=2), ended())
        again.close()

    asyncio.run(main())
