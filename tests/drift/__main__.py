"""Every line of every plan changed by another, each followed to the end; one of many servers. `python -m tests.drift [SERVERS]`."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.drift import judging
from tests.drift.fleet import one_drifted
from tests.drift.hands import hands
from tests.drift.worlds import World, cases


def main() -> int:
    """Run it all and return how it went."""
    parser = argparse.ArgumentParser(prog="python -m tests.drift", description=__doc__)
    parser.add_argument("servers", nargs="?", type=int, default=1000, help="how many, of which one drifts; 0 for none")
    given = parser.parse_args()
    bad = 0
    for case in cases():
        with tempfile.TemporaryDirectory() as folder:
            world = World(case, Path(folder).resolve())
            applied, undone, undoing = (
                list(hands(world.review, world.reviewed.azure)),
                list(hands(world.review, world.applied.azure)),
                list(hands(world.back, world.applied.azure)),
            )
            faults = [fault for hand in applied for fault in judging.before_apply(world, hand)]
            faults += [fault for hand in undone for fault in judging.before_rollback(world, hand, whole=True)]
            faults += [fault for hand in undoing for fault in judging.during_rollback(world, hand)]
        counts = f"{len(applied)} before apply, {len(undone)} before rollback, {len(undoing)} before its first write"
        print(f"{case.name}: another's changes: {counts}; {len(faults)} faults", flush=True)
        print(*faults, sep="\n", end="\n" if faults else "")
        bad += len(faults)
    if given.servers:
        with tempfile.TemporaryDirectory() as folder:
            result, written = one_drifted(given.servers, Path(folder).resolve())
        print(f"{given.servers} servers, one drifted: {result.text}; {len(written)} writes on that one")
        bad += sum(one.end == "done" for one in result.targets) != given.servers - 1 or bool(written)
    return int(bool(bad))


if __name__ == "__main__":
    raise SystemExit(main())
