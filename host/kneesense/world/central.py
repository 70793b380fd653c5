# SPDX-License-Identifier: MIT
"""A bleak backend over a Bumble central, so that the host's unmodified bleak calls use the virtual radio.

`install(air)` joins it to a world in this process; `install("tcp-client:HOST:PORT")` to one in another process that
serves its controller's HCI there (see hci.py); `install(make_transport)` likewise, over the transport it makes.  All
replace bleak's choice of platform backend for the process.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import bleak
from bleak.backends.characteristic import BleakGATTCharacteristic, GattCharacteristicsFlags
from bleak.backends.client import BaseBleakClient
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakDeviceNotFoundError, BleakError, BleakGATTProtocolError
from bleak.uuids import normalize_uuid_str
from bumble import att, core, hci
from bumble.core import AdvertisingData
from bumble.device import Device, DeviceConfiguration, Peer
from bumble.host import Host
from bumble.keys import JsonKeyStore, KeyStore
from bumble.transport import open_transport
from bumble.transport.common import Transport

from ..errors import InputError
from ..paths import home
from .air import Air
from .bonding import HOST_ADDRESS, HOST_KEYS, HOST_NAMESPACE
from .peripheral import device_on

MTU = 247  # what Linux and macOS ask for is higher; the unit answers with its own limit
_MTU_TIMEOUT_S = 5.0
_INVALID_LENGTH = 0x0D
_NEEDS_ENCRYPTION = (att.ATT_INSUFFICIENT_AUTHENTICATION_ERROR, att.ATT_INSUFFICIENT_ENCRYPTION_ERROR)
_PORT_MAX = 65535
_SERVED = re.compile(r"tcp-client:[^:\s]+:([0-9]{1,5})")

MakeTransport = Callable[[], Awaitable[Transport]]
_radio: Air | str | MakeTransport | None = None
_centrals: dict[asyncio.AbstractEventLoop, Device] = {}


def install(radio: Air | str | MakeTransport) -> None:
    """Make every BleakClient and BleakScanner of this process use `radio`.  InputError when it cannot be one."""
    global _radio
    if isinstance(radio, str) and radio:
        served = _SERVED.fullmatch(radio)
        if not served or int(served[1]) > _PORT_MAX:
            raise InputError(
                f"KNEESENSE_RADIO={radio}: not tcp-client:HOST:PORT",
                "copy the line that kneesense demo --unit-only prints, or unset KNEESENSE_RADIO",
            )
    _radio = radio
    logging.getLogger("bumble").setLevel(logging.ERROR)  # a notification before its subscription is no news
    _centrals.clear()
    choose: Any = bleak  # the two names are bleak's own imports, not part of its interface
    choose.get_platform_client_backend_type = lambda: (BumbleClient, "bumble")
    choose.get_platform_scanner_backend_type = lambda: (BumbleScanner, "bumble")


async def _keys() -> KeyStore:
    keys = (await _central()).keystore
    assert keys is not None
    return keys


async def _central() -> Device:
    """The loop's central, powered on at first use."""
    loop = asyncio.get_running_loop()
    if loop not in _centrals:
        if _radio is None:
            raise BleakError("no virtual radio: call kneesense.world.central.install first")
        if isinstance(_radio, Air):
            device = device_on(_radio, "central", HOST_ADDRESS)
            device.keystore = _radio.host_keys
        else:
            transport = await (open_transport(_radio) if isinstance(_radio, str) else _radio())
            device = Device(
                config=DeviceConfiguration(name="central", address=hci.Address(HOST_ADDRESS)),
                host=Host(transport.source, transport.sink),
            )
            # Where a real system keeps its own: the next program finds them.
            device.keystore = JsonKeyStore(HOST_NAMESPACE, str(home() / HOST_KEYS))
            device.kneesense_transport = transport  # type: ignore[attr-defined]  # kept alive with the device
        device.once("flush", lambda: _centrals.pop(loop, None))  # the radio's world is over
        with _as_bleak():
            await device.power_on()
        _centrals[loop] = device
    return _centrals[loop]


@contextmanager
def _as_bleak() -> Iterator[None]:
    """Bumble's errors as bleak's."""
    try:
        yield
    except att.ATT_Error as error:
        raise BleakGATTProtocolError(error.error_code) from error
    except core.BaseBumbleError as error:
        raise BleakError(str(error) or type(error).__name__) from error


def _uuid_text(uuid: core.UUID) -> str:
    return normalize_uuid_str(uuid.to_hex_str("-" if len(uuid.uuid_bytes) > 4 else "").lower())


def _advertisement(report: Any) -> AdvertisementData:
    data: AdvertisingData = report.data
    uuids: list[str] = []
    for kind in (
        AdvertisingData.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
        AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
        AdvertisingData.INCOMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
        AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
    ):
        for group in data.get_all(kind):
            uuids += [_uuid_text(uuid) for uuid in group]
    name = data.get(AdvertisingData.COMPLETE_LOCAL_NAME) or data.get(AdvertisingData.SHORTENED_LOCAL_NAME)
    makers = data.get_all(AdvertisingData.MANUFACTURER_SPECIFIC_DATA)
    return AdvertisementData(
        local_name=name,
        manufacturer_data={int(company): bytes(body) for company, body in makers},
        service_data={},
        service_uuids=list(dict.fromkeys(uuids)),
        tx_power=data.get(AdvertisingData.TX_POWER_LEVEL),
        rssi=report.rssi,
        platform_data=(report,),
    )


class BumbleScanner(BaseBleakScanner):
    def __init__(
        self,
        detection_callback: Any = None,
        service_uuids: list[str] | None = None,
        scanning_mode: str = "active",
        **kwargs: Any,
    ) -> None:
        super().__init__(detection_callback, service_uuids)
        self._active = scanning_mode == "active"

    def _on_report(self, report: Any) -> None:
        data = _advertisement(report)
        address = report.address.to_string(False)
        known = self.seen_devices.get(address)
        if known:  # advertisement and scan response come one after the other: keep what either said
            old = known[1]
            data = data._replace(
                local_name=data.local_name or old.local_name,
                manufacturer_data={**old.manufacturer_data, **data.manufacturer_data},
                service_uuids=list(dict.fromkeys(old.service_uuids + data.service_uuids)),
            )
        device = self.create_or_update_device(address, address, data.local_name, report.address, data)
        if self.is_allowed_uuid(data.service_uuids):
            self.call_detection_callbacks(device, data)

    async def start(self) -> None:
        self.seen_devices = {}
        self._device = await _central()
        self._device.on("advertisement", self._on_report)
        with _as_bleak():
            await self._device.start_scanning(active=self._active, legacy=True)

    async def stop(self) -> None:
        self._device.remove_listener("advertisement", self._on_report)
        with _as_bleak():
            await self._device.stop_scanning(legacy=True)


def _on_link(method: Callable[..., Any]) -> Callable[..., Any]:
    """Fail a pending request as soon as the link is lost, with bleak's errors."""

    @functools.wraps(method)
    async def wrapper(self: BumbleClient, *args: Any, **kwargs: Any) -> Any:
        if not self.is_connected:
            raise BleakError("Not connected")
        request = asyncio.ensure_future(method(self, *args, **kwargs))
        try:
            await asyncio.wait({request, self._lost}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            request.cancel()
            raise
        if not request.done() or (request.cancelled() and self._lost.done()):
            request.cancel()
            raise BleakError("disconnected")
        with _as_bleak():
            return request.result()

    return wrapper


class BumbleClient(BaseBleakClient):
    def __init__(
        self,
        address_or_ble_device: BLEDevice | str,
        *,
        disconnected_callback: Callable[[], None] | None = None,
        timeout: float = 10.0,
        services: set[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            address_or_ble_device,
            disconnected_callback=disconnected_callback,
            timeout=timeout,
            services=services,
        )
        known = address_or_ble_device if isinstance(address_or_ble_device, BLEDevice) else None
        self._target = known.details if known else None
        self._name = known.name if known else None
        self._filter = services
        self._connection: Any = None
        self._subscribed: dict[int, Callable[[bytes], None]] = {}
        self._lost: asyncio.Future[Any]
        self._securing = asyncio.Lock()
        self._encrypting: asyncio.Future[bool] | None = None

    @property
    def name(self) -> str:
        return self._name or self.address.replace(":", "-")

    @property
    def mtu_size(self) -> int:
        return int(self._connection.att_mtu) if self._connection else 23

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    async def connect(self, pair: bool = False, **kwargs: Any) -> None:
        if self._connection:
            raise BleakError("Client is already connected")
        device = await _central()
        if self._target is None:
            found = await bleak.BleakScanner.find_device_by_address(self.address, timeout=self._timeout)
            if not found:
                raise BleakDeviceNotFoundError(self.address, f"no device with address {self.address}")
            self._target, self._name = found.details, found.name
        with _as_bleak():
            try:
                self._connection = await device.connect(self._target, timeout=self._timeout)
            except core.TimeoutError as error:
                raise TimeoutError from error
        self._lost = asyncio.get_running_loop().create_future()
        self._connection.on("disconnection", self._on_disconnection)
        self._connection.on("security_request", lambda _: self._encrypt_soon())
        self._peer = Peer(self._connection)
        try:
            await self._set_up(pair)
        except BaseException:
            await self.disconnect()
            raise

    @_on_link
    async def _set_up(self, pair: bool) -> None:
        await asyncio.wait_for(self._peer.request_mtu(MTU), _MTU_TIMEOUT_S)
        if pair:
            await self.pair()
        await self._peer.discover_services()
        services = BleakGATTServiceCollection()
        for service in self._peer.services:
            if self._filter and _uuid_text(service.uuid) not in self._filter:
                continue
            seen = BleakGATTService(service, service.handle, _uuid_text(service.uuid))
            services.add_service(seen)
            for found in await self._peer.discover_characteristics((), service):
                properties: Any = [
                    f.name.replace("_", "-") for f in GattCharacteristicsFlags if f.value & found.properties
                ]
                characteristic = BleakGATTCharacteristic(
                    found, found.handle, _uuid_text(found.uuid), properties, lambda: self.mtu_size - 3, seen
                )
                services.add_characteristic(characteristic)
                for descriptor in await self._peer.discover_descriptors(found):
                    services.add_descriptor(
                        BleakGATTDescriptor(
                            descriptor, descriptor.handle, _uuid_text(descriptor.type), characteristic
                        )
                    )
        self.services = services

    def _on_disconnection(self, reason: Any) -> None:
        self._connection = None
        self._subscribed.clear()
        if not self._lost.done():
            self._lost.set_result(reason)
        if self._disconnected_callback:
            self._disconnected_callback()

    async def disconnect(self) -> None:
        if self._connection:
            lost = self._lost
            with _as_bleak():
                await self._connection.disconnect()
            await lost
        self.services = None

    def _encrypt_soon(self) -> None:
        """As asked by the unit; with the keys of an earlier pairing only, as systems pair when told to."""
        self._encrypting = asyncio.ensure_future(self._encrypt())

    async def _encrypt(self) -> bool:
        """Whether the link is encrypted now, by the keys of an earlier pairing."""
        keys, connection = await _keys(), self._connection
        if connection is None or not await keys.get(str(connection.peer_address)):
            return False
        async with self._securing:
            if not connection.is_encrypted:
                try:
                    await connection.encrypt()
                except core.BaseBumbleError:
                    return False  # the unit has forgotten them
        return True

    @_on_link
    async def pair(self, *args: Any, **kwargs: Any) -> None:
        if not await self._encrypt():
            async with self._securing:
                await self._connection.pair()

    async def unpair(self) -> None:
        keys = await _keys()
        if await keys.get(str(self._target)):
            await keys.delete(str(self._target))

    @_on_link
    async def read_gatt_char(
        self, characteristic: Any, *, use_cached: bool = False, **kwargs: Any
    ) -> bytearray:
        return bytearray(await self._peer.read_value(characteristic.obj))

    @_on_link
    async def read_gatt_descriptor(
        self, descriptor: Any, *, use_cached: bool = False, **kwargs: Any
    ) -> bytearray:
        return bytearray(await self._peer.read_value(descriptor.obj))

    @_on_link
    async def write_gatt_char(self, characteristic: Any, data: bytes, response: bool) -> None:
        if not response and len(data) > self.mtu_size - 3:
            raise BleakGATTProtocolError(_INVALID_LENGTH)
        try:
            await self._peer.write_value(characteristic.obj, bytes(data), with_response=response)
        except att.ATT_Error as error:
            if error.error_code not in _NEEDS_ENCRYPTION or not await self._encrypt():
                raise
            await self._peer.write_value(characteristic.obj, bytes(data), with_response=response)

    @_on_link
    async def write_gatt_descriptor(self, descriptor: Any, data: bytes) -> None:
        await self._peer.write_value(descriptor.obj, bytes(data), with_response=True)

    @_on_link
    async def start_notify(
        self, characteristic: Any, callback: Callable[[bytearray], None], **kwargs: Any
    ) -> None:
        if characteristic.handle in self._subscribed:
            raise BleakError("Characteristic notifications already started")

        def deliver(value: bytes) -> None:
            callback(bytearray(value))

        self._subscribed[characteristic.handle] = deliver
        await self._peer.subscribe(characteristic.obj, deliver)

    @_on_link
    async def stop_notify(self, characteristic: Any) -> None:
        await self._peer.unsubscribe(characteristic.obj, self._subscribed.pop(characteristic.handle))
