"""A proxy that leads only here: clients keep the cloud's own host names, and nothing leaves the machine.

A client with HTTPS_PROXY set asks it to CONNECT to ``management.azure.com:443``, ``<vault>.vault.azure.net:443`` or the authority
and is connected to the server, whose certificate holds those names. Every other host is refused as one that does not exist.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_CONNECT = re.compile(rb"CONNECT \[?([^\s\]]+?)\]?:(\d+) HTTP/1\.[01]\r\n", re.IGNORECASE)
_BLOCK = 65536


class Relay:
    """Joins connections for this Azure's hosts to its server."""

    def __init__(self, port: int, known: Callable[[str], bool]) -> None:
        """Lead to *port* on loopback; *known* says whether a host is this Azure's."""
        self._port = port
        self._known = known
        self._open: dict[asyncio.StreamWriter, None] = {}

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client to its end."""
        self._open[writer] = None
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await self._serve(reader, writer)
        finally:
            self._open.pop(writer, None)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked = _CONNECT.match(head)
        if asked is None:
            return await _refuse(writer, "405 Method Not Allowed", "This proxy only does CONNECT: set NO_PROXY.")
        host = asked[1].decode("latin-1").lower()
        if not self._known(host):
            return await _refuse(writer, "502 Bad Gateway", f"No host of the embedded Azure is called {host}.")
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        self._open[back] = None
        try:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(_copy(reader, back), _copy(there, writer))
        finally:
            self._open.pop(back, None)
            back.close()
        return None

    def close(self) -> None:
        """End every connection."""
        for writer in list(self._open):
            writer.close()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Copy until *source* ends, then end *target*: a tunnel of which one side is gone is of no use."""
    with suppress(ConnectionError):
        while block := await source.read(_BLOCK):
            target.write(block)
            await target.drain()
    target.close()


async def _refuse(writer: asyncio.StreamWriter, status: str, text: str) -> None:
    body = (text + "\n").encode()
    writer.write(f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n".encode())
    writer.write(b"Connection: close\r\n\r\n" + body)
    await writer.drain()
