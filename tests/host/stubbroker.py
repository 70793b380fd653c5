# SPDX-License-Identifier: MIT
"""The least of an MQTT broker: takes CONNECT, PUBLISH (quality 1), DISCONNECT; MQTT 3.1.1 (OASIS), chapters 2 and 3."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from typing import Any


class Broker:
    """`got`: (topic, JSON) of what was published; `logins`: (user, password)."""

    def __init__(
        self,
        connack: int = 0,
        hangs_up: bool = False,
        acknowledges: bool = True,
        served: ssl.SSLContext | None = None,
    ) -> None:
        self.got: list[tuple[str, Any]] = []
        self.logins: list[tuple[str, str]] = []
        self._connack = connack
        self._hangs_up = hangs_up
        self._acknowledges = acknowledges
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(5)
        self._served = served
        self.port: int = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Broker:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._thread.join()
        self._server.close()

    def _serve(self) -> None:
        """One connection."""
        connection, _ = self._server.accept()
        connection.settimeout(5)
        if self._served:
            try:
                connection = self._served.wrap_socket(connection, server_side=True)
            except OSError:  # a client that does not trust it
                connection.close()
                return
        with connection, connection.makefile("rb") as stream:
            while head := stream.read(1):
                kind, body = head[0] >> 4, stream.read(_length(stream))
                if kind == 1:
                    self._login(body)
                    if self._hangs_up:
                        return
                    connection.sendall(bytes((0x20, 2, 0, self._connack)))
                elif kind == 3:
                    (size,) = struct.unpack_from(">H", body)
                    self.got.append((body[2 : 2 + size].decode(), json.loads(body[4 + size :])))
                    if self._acknowledges:
                        connection.sendall(b"\x40\x02" + body[2 + size : 4 + size])
                else:  # DISCONNECT, or no MQTT at all
                    if kind != 14:
                        connection.sendall(b"what?\r\n")
                    return

    def _login(self, body: bytes) -> None:
        flags, at, texts = body[7], 10, []
        while at < len(body):
            (size,) = struct.unpack_from(">H", body, at)
            texts.append(body[at + 2 : at + 2 + size].decode())
            at += 2 + size
        if flags & 0xC0 == 0xC0:
            self.logins.append((texts[-2], texts[-1]))


def _length(stream: Any) -> int:
    """Seven bits a byte, the lowest first."""
    length = shift = 0
    while True:
        (byte,) = stream.read(1)
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return length
