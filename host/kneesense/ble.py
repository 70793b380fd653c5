# SPDX-License-Identifier: MIT
"""Finding units and talking to one over Bluetooth LE with bleak, by its public interface only.

Every step has a deadline (host stacks have been seen to hang in connect, subscribe and disconnect).  The MTU a stack
reports is never used: frames carry their own length.  Bleak is imported late, it costs a third of a second.  With
$KNEESENSE_RADIO (`tcp-client:HOST:PORT`) the virtual radio of the extra `demo` takes the place of the real one.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from kneecore import gatt, wire

from .blefaults import is_passing, plain
from .errors import ExtraMissing, LinkLost, NothingFound, VersionMismatch
from .hold import Hold
from .inbox import Inbox
from .link import Channel, deadline

if TYPE_CHECKING:
    from types import ModuleType

    from bleak import BleakClient
    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import AdvertisementData

T = TypeVar("T")

FIND_S = 10.0  # a unit advertises four times a second; a scan hears one in two or three
CONNECT_S = 15.0  # connection and discovery of services; BlueZ has been seen to need 10 s
STEP_S = 5.0
SLICE_S = 2.5  # of looking for one unit; then another one that is waited for has its turn
PAIR_S = 40.0  # a person may have to confirm it on the screen
DISCONNECT_S = 0.8  # the stack goes on by itself; a longer wait would only delay Ctrl-C
RETRY_WAITS_S = (0.1, 0.2, 0.4, 0.8)

_MISSING_ADVICE = (
    "forget the unit in this computer's Bluetooth settings, switch Bluetooth off and on, try again; "
    "if it stays, kneesense deploy"
)
_installed_radio = ""
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Seen:
    """A unit heard in a scan."""

    unit: str | None
    """Short id in hex; None when the advertisement carries none."""
    name: str | None
    address: str
    rssi_dbm: int
    major: int | None
    """Major version of its wire; None when not told."""
    device: BLEDevice = field(repr=False, compare=False)
    """Bleak's own."""

    @property
    def handle(self) -> str:
        """What finds it again."""
        return self.unit or self.address

    def answers_to(self, unit: str) -> bool:
        """Whether a user's word for a unit (short id, name or address) means this one."""
        return unit.lower() in {word.lower() for word in (self.unit, self.name, self.address) if word}


def is_unit(name: str | None, service_uuids: Iterable[str]) -> bool:
    """By service or by name: some systems hide the one, some the other.

    Not by company code alone: the product has none of its own and uses the one for testing.
    """
    return (name or "").startswith(gatt.NAME_PREFIX) or gatt.SERVICE in {
        uuid.lower() for uuid in service_uuids
    }


def identity(name: str | None, manufacturer_data: Mapping[int, bytes]) -> tuple[str | None, int | None]:
    """(short id, wire major) out of an advertisement, each None when it is not there."""
    told = manufacturer_data.get(gatt.COMPANY, b"")
    if len(told) > 1:
        return bytes(told[1:]).hex(), told[0]
    if name and name.startswith(gatt.NAME_PREFIX):
        return name.removeprefix(gatt.NAME_PREFIX), None
    return None, None


async def scan(seconds: float = 5.0) -> list[Seen]:
    """Every unit heard within `seconds`, the strongest first.  Raises AdapterError."""
    bleak = _bleak()
    with plain():
        async with _turn(), deadline(seconds + STEP_S, "scan"):
            heard = await _retried(lambda: bleak.BleakScanner.discover(timeout=seconds, return_adv=True))
    units = [seen for device, said in heard.values() if (seen := _seen(device, said))]
    return sorted(units, key=lambda seen: -seen.rssi_dbm)


async def find(unit: str, seconds: float = FIND_S) -> Seen:
    """The unit of that short id, name or address, as soon as it is heard.  Raises NothingFound, AdapterError."""
    scanner = _bleak().BleakScanner
    found: list[Seen] = []

    def wanted(device: BLEDevice, said: AdvertisementData) -> bool:
        seen = _seen(device, said)
        if seen is None or not seen.answers_to(unit):
            return False
        found.append(seen)
        return True

    left_s = seconds
    while not found and left_s > 0:
        part_s = min(SLICE_S, left_s)
        left_s -= part_s
        with plain():
            async with _turn(), deadline(part_s + STEP_S, "scan"):
                await _retried(partial(scanner.find_device_by_filter, wanted, timeout=part_s))
    if not found:
        raise NothingFound(
            f"unit {unit} was not heard within {seconds:g} s",
            "switch it on and bring it near; it may be connected to another program; if one crashed while"
            " connected, switch Bluetooth off and on",
        )
    return found[-1]


def refuse_other_version(seen: Seen) -> None:
    """Raise VersionMismatch, before connecting, for a unit that advertises another major version."""
    if seen.major is not None and seen.major != wire.MAJOR:
        raise VersionMismatch(seen.major, wire.MAJOR)


class BleLink:
    """The Link to the unit of that short id, name or address; `pair`: make this computer known to it."""

    def __init__(
        self,
        unit: str,
        *,
        pair: bool = False,
        find_s: float = FIND_S,
        connect_s: float = CONNECT_S,
        step_s: float = STEP_S,
    ) -> None:
        self._pair = pair
        self._unit = unit
        self._find_s = find_s
        self._connect_s = connect_s
        self._step_s = step_s
        self._client: BleakClient | None = None
        self._hold = Hold(unit)
        self._inbox: Inbox[tuple[Channel, bytes]] = Inbox()

    async def open(self) -> None:
        """See Link."""
        self._hold.take()
        try:
            await self._open()
        except BaseException:
            await self.close()
            raise

    async def _open(self) -> None:
        seen = await find(self._unit, self._find_s)
        refuse_other_version(seen)
        with plain():
            client = await self._connect(seen, cached=True)
            if _missing(client):  # a system may keep the services of an older firmware
                await self._disconnect()
                client = await self._connect(seen, cached=False)
                if missing := _missing(client):
                    raise LinkLost(f"the unit does not offer {', '.join(missing)}", _MISSING_ADVICE)
            if self._pair:
                await _pair(client)
            for channel in Channel:
                async with deadline(self._step_s, "subscribe"):
                    await client.start_notify(channel, self._receiver(channel))

    async def write(self, frame: bytes) -> None:
        """See Link."""
        client = self._client
        if client is None:
            raise LinkLost("not connected")
        with plain():
            async with deadline(self._step_s, "write"):
                await _retried(lambda: client.write_gatt_char(gatt.CONTROL, frame, response=True))

    async def receive(self) -> tuple[Channel, bytes]:
        """See Link."""
        return await self._inbox.get()

    async def close(self) -> None:
        """See Link."""
        try:
            await self._disconnect()
        finally:
            self._hold.release()

    async def _disconnect(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            # A stack that fails to disconnect has nothing to tell that would help anybody.
            with suppress(Exception):
                async with asyncio.timeout(DISCONNECT_S):
                    await client.disconnect()

    async def _connect(self, seen: Seen, cached: bool) -> BleakClient:
        bleak = _bleak()

        def lost(client: BleakClient) -> None:
            if client is self._client:
                self._inbox.close(LinkLost("the connection to the unit was lost"))

        client: BleakClient = bleak.BleakClient(
            seen.device,
            disconnected_callback=lost,
            timeout=self._connect_s,
            winrt={"use_cached_services": cached},
        )
        self._client = client
        async with _turn(), deadline(self._connect_s + STEP_S, "connect"):
            await _retried(client.connect)
        return client

    def _receiver(self, channel: Channel) -> Callable[[Any, bytearray], None]:
        return lambda _, data: self._inbox.put((channel, bytes(data)))


async def _pair(client: BleakClient) -> None:
    async with deadline(PAIR_S, "pair"):
        with suppress(NotImplementedError):  # macOS pairs by itself at the first protected write
            await client.pair()


async def unpair(unit: str) -> bool:
    """Make this computer's Bluetooth forget the unit, which is in range.  False where only a person can do it."""
    seen = await find(unit)
    with plain():
        async with deadline(STEP_S, "unpair"):
            try:
                await _bleak().BleakClient(seen.device).unpair()
            except NotImplementedError:  # macOS
                return False
    return True


def _missing(client: BleakClient) -> list[str]:
    return [uuid for uuid, _ in gatt.CHARACTERISTICS if client.services.get_characteristic(uuid) is None]


def _seen(device: BLEDevice, said: AdvertisementData) -> Seen | None:
    name = said.local_name or device.name
    if not is_unit(name, said.service_uuids):
        return None
    unit, major = identity(name, said.manufacturer_data)
    return Seen(unit, name, device.address, said.rssi, major, device)


async def _retried(action: Callable[[], Awaitable[T]]) -> T:
    """Again, with growing waits, while the system's Bluetooth is only busy with something else."""
    for wait_s in RETRY_WAITS_S:
        try:
            return await action()
        except Exception as error:
            if not is_passing(error):
                raise
        await asyncio.sleep(wait_s)
    return await action()


def _turn() -> asyncio.Lock:
    """One scan or one connection attempt at a time: some systems refuse several, others mix them up."""
    return _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock())


def _bleak() -> ModuleType:
    """Bleak, on the radio the environment asks for."""
    global _installed_radio
    radio = os.environ.get("KNEESENSE_RADIO", "")
    if radio != _installed_radio:
        try:
            from .world import central
        except ImportError:
            raise ExtraMissing(
                "demo", "KNEESENSE_RADIO asks for the virtual radio of the extra 'demo'"
            ) from None
        central.install(radio)
        _installed_radio = radio
    import bleak

    return bleak
