"""Tries mutants in forks of one process that has every test loaded: the code is swapped in, and the tests that execute it run.

Usage, in the mutants' checkout: ``python -m tests.mutation.forks SESSION AT_ONCE PLACE...``. What runs at import is imported anew
in the fork. Only what a test notices is written to the session; what is left there `order` gives a process of its own.
"""

from __future__ import annotations

import difflib
import os
import resource
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from _pytest.runner import runtestprotocol
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import TestOutcome, WorkerOutcome, WorkResult

from tests.mutation.anew import fails_anew
from tests.mutation.covering import Executed, covering, measured
from tests.mutation.order import AT_MOST, everywhere, ordered
from tests.mutation.swapping import swap

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NOTICED, UNNOTICED = range(2)
"""How a fork ends: a test failed; none did."""
LONGEST = "60"
"""Seconds of one test."""


@dataclass(frozen=True)
class Mutant:
    """One change: the session's name for it, its module, and that module before and after."""

    job: str
    module: Path
    before: str
    after: str

    @property
    def diff(self) -> str:
        """The change, as the session keeps it."""
        before, after = self.before.split("\n"), self.after.split("\n")
        return "\n".join(difflib.unified_diff(before, after, f"a/{self.module}", f"b/{self.module}", lineterm=""))


@dataclass
class Forks:
    """The test loop: as many forks at once as there may be.

    Attributes:
        session: the session that mutants come from and results go to.
        at_once: forks.
        executed: which test executes which line.
        places: where the tests are.
        at_work: the mutant that each fork tries, by process id.
        tally: how many forks ended how.
    """

    session: WorkDB
    at_once: int
    executed: Executed
    places: Sequence[str]
    at_work: dict[int, Mutant] = field(default_factory=dict)
    tally: list[int] = field(default_factory=lambda: [0, 0])

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try every mutant of the session that has no result yet."""
        if session.testsfailed:
            raise session.Interrupted("the tests cannot be collected")
        tests = _by_name(session.items)
        for unchanged in (partial(_runs, session.items), self._unchanged_anew):
            child = os.fork()
            if not child:
                _end(unchanged())
            if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != UNNOTICED:
                raise session.Interrupted("the tests fail in a fork")
        for mutant in mutants(self.session):
            while len(self.at_work) >= self.at_once:
                self._reap()
            child = os.fork()
            if not child:
                _end(self._tried(mutant, tests))
            self.at_work[child] = mutant
        while self.at_work:
            self._reap()
        print(f"in forks: {self.tally[NOTICED]} noticed, {self.tally[UNNOTICED]} not")
        return True

    def _unchanged_anew(self) -> int:
        """Import everything anew and change nothing: what is noticed then says nothing of a mutant."""
        one = next(mutants(self.session), None)
        failed = one is not None and fails_anew(one.module, one.before, ordered(one.module, everywhere(self.places)))
        return NOTICED if failed else UNNOTICED

    def _tried(self, mutant: Mutant, tests: Mapping[str, Sequence[pytest.Item]]) -> int:
        """Put *mutant* in place and run the tests that can notice it; the process is of no other use afterwards."""
        resource.setrlimit(resource.RLIMIT_CPU, (AT_MOST, AT_MOST))
        names = covering(self.executed, mutant.module, mutant.before, mutant.after)
        if names is not None and swap(mutant.before, mutant.after, str(mutant.module.resolve())):
            first, later = ordered(mutant.module, names)
            return _runs([item for name in (*first, *later) for item in tests.get(name, ())])
        chosen = everywhere(self.places) if names is None else names
        failed = fails_anew(mutant.module, mutant.after, ordered(mutant.module, chosen))
        return NOTICED if failed else UNNOTICED

    def _reap(self) -> None:
        child, status = os.wait()
        mutant = self.at_work.pop(child)
        # A fork that ended otherwise ran out of time or memory: it was noticed, too.
        end = UNNOTICED if os.waitstatus_to_exitcode(status) == UNNOTICED else NOTICED
        self.tally[end] += 1
        if end == NOTICED:
            result = WorkResult(WorkerOutcome.NORMAL, test_outcome=TestOutcome.KILLED, diff=mutant.diff)
            self.session.set_result(mutant.job, result)


def mutants(session: WorkDB) -> Iterator[Mutant]:
    """Yield the mutants of *session* that have no result yet."""
    for item in list(session.pending_work_items):
        (change,) = item.mutations
        before = change.module_path.read_text("utf-8")
        after = mutate_code(before, get_operator(change.operator_name)(**change.operator_args), change.occurrence)
        if after is not None:
            yield Mutant(item.job_id, change.module_path, before, after)


def _by_name(items: Sequence[pytest.Item]) -> Mapping[str, Sequence[pytest.Item]]:
    """Return *items* by the name of their module, and by that of their function: all its parameters."""
    found: dict[str, list[pytest.Item]] = {}
    for item in items:
        for name in (item.nodeid.partition("[")[0], item.nodeid.partition("::")[0]):
            found.setdefault(name, []).append(item)
    return found


def _runs(items: Sequence[pytest.Item]) -> int:
    """Run *items* until one fails."""
    failed = (report.failed for item in items for report in runtestprotocol(item, log=False, nextitem=None))
    return NOTICED if any(failed) else UNNOTICED


def _end(code: int) -> None:
    """End a fork as it is: what its parent has open is its parent's to close."""
    os._exit(code)


def main() -> int:
    """Try the mutants of the session that is named."""
    name, at_once, *places = sys.argv[1:]
    executed = measured()
    with use_db(name, WorkDB.Mode.open) as session:
        options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--timeout", LONGEST]
        return int(pytest.main([*options, *places], plugins=[Forks(session, int(at_once), executed, places)]))


if __name__ == "__main__":
    raise SystemExit(main())
