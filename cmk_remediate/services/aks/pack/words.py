"""Names from Azure, which may hold anything, inside Markdown and shell commands."""

from __future__ import annotations

import re
import shlex


def code(text: str) -> str:
    """Return *text* as a code span of Markdown, whatever is in it, on one line and in a table's cell."""
    shown = plain(text).replace("|", "\\|") or " "
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", shown)), default=0))
    return f"{fence} {shown} {fence}" if "`" in shown else f"{fence}{shown}{fence}"


def word(text: str) -> str:
    """Return *text* as one word of a shell command; the command stands in a block that no sign of it can end."""
    return shlex.quote(plain(text).replace("`", "?"))


def plain(text: str) -> str:
    """Return *text* in ASCII: what is not shown, or turns the direction of reading, stands as ``?``."""
    return "".join(one if " " <= one <= "~" else "?" for one in text)
