"""The embedded Azure as a server: HTTPS on loopback, for any client that can be pointed at it. Needs the extra ``[simulator]``.

`server` makes one around an embedded Azure, `background` runs it in a thread; ``cmk-remediate simulate`` is made of them.
"""

from __future__ import annotations

from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cmk_remediate.simulator.embedded import EmbeddedAzure
    from cmk_remediate.simulator.server.running import Server

__all__ = ["background", "server"]

NEEDED = ("starlette", "trustme", "uvicorn")


def server(
    azure: EmbeddedAzure,
    *,
    port: int = 0,
    time_scale: float = 1.0,
    latency: float = 0.0,
    authority: Path | None = None,
) -> Server:
    """Return a server of *azure* that has taken its ports and waits to `serve`.

    Args:
        azure: what to serve; from now on its clock is the machine's, scaled.
        port: of Azure over HTTPS; the managed-identity endpoint and the proxy have the next two. 0: any free ones.
        time_scale: seconds that pass in Azure in one of the machine's.
        latency: seconds by which every answer is late.
        authority: where to write the certificate to trust; a temporary file where none is given.

    Raises:
        InputError: CMK120: the extra ``[simulator]`` is not installed; CMK121: a port is taken.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise InputError(codes.input_.SERVER_EXTRA_MISSING, f"not installed: {', '.join(missing)}")
    from cmk_remediate.simulator.server.running import Server  # noqa: PLC0415 - needs the extra

    return Server(azure, port=port, time_scale=time_scale, latency=latency, authority=authority)


@contextmanager
def background(
    azure: EmbeddedAzure,
    *,
    port: int = 0,
    time_scale: float = 1.0,
    latency: float = 0.0,
    authority: Path | None = None,
) -> Iterator[Server]:
    """Serve *azure* in a thread of its own while the block runs; arguments and errors as of `server`."""
    made = server(azure, port=port, time_scale=time_scale, latency=latency, authority=authority)
    from cmk_remediate.simulator.server import running  # noqa: PLC0415 - as above

    with running.background(made):
        yield made
