"""README.txt: what an auditor without any of our tools has to know."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from cmk_remediate.clock import format_utc

if TYPE_CHECKING:
    from datetime import datetime

    from cmk_remediate.evidence.run_on_file import RunOnFile
    from cmk_remediate.model.result import Verification

_WHAT = """\
WHAT IS IN IT
  evidence.json        what this is evidence of; versions; what was found of each target
  review.json          what was reviewed; its member "digest" is the run's id
  plan.json            the plan the review was made from, and the SHA-256 of the plan file
  acceptances.json     what had to be accepted by name, what was, by whom and when
  journal.ndjson       every request before it was sent, and what came of it; each line has the SHA-256 of the line before
  before.ndjson        each resource's body before the first request for it
  after.ndjson         every body that was read when this file was made
  correlations.ndjson  each request with the ids under which Azure's logs have it
  rollback/            the same of the run that undid this one, if it was undone
  SHA256SUMS           the SHA-256 of every file but itself

HOW TO CHECK IT
  sha256sum -c SHA256SUMS                        (GNU coreutils, in the unpacked folder)
  cmk-remediate check-evidence {name}
  The sums tell an accident. Whoever can alter a file can compute sums: compare the SHA-256 of the zip with the one
  that was noted when it was made.
"""


def readme(name: str, run: RunOnFile, found: Verification, *, at: datetime, by: str) -> bytes:
    """Return the text for the evidence file *name* of *run*, in ASCII."""
    undone = f" by {run.state.rolled_back_by}" if run.state.rolled_back_by else ""
    lines = [
        "EVIDENCE OF A RUN OF CMK_REMEDIATE",
        f"  run     {run.review.digest}",
        f"  state   {run.state.word}{undone}",
        f"  tenant  {run.review.tenant} in {run.review.cloud}",
        f"  made    {format_utc(at)} by {by or 'an unknown caller'}",
        "",
        "HOW THE RUN LEFT EACH TARGET, BY ITS JOURNAL",
    ]
    for left in run.ends():
        lines += _row(left.end, left.id, left.text, left.code)
    lines += ["", "WHAT WAS FOUND OF EACH TARGET WHEN THIS WAS MADE"]
    for one in found.targets:
        lines += _row(one.verdict, one.id, one.text, one.code)
    text = "\n".join(lines) + "\n\n" + _WHAT.format(name=name)
    return text.encode("ascii", "backslashreplace")


def _row(word: str, target: str, text: str, code: str) -> list[str]:
    said = f"{text}{f' [{code}]' if code else ''}"
    flat = "".join(one if one.isprintable() else " " for one in said)
    return [f"  {word}: {target}", *textwrap.wrap(flat, 110, initial_indent="    ", subsequent_indent="    ")]
