# SPDX-License-Identifier: MIT
"""An empty board: whoever pulls its virtual cable, it goes on; its runner holds the button, as nobody else can."""

import asyncio
import socket
import struct
from types import SimpleNamespace

import pytest

pytest.importorskip("bumble", reason="no virtual radio: pip install 'kneesense[demo]'")

from kneesense.world import attentive, bonding
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


async def test_the_button_is_held_while_nobody_is_paired_and_where_it_sleeps_and_never_without_a_program(
    monkeypatch,
):
    monkeypatch.setattr(attentive, "_LOOK_S", 0)
    held = []

    async def press(seconds):
        held.append(seconds)
        unit.board.power.asleep = False
        if len(held) == 3:
            bonds.append([bonding.PEER_SEC, "a computer", "its keys"])

    def kept(name):
        assert name == "bonds.json"
        if not held:
            raise FileNotFoundError(name)
        return bonds

    bonds = [[bonding.OUR_IRK, "irk", "the unit's own"]]
    board = SimpleNamespace(button=SimpleNamespace(press=press), power=SimpleNamespace(asleep=False))
    unit = SimpleNamespace(process=None, kept=kept, board=board)
    holding = asyncio.create_task(attentive.hold_the_button(unit))
    await _turns()
    assert held == []
    unit.process = "runs"
    await _turns()
    assert held == [attentive._PAIR_S] * 3
    board.power.asleep = True
    await _turns()
    holding.cancel()
    assert held[3:] == [attentive._WAKE_S]


async def _turns():
    for _ in range(50):
        await asyncio.sleep(0)
