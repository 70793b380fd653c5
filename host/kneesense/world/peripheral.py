# SPDX-License-Identifier: MIT
"""The radio of a virtual unit: what MicroPython's `bluetooth.BLE` does on NimBLE, on a Bumble peripheral.

Numbers of interrupts and errors follow MicroPython's documentation of `bluetooth` and extmod/modbluetooth.h; the
surprises (buffers of 20 bytes that cut silently, ENOMEM when the link does not drain, EBUSY when services are
registered while advertising) are kept on purpose.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from typing import Any

from bumble import att, core, hci
from bumble.device import AdvertisingType, Connection, Device, DeviceConfiguration
from bumble.gatt import Characteristic, CharacteristicValue, Descriptor, Service
from bumble.host import Host
from bumble.keys import MemoryKeyStore
from bumble.pairing import PairingConfig, PairingDelegate
from bumble.transport.common import AsyncPipeSink

from .air import Air, AirController
from .bonding import IRQ_GET_SECRET, IRQ_SET_SECRET, OUR_IRK, Hung, Secrets, make_session
from .firmware import Process

IRQ_CONNECT, IRQ_DISCONNECT, IRQ_WRITE, IRQ_READ_REQUEST, IRQ_INDICATE_DONE = 1, 2, 3, 4, 20
IRQ_MTU, IRQ_ENCRYPTION = 21, 28
FLAG_READ_ENCRYPTED, FLAG_WRITE_ENCRYPTED = 0x0200, 0x1000
DEFAULT_BUFFER = 20
QUEUE_LIMIT = 20  # packets the stack holds before notify answers ENOMEM
ADVERTISEMENT_LIMIT = 31
ADDRESS = "F0:0A:C4:00:00:01"


def device_on(air: Air, name: str, address: str, controller: AirController | None = None) -> Device:
    """A Bumble device with a controller of its own on this air."""
    controller = controller or AirController(name, link=air)
    device = Device(
        config=DeviceConfiguration(name=name, address=hci.Address(address)),
        host=Host(controller, AsyncPipeSink(controller)),
    )
    device.keystore = MemoryKeyStore()
    return device


class Peripheral:
    """Answers the `ble_*` requests of one firmware process."""

    def __init__(self, air: Air, address: str = ADDRESS) -> None:
        self._air = air
        self.controller = AirController("unit", link=air)
        self.device = device_on(air, "MPY ESP32", address, self.controller)
        self.device.on("connection", self._on_connection)
        self._secrets = Secrets(self._interrupt)
        self.device.keystore = self._secrets
        self.device.smp_session_proxy = make_session(self._secrets, self._on_hang)
        self.device.pairing_config_factory = self._pairing_config
        self.hung: Hung | None = None
        self._security = {"bond": False, "mitm": False, "le_secure": False, "io": 3}
        self.refused = 0
        """Notifications for which the queue had no room."""
        self.notify_errors: list[
            int
        ] = []  # fault: the next notifications answer with these error numbers, 0: none
        self.advertise_errors: list[int] = []  # fault: likewise of the next requests to advertise
        self.disconnects_lost = False  # fault: the program is not told that a connection has ended
        self.misuse: list[str] = []  # what the real stack does not survive
        self.on_write: Callable[[bytes], None] = lambda data: None
        """Told of what a peer writes, before the firmware is."""
        self._process: Process | None = None
        self._gap_name = "MPY ESP32"
        self._values: dict[int, bytes] = {}
        self._buffers: dict[int, int] = {}
        self._append: set[int] = set()
        self._attributes: dict[int, Any] = {}
        self._advertisement = b""
        self._response = b""
        self._one_write = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()

    def request(self, process: Process, op: str, args: list[Any]) -> Any:
        self._process = process
        result = getattr(self, "_" + op)(*args)
        return self._task(result) if asyncio.iscoroutine(result) else result

    def process_ended(self) -> None:
        """Power gone: the radio is off the air, its peer notices by supervision timeout."""
        self._process = None
        self.controller.le_legacy_advertiser.stop()
        self._air.drop_controller(self.controller)

    def _task(self, coroutine: Any) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _interrupt(self, event: int, *args: Any) -> asyncio.Future[Any]:
        """The future is done when the firmware's handler has returned."""
        if self._process is None:
            future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            future.set_result(None)
            return future
        sent = ["x" + bytes(a).hex() if isinstance(a, bytes | bytearray) else a for a in args]
        return self._process.interrupt("ble", (event, sent), answer=True)

    def _on_disconnection(self, *about: Any) -> None:
        if not self.disconnects_lost:
            self._interrupt(IRQ_DISCONNECT, *about)

    def _on_connection(self, connection: Connection) -> None:
        peer = (
            int(connection.peer_address.address_type) & 1,
            bytes(reversed(bytes(connection.peer_address))),
        )
        handle = connection.handle
        connection.on("disconnection", lambda reason: self._on_disconnection(handle, *peer))
        connection.on(
            "connection_att_mtu_update", lambda: self._interrupt(IRQ_MTU, handle, connection.att_mtu)
        )
        connection.on(
            "connection_encryption_change",
            lambda: self._interrupt(
                IRQ_ENCRYPTION,
                handle,
                int(bool(connection.encryption)),
                int(bool(connection.authenticated)),
                1,
                16,
            ),
        )
        self._interrupt(IRQ_CONNECT, handle, *peer)

    def _pairing_config(self, connection: Connection) -> PairingConfig:
        security = self._security
        return PairingConfig(
            sc=bool(security["le_secure"]),
            mitm=bool(security["mitm"]),
            bonding=bool(security["bond"]),
            delegate=PairingDelegate(PairingDelegate.IoCapability(security["io"])),
        )

    def _on_hang(self, error: Hung) -> None:
        self.hung = error

    async def _active(self, on: bool) -> None:
        if not on and self.device.connections:
            self.misuse.append("switched off with a live link")
        await (self.device.power_on() if on else self.device.power_off())
        if on:
            self._task(
                self._load_identity()
            )  # the firmware waits for this to return: its handler runs after it

    async def _load_identity(self) -> None:
        if not await self._interrupt(IRQ_GET_SECRET, OUR_IRK, 0, b"irk"):
            await self._interrupt(IRQ_SET_SECRET, OUR_IRK, b"irk", bytes(range(16)))  # the real one is random

    def _get(self, name: str) -> Any:
        if name == "mac":
            return 1, bytes(reversed(bytes(self.device.random_address))).hex()
        if name == "gap_name":
            return self._gap_name
        if name == "mtu":
            return self.device.gatt_server.max_mtu
        raise OSError(errno.EINVAL, name)

    def _set(self, name: str, value: Any) -> None:
        if name == "gap_name":
            self._gap_name = value
        elif name == "mtu":
            if not 23 <= value <= 517:
                raise OSError(errno.EINVAL, name)
            self.device.gatt_server.max_mtu = value
        elif name in self._security:
            self._security[name] = value

    async def _advertise(self, us: int | None, adv: str | None, rsp: str | None, connectable: bool) -> None:
        await self.device.stop_advertising()
        if us is None:
            return
        if self.advertise_errors:
            raise OSError(self.advertise_errors.pop(0), "injected")
        for data in (adv, rsp):
            if data and len(data) > 2 * ADVERTISEMENT_LIMIT:
                raise OSError(-18, "advertisement too long")
        if adv is not None:
            self._advertisement = bytes.fromhex(adv)
        if rsp is not None:
            self._response = bytes.fromhex(rsp)
        kind = (
            AdvertisingType.UNDIRECTED_CONNECTABLE_SCANNABLE
            if connectable
            else AdvertisingType.UNDIRECTED_SCANNABLE
        )
        await self.device.start_advertising(
            kind,
            advertising_data=self._advertisement,
            scan_response_data=self._response,
            own_address_type=hci.OwnAddressType.RANDOM,
            advertising_interval_min=max(us / 1000, 20),
            advertising_interval_max=max(us / 1000, 20),
        )

    def _register(self, services: list[Any]) -> list[list[int]]:
        if self.device.is_advertising:
            raise OSError(errno.EBUSY, "advertising")
        handles = []
        for service_uuid, rows in services:
            objects, order = [], []
            for uuid, flags, descriptors in rows:
                below = [
                    Descriptor(
                        _uuid(u), Characteristic.READABLE | Characteristic.WRITEABLE, self._value(True, True)
                    )
                    for u, _ in descriptors
                ]
                characteristic = Characteristic(
                    _uuid(uuid),
                    Characteristic.Properties(flags & 0x7F),
                    _permissions(flags),
                    self._value(bool(flags & 0x02), bool(flags & 0x0C)),
                    below,
                )
                objects.append(characteristic)
                order += [characteristic, *below]
            self.device.add_service(Service(_uuid(service_uuid), objects))
            for attribute in order:
                value: Any = attribute.value
                value.attribute = attribute
                self._values[attribute.handle] = b""
                self._buffers[attribute.handle] = DEFAULT_BUFFER
                self._attributes[attribute.handle] = attribute
            handles.append([attribute.handle for attribute in order])
        return handles

    def _value(self, readable: bool, writable: bool) -> Any:
        value: Any = CharacteristicValue()

        async def read(connection: Connection) -> bytes:
            if not readable:  # Bumble does not check
                raise att.ATT_Error(error_code=att.ATT_READ_NOT_PERMITTED_ERROR)
            refused = await self._interrupt(IRQ_READ_REQUEST, connection.handle, value.attribute.handle)
            if refused:
                raise att.ATT_Error(error_code=refused)
            return self._values[value.attribute.handle]

        async def write(connection: Connection, data: bytes) -> None:
            if not writable:
                raise att.ATT_Error(error_code=att.ATT_WRITE_NOT_PERMITTED_ERROR)
            handle = value.attribute.handle
            async with self._one_write:  # one at a time; the response follows the handler, as in NimBLE
                old = self._values[handle] if handle in self._append else b""
                self._values[handle] = (old + bytes(data))[: self._buffers[handle]]
                self.on_write(bytes(data))
                await self._interrupt(IRQ_WRITE, connection.handle, handle)

        value._read, value._write = read, write
        return value

    def _known(self, handle: int) -> int:
        if handle not in self._values:
            raise OSError(errno.EINVAL, "no such attribute")
        return handle

    def _read(self, handle: int) -> str:
        data = self._values[self._known(handle)]
        if handle in self._append:
            self._values[handle] = b""
        return data.hex()

    def _write(self, handle: int, data: str, send_update: bool) -> Any:
        self._values[self._known(handle)] = bytes.fromhex(data)
        if send_update:
            return self.device.notify_subscribers(self._attributes[handle], self._values[handle])
        return None

    def _set_buffer(self, handle: int, length: int, append: bool) -> None:
        self._buffers[self._known(handle)] = length
        (self._append.add if append else self._append.discard)(handle)

    def _connection(self, handle: int) -> Connection:
        connection = self.device.lookup_connection(handle)
        if connection is None:
            raise OSError(errno.ENOTCONN, "no such connection")
        return connection

    def _notify(self, connection: int, handle: int, data: str | None) -> Any:
        link = self._connection(connection)
        error = self.notify_errors.pop(0) if self.notify_errors else 0
        if error:
            raise OSError(error, "injected")
        queue = link.data_packet_queue
        if queue is not None and queue.pending >= QUEUE_LIMIT:
            self.refused += 1
            raise OSError(errno.ENOMEM, "transmit queue full")
        value = self._values[handle] if data is None else bytes.fromhex(data)
        return self.device.notify_subscriber(link, self._attributes[handle], value, force=True)

    def _indicate(self, connection: int, handle: int, data: str | None) -> None:
        link = self._connection(connection)
        value = self._values[handle] if data is None else bytes.fromhex(data)

        async def send() -> None:
            status = 0
            try:
                await self.device.indicate_subscriber(link, self._attributes[handle], value, force=True)
            except core.TimeoutError:
                status = 13
            self._interrupt(IRQ_INDICATE_DONE, connection, handle, status)

        self._task(send())

    def _pair(self, connection: int) -> None:
        """A security request: a central that knows the unit encrypts, another may pair."""
        self.device.request_pairing(self._connection(connection))

    def _disconnect(self, connection: int) -> bool:
        if not self.device.lookup_connection(connection):
            return False
        self._task(self._connection(connection).disconnect())
        return True


def _uuid(text: str) -> core.UUID:
    return core.UUID.from_bytes(bytes.fromhex(text))


def _permissions(flags: int) -> Characteristic.Permissions:
    permissions = Characteristic.Permissions(0)
    if flags & 0x02:
        permissions |= Characteristic.READABLE
    if flags & 0x0C:
        permissions |= Characteristic.WRITEABLE
    if flags & FLAG_READ_ENCRYPTED:
        permissions |= Characteristic.READ_REQUIRES_ENCRYPTION
    if flags & FLAG_WRITE_ENCRYPTED:
        permissions |= Characteristic.WRITE_REQUIRES_ENCRYPTION
    return permissions
