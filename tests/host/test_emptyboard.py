# SPDX-License-Identifier: MIT
"""The virtual cable of an empty board: whoever pulls it, the board goes on."""

import socket
import struct
from types import SimpleNamespace

import pytest

pytest.importorskip("bumble", reason="no virtual radio: pip install 'kneesense[demo]'")

from kneesense.world.emptyboard import Cable
from kneesense.world.serialline import SerialLine

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class AtOnce:
    """An event loop that does everything where it is asked to."""

    def call_soon_threadsafe(self, call, *arguments):
        call(*arguments)


def test_a_connection_that_is_reset_is_heard_no_more(tmp_path):
    line = SerialLine(tmp_path / "console")
    unit = SimpleNamespace(board=SimpleNamespace(line=line), process=object())
    with socket.create_server(("127.0.0.1", 0)) as server:
        other = socket.create_connection(server.getsockname())
        peer, _ = server.accept()
    other.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    other.close()
    with peer, pytest.raises(ConnectionResetError):
        Cable(AtOnce(), unit).serve(peer)
    assert line._heard_by is None


def test_what_is_said_to_a_connection_that_has_just_gone_is_lost(tmp_path):
    line = SerialLine(tmp_path / "console")
    unit = SimpleNamespace(board=SimpleNamespace(line=line), process=object())
    here, there = socket.socketpair()
    with here, there:
        Cable(AtOnce(), unit)._plugged(here)
        here.shutdown(socket.SHUT_WR)
        line.booted()
