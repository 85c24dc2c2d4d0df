"""README.txt: what an auditor without any of our tools has to know."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from cmk_remediate.clock import format_utc
from cmk_remediate.evidence import members

if TYPE_CHECKING:
    from datetime import datetime

    from cmk_remediate.evidence.run_on_file import RunOnFile
    from cmk_remediate.model.result import Verification

_HOW = """\
HOW TO CHECK IT
  sha256sum -c SHA256SUMS            (GNU coreutils, in the unpacked folder)
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
    lines += ["", "WHAT IS IN IT"]
    lines += [f"  {member:<20} {what}" for member, what in members.WHAT.items()]
    lines += [f"  {members.ROLLBACK:<20} the same of the run that undid this one, if it was undone", ""]
    text = "\n".join(lines) + "\n" + _HOW.format(name=name)
    return text.encode("ascii", "backslashreplace")


def _row(word: str, target: str, text: str, code: str) -> list[str]:
    said = f"{text}{f' [{code}]' if code else ''}"
    flat = "".join(one if one.isprintable() else " " for one in said)
    return [f"  {word}: {target}", *textwrap.wrap(flat, 110, initial_indent="    ", subsequent_indent="    ")]
