# SPDX-License-Identifier: MIT
"""Lends one more controller of the air to another process, over HCI on a loopback TCP port.

That process sets KNEESENSE_RADIO=tcp-client:127.0.0.1:PORT and then scans, pairs and runs as with a real adapter.
"""

from __future__ import annotations

import asyncio
from typing import Any

from bumble.transport.common import PacketParser

from .air import Air, AirController

LOOPBACK = "127.0.0.1"


class _Sink:
    """Controller to host: raw HCI packets onto the socket."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def on_packet(self, packet: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(packet)


async def serve(air: Air, port: int = 0) -> tuple[asyncio.Server, str]:
    """Listen; returns the server and the value for KNEESENSE_RADIO."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        controller: Any = AirController("lent", link=air)
        controller.set_packet_sink(_Sink(writer))
        parser = PacketParser(controller)
        try:
            while data := await reader.read(4096):
                parser.feed_data(data)
        except (ConnectionError, asyncio.CancelledError):
            pass  # cancelled: the world is over; its end waits for nobody, so nothing is lost by swallowing this
        finally:
            # The adapter is gone with its process: the peer sees a supervision timeout.
            air.drop_controller(controller)
            writer.close()

    server = await asyncio.start_server(client, LOOPBACK, port)
    return server, f"tcp-client:{LOOPBACK}:{server.sockets[0].getsockname()[1]}"
