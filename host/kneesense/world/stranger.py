# SPDX-License-Identifier: MIT
"""Another central in the room, at the level of its Bluetooth stack, so that it can do what no proper host would."""

from __future__ import annotations

import asyncio
from typing import Any

from bumble import hci
from bumble.core import UUID
from bumble.device import Connection, Device, Peer
from bumble.gatt import Characteristic

from kneecore import wire

from .air import Air, AirController
from .peripheral import ADDRESS, device_on


class Stranger:
    """A device with an address of its own, or an owner's."""

    def __init__(self, air: Air, address: str = "D2:D2:D2:D2:D2:D2", unit: str = ADDRESS) -> None:
        """`unit`: address of the one it goes for."""
        self._air = air
        self._unit = unit
        self._controller = AirController("stranger", link=air)
        self.device: Device = device_on(air, "stranger", address, self._controller)
        self.received: dict[str, bytes] = {}
        self.connection: Connection | None = None

    async def connect(self, within_s: float = 10.0) -> None:
        if not self.device.powered_on:
            await self.device.power_on()
        self.connection = await self.device.connect(hci.Address(self._unit), timeout=within_s)
        self.left = asyncio.Event()
        self.connection.on("disconnection", lambda reason: self.left.set())
        self.peer = Peer(self.connection)
        await self.peer.request_mtu(247)
        await self.peer.discover_services()
        self.characteristics: dict[str, Any] = {}
        for service in self.peer.services:
            for found in await self.peer.discover_characteristics((), service):
                self.characteristics[_text(found.uuid)] = found

    @property
    def connected(self) -> bool:
        return self.connection is not None and not self.left.is_set()

    def goes_away(self) -> None:
        self._air.drop_controller(self._controller)

    async def subscribe_to_everything(self) -> None:
        for uuid, found in self.characteristics.items():
            if found.properties & Characteristic.NOTIFY:

                def take(value: bytes, uuid: str = uuid) -> None:
                    self.received[uuid] = self.received.get(uuid, b"") + bytes(value)

                await self.peer.subscribe(found, take)

    async def command(self, uuid: str, record: wire.Record, **values: int) -> None:
        await self.peer.write_value(
            self.characteristics[uuid], wire.frame(record, {"token": 7, **values}), with_response=True
        )

    async def pair(self) -> None:
        assert self.connection is not None
        await self.connection.pair()


def answers(data: bytes) -> list[str]:
    """Statuses of the answers in these bytes."""
    frames = wire.Stream().feed(data)
    return [
        wire.STATUSES[wire.decode(frame)[1]["status"]] for code, frame in frames if code == wire.REPLY.code
    ]


def _text(uuid: UUID) -> str:
    return uuid.to_hex_str("-").lower()
