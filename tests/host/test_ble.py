# SPDX-License-Identifier: MIT
"""Unmodified bleak over a faked platform: found by any mark, bounded in every step, every failure in plain words."""

import asyncio
import sys
import time

import pytest
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
)
from fakebleak import advertisement, of_unit
from fakeunit import FakeUnit

from kneecore import gatt, wire
from kneesense import ble
from kneesense.device import Device
from kneesense.errors import (
    AdapterError,
    ExtraMissing,
    KneesenseError,
    LinkLost,
    NothingFound,
    VersionMismatch,
)

PATIENT = {
    "find_s": 5,
    "connect_s": 5,
    "step_s": 5,
}  # for a loaded machine; what must not happen is waited for shortly
QUICK = {"find_s": 0.05, "connect_s": 0.05, "step_s": 0.05}
IN_PROGRESS = "[org.bluez.Error.InProgress] Operation already in progress"


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(ble, "RETRY_WAITS_S", (0.001, 0.002, 0.004, 0.008))
    monkeypatch.setattr(ble, "STEP_S", 0.5)
    monkeypatch.setattr(ble, "DISCONNECT_S", 0.1)


def link(waits=PATIENT):
    return ble.BleLink("0c0d", **waits)


# Finding


@pytest.mark.parametrize(
    ("name", "uuids", "found"),
    [
        ("kneesense-0c0d", (), True),
        (None, (gatt.SERVICE,), True),
        (None, (gatt.SERVICE.upper(),), True),
        ("heart rate", ("0000180d-0000-1000-8000-00805f9b34fb",), False),
        (None, (), False),
    ],
)
async def test_a_unit_is_known_by_its_name_or_its_service(stack, name, uuids, found):
    stack.in_range = {"AA:BB": advertisement(name, uuids)}
    assert len(await ble.scan(0.01)) == found


async def test_a_scan_tells_id_name_strength_and_version(stack):
    stack.in_range["AA:BB:CC:00:00:02"] = advertisement(
        "kneesense-beef", (gatt.SERVICE,), b"\x02\xbe\xef", rssi=-40
    )
    strong, weak = await ble.scan(0.01)
    assert (strong.unit, strong.name, strong.rssi_dbm, strong.major) == ("beef", "kneesense-beef", -40, 2)
    assert (weak.unit, weak.major) == ("0c0d", wire.MAJOR)


async def test_an_advertisement_without_maker_data_leaves_the_version_unknown(stack):
    stack.in_range = {"AA:BB": advertisement("kneesense-0c0d"), "AA:CC": advertisement(None, (gatt.SERVICE,))}
    seen = {unit.address: unit for unit in await ble.scan(0.01)}
    assert (seen["AA:BB"].unit, seen["AA:BB"].major) == ("0c0d", None)
    assert (seen["AA:CC"].unit, seen["AA:CC"].major) == (None, None)


@pytest.mark.parametrize("word", ["0c0d", "0C0D", "kneesense-0c0d", "aa:bb:cc:00:00:01"])
async def test_a_unit_answers_to_its_id_its_name_and_its_address(stack, word):
    assert (await ble.find(word, 0.05)).unit == "0c0d"


async def test_a_unit_that_is_not_there_is_not_found(stack):
    with pytest.raises(NothingFound, match="unit beef was not heard") as caught:
        await ble.find("beef", 0.01)
    assert caught.value.exit_code == 3
    assert "switch Bluetooth off and on" in caught.value.advice


def test_scanning_and_connecting_work_again_in_a_second_event_loop(stack):
    async def visit():
        await ble.scan(0.01)
        async with Device(link()) as unit:
            return unit.info.unit_id

    assert [asyncio.run(visit()), asyncio.run(visit())] == ["0a0b0c0d"] * 2


# Talking


async def test_commands_events_and_the_log_pass(stack):
    async with Device(link()) as unit:
        stack.unit.strides(3)
        assert [record.seq async for record in unit.fetch(2, 3)] == [2, 3]
        assert (await anext(unit.events())).seq == 1
        assert await unit.set("cue_m", 4) == 4


@pytest.mark.parametrize(("reported", "sent"), [(23, 180), (247, 20)])
async def test_the_reported_mtu_has_no_say(stack, reported, sent):
    stack.mtu, stack.unit.cut = reported, sent
    async with Device(link()) as unit:
        stack.unit.strides(5)
        assert [record.seq async for record in unit.fetch(1, 5)] == [1, 2, 3, 4, 5]


async def test_what_is_notified_before_subscribing_returns_is_kept(stack):
    stack.hang = {"talk early"}
    async with Device(link()) as unit:
        assert (await anext(unit.events())).seq == 1


async def test_a_lost_connection_is_told(stack):
    async with Device(link()) as unit:
        stack.unit.drop_link()
        with pytest.raises(LinkLost, match="connection to the unit was lost"):
            await anext(unit.events())
        with pytest.raises(LinkLost):
            await unit.hello()


async def test_another_version_is_refused_before_connecting(stack):
    stack.in_range = {"AA:BB": advertisement("kneesense-0c0d", (gatt.SERVICE,), b"\x02\x0c\x0d")}
    with pytest.raises(VersionMismatch, match="wire version 2"):
        await link().open()
    assert stack.options == []


async def test_a_stale_list_of_services_is_read_again_uncached(stack):
    stack.lacking_services = 1
    async with Device(link()) as unit:
        assert unit.info.unit_id == "0a0b0c0d"
    assert [options["winrt"]["use_cached_services"] for options in stack.options] == [True, False]


async def test_services_that_stay_wrong_are_told_with_the_cure(stack):
    stack.lacking_services = 9
    with pytest.raises(LinkLost, match="does not offer") as caught:
        async with Device(link()):
            pass
    assert "forget the unit" in caught.value.advice
    assert stack.unit.link_now is None


# Stacks that hang


@pytest.mark.parametrize("step", ["scan", "connect", "start_notify", "write"])
async def test_a_step_that_never_returns_ends_at_its_deadline(stack, step):
    stack.hang = {step}
    began = time.monotonic()
    with pytest.raises(LinkLost, match="nothing heard"):
        async with Device(link(QUICK), step_s=0.2):
            pass
    assert time.monotonic() - began < 4


async def test_a_disconnect_that_never_returns_is_left_behind(stack):
    stack.hang = {"disconnect"}
    began = time.monotonic()
    async with Device(link()) as unit:
        assert unit.info.boot == 1
    assert time.monotonic() - began < 2


async def test_a_disconnect_that_fails_is_left_behind(stack):
    stack.raises = {"disconnect": [BleakError("org.bluez.Error.Failed")]}
    async with Device(link()):
        pass


# Stacks that are busy


@pytest.mark.parametrize("step", ["scan", "connect"])
async def test_a_busy_stack_is_asked_again(stack, step):
    stack.raises = {step: [BleakError(IN_PROGRESS), BleakDBusError("org.bluez.Error.InProgress", ["busy"])]}
    async with Device(link()) as unit:
        assert unit.info.boot == 1


async def test_a_stack_that_stays_busy_is_told(stack):
    stack.raises = {"scan": [BleakError(IN_PROGRESS)] * 10}
    with pytest.raises(LinkLost, match="Bluetooth is busy") as caught:
        await ble.scan(0.01)
    assert caught.value.exit_code == 1
    assert "off and on" in caught.value.advice


async def test_a_write_that_the_units_queue_cannot_take_is_sent_again(stack):
    async with Device(link()) as unit:
        stack.raises = {"write": [BleakGATTProtocolError(0x11), BleakGATTProtocolError(0x11)]}
        assert await unit.buzz(100) == 100


async def test_a_write_that_is_not_allowed_is_told(stack):
    async with Device(link()) as unit:
        stack.raises = {"write": [BleakGATTProtocolError(0x03)]}
        with pytest.raises(LinkLost, match="Write Not Permitted"):
            await unit.buzz(100)


# No Bluetooth

Reason = BleakBluetoothNotAvailableReason


@pytest.mark.parametrize(
    ("error", "message", "advice"),
    [
        (BleakBluetoothNotAvailableError("", Reason.NO_BLUETOOTH), "no Bluetooth adapter", "kneesense demo"),
        (
            BleakBluetoothNotAvailableError("", Reason.NO_BLE_CENTRAL_ROLE),
            "does not do Bluetooth LE",
            "adapter",
        ),
        (BleakBluetoothNotAvailableError("", Reason.POWERED_OFF), "Bluetooth is off", "switch Bluetooth on"),
        (BleakBluetoothNotAvailableError("", Reason.DENIED_BY_USER), "may not use Bluetooth", ""),
        (BleakBluetoothNotAvailableError("", Reason.DENIED_BY_SYSTEM), "may not use Bluetooth", ""),
        (BleakBluetoothNotAvailableError("", Reason.UNKNOWN), "not available", "off and on"),
        (BleakDBusError("org.freedesktop.DBus.Error.ServiceUnknown", []), "service does not run", "start it"),
        (BleakDBusError("org.freedesktop.DBus.Error.AccessDenied", []), "may not use Bluetooth", ""),
        (BleakDBusError("org.bluez.Error.NotReady", []), "Bluetooth is off", "switch Bluetooth on"),
        (FileNotFoundError(2, "No such file or directory"), "service does not run", "kneesense demo"),
        (PermissionError(13, "Permission denied"), "may not use Bluetooth", ""),
    ],
)
async def test_a_computer_without_bluetooth_says_why_and_what_to_do(
    stack, monkeypatch, error, message, advice
):
    stack.raises = {"scan": [error]}
    with pytest.raises(AdapterError, match=message) as caught:
        await ble.scan(0.01)
    assert caught.value.exit_code == 3
    assert advice in caught.value.advice
    assert caught.value.advice


def test_every_reason_of_bleak_has_its_words():
    from kneesense import blefaults

    assert {reason.name.lower() for reason in Reason} <= set(blefaults._REASONS)


async def test_a_unit_that_left_between_scan_and_connection_is_not_found(stack):
    stack.raises = {"connect": [BleakDeviceNotFoundError("AA:BB")]}
    with pytest.raises(NothingFound, match="gone out of range"):
        await link().open()


# The virtual radio


async def test_the_virtual_radio_takes_over_once(stack, monkeypatch):
    installed = []
    central = type(sys)("central")
    central.install = installed.append
    monkeypatch.setitem(sys.modules, "kneesense.world.central", central)
    monkeypatch.setattr("kneesense.world.central", central, raising=False)
    monkeypatch.setattr(ble, "_installed_radio", "")
    monkeypatch.setenv("KNEESENSE_RADIO", "tcp-client:127.0.0.1:9001")
    await ble.scan(0.01)
    await ble.find("0c0d", 0.05)
    assert installed == ["tcp-client:127.0.0.1:9001"]


async def test_the_virtual_radio_needs_its_extra(stack, monkeypatch):
    monkeypatch.setitem(sys.modules, "kneesense.world.central", None)
    monkeypatch.delattr("kneesense.world.central", raising=False)
    monkeypatch.setattr(ble, "_installed_radio", "")
    monkeypatch.setenv("KNEESENSE_RADIO", "tcp-client:127.0.0.1:9001")
    with pytest.raises(ExtraMissing, match="extra 'demo'") as caught:
        await ble.scan(0.01)
    assert " -m pip install " in caught.value.advice
    assert "[demo]'" in caught.value.advice


async def test_a_virtual_radio_that_is_gone_is_told(stack, monkeypatch):
    monkeypatch.setattr(ble, "_bleak", lambda: __import__("bleak"))
    monkeypatch.setenv("KNEESENSE_RADIO", "tcp-client:127.0.0.1:9001")
    stack.raises = {"scan": [ConnectionRefusedError(111, "Connection refused")]}
    with pytest.raises(
        KneesenseError, match=r"virtual radio tcp-client:127\.0\.0\.1:9001 does not answer"
    ) as caught:
        await ble.scan(0.01)
    assert caught.value.exit_code == 1
    assert not isinstance(caught.value, LinkLost)  # a session would try again for ever


def test_the_advertisement_of_the_firmware_is_understood():
    """Both ends from kneecore.gatt: the bytes on the air, taken apart as a system's stack does."""
    raw = gatt.advertisement(wire.MAJOR, b"\x0c\x0d")
    items, at = {}, 0
    while at < len(raw):
        items[raw[at + 1]] = raw[at + 2 : at + 1 + raw[at]]
        at += 1 + raw[at]
    maker = items[0xFF]
    assert int.from_bytes(maker[:2], "little") == gatt.COMPANY
    assert ble.identity(None, {gatt.COMPANY: maker[2:]}) == ("0c0d", wire.MAJOR)
    assert of_unit(FakeUnit()).manufacturer_data == {gatt.COMPANY: maker[2:]}
