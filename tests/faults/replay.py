"""Show one seeded run request by request, on one screen: `cmk-remediate replay SEED`, all of it with `--all`.

`python -m tests.faults.replay [SETTING] SEED [--all]` tells a seed in a setting of one's choice.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
from pathlib import Path

from tests.faults.folding import screen
from tests.faults.scenario import SETTINGS
from tests.faults.story import told_story
from tests.faults.telling import lines


def main(arguments: list[str]) -> int:
    """Tell the story of a seed and return 1 if a promise was broken in it."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.replay", description=__doc__)
    parser.add_argument("setting", nargs="?", default="", choices=["", *SETTINGS], help="tell it in this setting")
    parser.add_argument("seed", type=int)
    parser.add_argument("--all", action="store_true", help="fold nothing")
    given = parser.parse_args(arguments)
    logging.disable(logging.CRITICAL)  # an SDK complains of answers that were spoiled on purpose
    with tempfile.TemporaryDirectory() as folder:
        story = told_story(given.seed, Path(folder).resolve() / "runs", given.setting)
    print("\n".join(lines(story) if given.all else screen(story)), flush=True)
    return int(bool(story.faults))


if __name__ == "__main__":
    # Not sys.exit: what the killed processes left standing would complain as the interpreter takes it down.
    os._exit(main(sys.argv[1:]))
