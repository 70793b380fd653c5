# SPDX-License-Identifier: MIT
"""Who can do what over the air: every characteristic for a stranger, an encrypted stranger and an owner."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from bumble.att import ATT_Error
from bumble.core import ProtocolError
from worlds import World, inside

from kneecore import gatt, wire
from kneesense import ble
from kneesense.device import Device
from kneesense.errors import KneesenseError, NotTrusted
from kneesense.world.bonding import HOST_ADDRESS
from kneesense.world.stranger import Stranger, answers

OPEN_TO_ALL = {"2a19", "2a00", "2a01", "2a05", "2a24", "2a26", "2a29", "2b29", "2b2a", "2b3a"}
OURS = {gatt.CONTROL, gatt.EVENTS, gatt.LOG}
HALT, RUN, FETCH, SET = wire.HALT, wire.RUN, wire.FETCH, wire.SET


def bonds(world: World) -> object:
    return world.unit.kept("bonds.json")


async def begin_a_run(world: World) -> None:
    async with world.device() as unit:
        await unit.calibrate(world.played.calibration.to_wire())
        await unit.start()


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_stranger_reads_nothing_writes_nothing_and_is_told_nothing(tmp_path: Path, encrypted: bool) -> None:
    async def act(world: World) -> None:
        await begin_a_run(world)
        stranger = Stranger(world.air)
        await stranger.connect()
        assert set(stranger.characteristics) >= OURS
        if encrypted:
            await stranger.pair()
            assert stranger.connection is not None
            assert stranger.connection.is_encrypted
        await stranger.subscribe_to_everything()
        for uuid, found in stranger.characteristics.items():
            if uuid in OURS:
                with pytest.raises((ATT_Error, ProtocolError)):
                    await stranger.peer.read_value(found)
            else:
                assert uuid in OPEN_TO_ALL
        commands = [
            (HALT, {}),
            (FETCH, {"from_seq": 1, "to_seq": 1000}),
            (SET, {"setting": 0, "value": 0}),
            (wire.BUZZ, {"pulse_ms": 100, "pattern": 0}),
            (wire.FORGET, {}),
        ]
        for record, values in commands:
            if encrypted:
                await stranger.command(gatt.CONTROL, record, **values)
            else:
                with pytest.raises(ATT_Error):
                    await stranger.command(gatt.CONTROL, record, **values)
        await asyncio.sleep(1.5)
        assert set(stranger.received) <= {gatt.CONTROL}
        assert answers(stranger.received.get(gatt.CONTROL, b"")) == ["refused"] * (len(commands) * encrypted)
        assert not world.unit.board.motor.pulses
        async with asyncio.timeout(8):
            await stranger.left.wait()
        async with world.device() as unit:
            assert unit.info.running
            await unit.stop()

    inside(tmp_path, act)


def test_an_owner_may_do_everything(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await begin_a_run(world)
        async with world.device() as unit:
            assert unit.info.running
            await unit.set("cue_rule", 0)
            event = await asyncio.wait_for(unit.arrived.get(), 30)
            assert event.name
            assert [record.seq async for record in unit.fetch(1, 3)] == [1, 2, 3]
            await unit.stop()

    inside(tmp_path, act)


def test_a_stranger_with_an_owner_s_address_cannot_take_its_place(tmp_path: Path) -> None:
    """The stack deletes a bond as soon as its owner's address asks to pair; on the unit it comes back."""

    async def act(world: World) -> None:
        before = bonds(world)
        stranger = Stranger(world.air, HOST_ADDRESS)
        await stranger.connect()
        await stranger.pair()
        await stranger.subscribe_to_everything()
        await stranger.command(gatt.CONTROL, wire.HELLO, major=wire.MAJOR, minor=wire.MINOR)
        await asyncio.sleep(0.5)
        assert answers(stranger.received[gatt.CONTROL]) == ["refused"]
        async with asyncio.timeout(8):
            await stranger.left.wait()
        assert world.unit.radio.hung is None
        stranger.goes_away()
        assert [row for row in bonds(world) if row[0] != 10] == [list(row) for row in before]  # type: ignore[attr-defined]
        async with world.device() as unit:
            assert unit.info.unit_id

    inside(tmp_path, act)


def test_a_stranger_cannot_delay_the_owner_by_more_than_ten_seconds(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        stranger = Stranger(world.air)
        await stranger.connect()

        async def again_and_again() -> None:
            while True:
                await stranger.left.wait()
                try:
                    await stranger.connect(2.0)
                except Exception:  # it is in nobody's interest why
                    await asyncio.sleep(0.05)

        nuisance = asyncio.create_task(again_and_again())
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            try:
                async with world.device() as unit:
                    assert unit.info.unit_id
                break
            except KneesenseError:
                assert loop.time() - began < 10
        assert loop.time() - began < 10
        nuisance.cancel()

    inside(tmp_path, act)


async def pairs(world: World) -> None:
    async with Device(ble.BleLink(world.unit.short_id, pair=True)) as unit:
        assert unit.info.unit_id


async def refused(world: World, pair: bool = False) -> None:
    with pytest.raises(NotTrusted):
        async with Device(ble.BleLink(world.unit.short_id, pair=pair)):
            pass


def test_a_new_unit_takes_the_first_computer_for_a_minute_and_knows_it_after_a_reboot(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await asyncio.sleep(30)
        await pairs(world)
        await asyncio.sleep(2)
        await world.unit.power_off()
        world.unit.power_on()
        async with world.device() as unit:
            assert unit.info.unit_id
        assert [wire.NOTICES[n["notice"]] for n in world.of("notice")] == ["paired"]

    inside(tmp_path, act, paired=False)


def test_after_the_first_minute_the_button_opens_the_window_for_one_computer(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await asyncio.sleep(61)
        await refused(world, pair=True)
        world.air.host_keys.all_keys.clear()  # as a person who forgets the unit in the system's settings
        await world.unit.board.button.press(4.5)
        await asyncio.sleep(5)
        await pairs(world)
        await asyncio.sleep(2)
        late = Stranger(world.air)
        await late.connect()
        await late.pair()
        await late.subscribe_to_everything()
        await late.command(gatt.CONTROL, wire.HALT)
        await asyncio.sleep(0.5)
        assert answers(late.received[gatt.CONTROL]) == ["refused"]

    inside(tmp_path, act, paired=False)


def test_a_computer_that_asks_to_be_forgotten_is(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        async with world.device() as unit:
            await unit.forget()
        await asyncio.sleep(4)
        await refused(world)
        world.air.host_keys.all_keys.clear()
        await refused(world)

    inside(tmp_path, act)


def test_holding_the_button_for_ten_seconds_forgets_everybody(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await asyncio.sleep(2)
        await world.unit.board.button.press(10.5)
        await asyncio.sleep(4)
        await refused(world)

    inside(tmp_path, act)


def test_a_connected_computer_is_shown_out_when_the_button_forgets_everybody(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        async with world.device() as unit:
            await world.unit.board.button.press(10.5)
            await asyncio.sleep(4)
            with pytest.raises(KneesenseError):
                await unit.hello()

    inside(tmp_path, act)


@pytest.mark.parametrize("content", ["", "[", "{}", "[[1, 2]]", '[["x", "zz", "zz"]]', '[[1, "00", "0"]]'])
def test_a_spoilt_file_of_bonds_is_no_bonds_and_opens_the_window(tmp_path: Path, content: str) -> None:
    async def act(world: World) -> None:
        await world.unit.power_off()
        (world.unit.flash / "bonds.json").write_text(content)
        world.air.host_keys.all_keys.clear()
        world.unit.power_on()
        await pairs(world)

    inside(tmp_path, act)
