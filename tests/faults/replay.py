"""Show one seeded run request by request: `cmk-remediate replay SEED`, or `python -m tests.faults.replay [SETTING] SEED`."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from pathlib import Path

from tests.faults.story import told_story
from tests.faults.telling import lines


def main(seed: int, only: str = "") -> int:
    """Tell the story of *seed*, in the setting *only* if given, and return 1 if a promise was broken in it."""
    logging.disable(logging.CRITICAL)  # an SDK complains of answers that were spoiled on purpose
    with tempfile.TemporaryDirectory() as folder:
        story = told_story(seed, Path(folder).resolve() / "runs", only)
    print("\n".join(lines(story)), flush=True)
    return int(bool(story.faults))


if __name__ == "__main__":
    # Not sys.exit: what the killed processes left standing would complain as the interpreter takes it down.
    os._exit(main(int(sys.argv[-1]), *sys.argv[1:-1]))
