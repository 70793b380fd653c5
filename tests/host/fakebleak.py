# SPDX-License-Identifier: MIT
"""Bleak's platform backend replaced by one that carries a FakeUnit, with the faults of real Bluetooth stacks.

The whole of bleak's own front stays in use; only what it asks the operating system is answered here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import bleak
import pytest
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakError
from fakeunit import FakeLink, FakeUnit

from kneecore import gatt, wire
from kneesense.link import Channel


def advertisement(
    name: str | None = None, uuids: tuple[str, ...] = (), maker: bytes | None = None, rssi: int = -60
):
    makers = {} if maker is None else {gatt.COMPANY: maker}
    return AdvertisementData(name, makers, {}, list(uuids), None, rssi, ())


def of_unit(unit: FakeUnit) -> AdvertisementData:
    """What the firmware advertises: advertisement and scan response."""
    short_id = unit.unit_id[-2:]
    return advertisement(gatt.name(short_id), (gatt.SERVICE,), bytes((wire.MAJOR,)) + short_id)


class Stack:
    """One computer's Bluetooth: what is in range and what is broken."""

    def __init__(self) -> None:
        self.unit = FakeUnit()
        self.units: dict[str, FakeUnit] = {}
        self.in_range: dict[str, AdvertisementData] = {}
        self.add(self.unit, "AA:BB:CC:00:00:01")
        self.scanning = self.connecting = 0
        self.mtu = 247
        self.hang: set[str] = set()  # methods that never return
        self.raises: dict[str, list[Exception]] = {}  # method -> what its next calls raise
        self.lacking_services = 0  # connections that find an older firmware's services
        self.options: list[dict[str, Any]] = []  # of every client made

    def add(self, unit: FakeUnit, address: str) -> None:
        """One more unit in range."""
        self.units[address] = unit
        self.in_range[address] = of_unit(unit)

    async def reach(self, method: str) -> None:
        """The faults that the test asked for."""
        if self.raises.get(method):
            raise self.raises[method].pop(0)
        if method in self.hang:
            await asyncio.sleep(3600)


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Stack:
    stack = Stack()

    class Scanner(BaseBleakScanner):
        def __init__(
            self, detection_callback: Any, service_uuids: Any, scanning_mode: str, **kwargs: Any
        ) -> None:
            super().__init__(detection_callback, service_uuids)

        async def start(self) -> None:
            assert not stack.scanning
            assert not stack.connecting
            stack.scanning += 1
            try:
                await stack.reach("scan")
            except BaseException:
                stack.scanning -= 1
                raise
            self.seen_devices = {}
            for address, data in stack.in_range.items():
                device = self.create_or_update_device(address, address, data.local_name, None, data)
                asyncio.get_running_loop().call_soon(self.call_detection_callbacks, device, data)

        async def stop(self) -> None:
            stack.scanning -= 1

    class Client(BaseBleakClient):
        mtu_size = property(lambda self: stack.mtu)
        is_connected = property(lambda self: self._link is not None)

        def __init__(self, device: Any, **options: Any) -> None:
            super().__init__(
                device, disconnected_callback=options["disconnected_callback"], timeout=options["timeout"]
            )
            stack.options.append(options)
            self._link: FakeLink | None = None
            self._callbacks: dict[str, Callable[[bytearray], None]] = {}
            self._carrier: asyncio.Task[None] | None = None

        async def connect(self, pair: bool, **kwargs: Any) -> None:
            assert not stack.scanning
            assert not stack.connecting
            stack.connecting += 1
            try:
                await stack.reach("connect")
            finally:
                stack.connecting -= 1
            self._link = stack.units[self.address].link()
            await self._link.open()
            self.services = BleakGATTServiceCollection()
            service = BleakGATTService(None, 1, gatt.SERVICE)
            self.services.add_service(service)
            rows = gatt.CHARACTERISTICS[: 1 if stack.lacking_services else 3]
            stack.lacking_services = max(0, stack.lacking_services - 1)
            for i, (uuid, _) in enumerate(rows):
                self.services.add_characteristic(
                    BleakGATTCharacteristic(
                        None, 10 + i, uuid, ["write", "notify"], lambda: stack.mtu - 3, service
                    )
                )
            self._carrier = asyncio.create_task(self._carry(self._link))

        async def _carry(self, link: FakeLink) -> None:
            try:
                while True:
                    channel, data = await link.receive()
                    if channel in self._callbacks:
                        self._callbacks[channel](bytearray(data))
            except Exception:
                self._link = None
                if self._disconnected_callback:
                    self._disconnected_callback()

        async def disconnect(self) -> None:
            await stack.reach("disconnect")
            if self._link and self._carrier:
                await self._link.close()
                await asyncio.wait({self._carrier})

        async def start_notify(self, characteristic: Any, callback: Any, **kwargs: Any) -> None:
            self._callbacks[characteristic.uuid] = callback
            if "talk early" in stack.hang and characteristic.uuid == Channel.EVENTS:
                callback(bytearray(stack.unit.stride().frame))
            await stack.reach("start_notify")

        async def write_gatt_char(self, characteristic: Any, data: Any, response: bool) -> None:
            assert response
            await stack.reach("write")
            if self._link is None:
                raise BleakError("Not connected")
            await self._link.write(bytes(data))

        async def pair(self, *args: Any, **kwargs: Any) -> None: ...
        async def unpair(self) -> None: ...
        async def stop_notify(self, characteristic: Any) -> None: ...
        async def read_gatt_char(self, characteristic: Any, **kwargs: Any) -> bytearray:
            return bytearray()

        async def read_gatt_descriptor(self, descriptor: Any, **kwargs: Any) -> bytearray:
            return bytearray()

        async def write_gatt_descriptor(self, descriptor: Any, data: Any) -> None: ...

    monkeypatch.setattr(bleak, "get_platform_scanner_backend_type", lambda: (Scanner, "fake"))
    monkeypatch.setattr(bleak, "get_platform_client_backend_type", lambda: (Client, "fake"))
    monkeypatch.delenv("KNEESENSE_RADIO", raising=False)
    return stack
