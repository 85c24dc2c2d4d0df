"""A terminal, as rich draws on it."""

from __future__ import annotations

import errno
import os
from typing import NoReturn

from rich.console import Console


class Screen(Console):
    """A console that says when its reader has left, as any other stream does."""

    def on_broken_pipe(self) -> NoReturn:
        """Raise instead of ending the process, which is what rich does, once it has led our stdout nowhere."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
