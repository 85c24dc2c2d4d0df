"""``python -m tests.conformance.recordings``: how far the embedded Azure agrees with what was recorded, written into its page."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tests.conformance.recordings.figures import page
from tests.conformance.recordings.recorded import sequences
from tests.conformance.recordings.replay import replayed

PAGE = Path(__file__).parents[3] / "docs" / "simulator.md"

seen = replayed(sequences())
figures = page(seen)
sys.stdout.write(figures)
for one in seen:
    for text in one.differences or ():
        sys.stdout.write(f"{one.recording} {one.number}: {one.operation}: {text}\n")
stated = re.compile(r"(?<=<!-- recorded -->\n).*?(?=<!-- /recorded -->)", re.DOTALL)
PAGE.write_text(stated.sub(lambda _: figures, PAGE.read_text(encoding="utf-8")), encoding="utf-8")
