# SPDX-License-Identifier: MIT
"""The `bluetooth` stand-in keeps the surprises of NimBLE under MicroPython."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from bleak import BleakClient, BleakScanner
from bleak.exc import BleakError

from kneesense.world import central, clock
from kneesense.world.air import Air
from kneesense.world.board import Board
from kneesense.world.firmware import Process
from kneesense.world.peripheral import Peripheral

SERVICE = "6b6eaaaa-0000-4000-8000-000000000000"
VALUE = "6b6ebbbb-0000-4000-8000-000000000000"

SETUP = f"""
import bluetooth, time
ble = bluetooth.BLE()
events = []
def irq(event, data):
    events.append(event)
    if event == 3:
        got.append(ble.gatts_read(value))
got = []
ble.irq(irq)
ble.active(True)
service = (bluetooth.UUID("{SERVICE}"), ((bluetooth.UUID("{VALUE}"), 0x02 | 0x08 | 0x10),))
((value,),) = ble.gatts_register_services((service,))
def advertise():
    ble.gap_advertise(100000, adv_data=b"\\x02\\x01\\x06\\x11\\x07" + bytes(bluetooth.UUID("{SERVICE}")))
def attempt(what):
    try:
        print(what())
    except Exception as error:
        print(type(error).__name__, error.args[0])
"""


def test_errors_are_those_of_the_real_stack(run_script: Callable[..., tuple]) -> None:
    out, _ = run_script("""
import bluetooth
def attempt(what):
    try:
        what()
        print("ok")
    except Exception as error:
        print(type(error).__name__, error.args[0])
ble = bluetooth.BLE()
attempt(lambda: ble.gap_advertise(100000, adv_data=b"x"))
ble.active(True)
attempt(lambda: ble.config(rxbuf=512))
attempt(lambda: ble.config(mtu=600))
attempt(lambda: ble.gap_advertise(100000, adv_data=bytes(32)))
ble.gap_advertise(100000, adv_data=b"\\x02\\x01\\x06")
attempt(lambda: ble.gatts_register_services(()))
attempt(lambda: ble.gatts_notify(5, 1, b"x"))
""")
    assert out.splitlines() == [
        "OSError 19", "ValueError unknown config param", "OSError 22", "OSError -18", "OSError 16", "OSError 107",
    ]  # fmt: skip


def with_peer(tmp_path: Path, text: str, peer: Callable[[BleakClient, Air, Board], Awaitable[None]]) -> str:
    """Run a peripheral program and let `peer` talk to it; returns what the program printed."""
    program = tmp_path / "program.py"
    program.write_text(SETUP + text)
    console = tmp_path / "console.txt"

    async def main() -> None:
        air = Air()
        central.install(air)
        board = Board(b"\x01" * 6, {}, Peripheral(air))
        with console.open("wb") as out:
            process = Process(board, tmp_path, out, program)
            process.start()
            try:
                device = await BleakScanner.find_device_by_filter(
                    lambda d, a: SERVICE in a.service_uuids, timeout=10
                )
                assert device is not None, console.read_text()
                client = BleakClient(device)
                await client.connect()
                with contextlib.suppress(BleakError):
                    await peer(client, air, board)
                async with asyncio.timeout(60):
                    await process.ended.wait()
            finally:
                await process.stop()

    clock.run(main, 1000)
    return console.read_text()


def test_a_buffer_cuts_at_20_bytes_unless_told_otherwise(tmp_path: Path) -> None:
    async def peer(client: BleakClient, air: Air, board: Board) -> None:
        await client.write_gatt_char(VALUE, bytes(range(50)), response=True)

    assert with_peer(tmp_path, "advertise()\ntime.sleep(5)\nprint(len(got[0]))", peer).split() == ["20"]


def test_lent_data_are_overwritten_after_the_handler(tmp_path: Path) -> None:
    async def peer(client: BleakClient, air: Air, board: Board) -> None:
        await asyncio.sleep(0.1)

    text = """
kept = []
def keep(event, data):
    if event == 1:
        kept.append(data[2])
ble.irq(keep)
advertise()
time.sleep(5)
print(bytes(kept[0]) == b"\\xee" * 6)
"""
    assert with_peer(tmp_path, text, peer).split() == ["True"]


def test_a_saturated_link_answers_enomem_and_loses_nothing(tmp_path: Path) -> None:
    received: list[int] = []

    async def peer(client: BleakClient, air: Air, board: Board) -> None:
        air.per_event = 1
        await client.start_notify(VALUE, lambda _, data: received.append(int.from_bytes(data, "little")))
        await client.write_gatt_char(VALUE, b"go", response=True)
        await asyncio.sleep(20)

    text = """
connections = []
def note(event, data):
    irq(event, data)
    if event == 1:
        connections.append(data[0])
ble.irq(note)
advertise()
while not got:
    time.sleep_ms(10)
sent = full = 0
while sent < 200:
    try:
        ble.gatts_notify(connections[0], value, bytes((sent,)))
        sent += 1
    except OSError as error:
        if error.errno != 12:
            raise
        full += 1
        time.sleep_ms(5)
print(full > 100)
time.sleep(5)
"""
    out = with_peer(tmp_path, text, peer)
    assert out.split() == ["True"]
    assert received == list(range(200))


@pytest.mark.parametrize("seconds", [1.0, 5.0])
def test_out_of_range_ends_the_link_at_both_ends(tmp_path: Path, seconds: float) -> None:
    async def peer(client: BleakClient, air: Air, board: Board) -> None:
        await air.leave_range(seconds)
        assert not client.is_connected

    out = with_peer(tmp_path, "advertise()\ntime.sleep(20)\nprint(events)", peer)
    events = out.strip(" []\n").split(", ")
    links = [event for event in events if event in ("1", "2")]
    assert (links[0], links[-1]) == ("1", "2")
