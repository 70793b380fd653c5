# SPDX-License-Identifier: MIT
"""Bluetooth LE peripheral: advertise, one connection, a bounded byte queue per characteristic.

Interrupts may come between any two bytecodes and their data are lent: the handler copies, sets a flag and returns.
ENOMEM from notify is ordinary back pressure: the same bytes go again later.  Events are best effort (a full queue drops
whole frames, the host sees the gap in `seq` and fetches them from the log); answers and fetched records are not.
Not yet secured: any peer may connect and command.
"""

import asyncio
import errno

import bluetooth

from kneecore import gatt, wire

_IRQ_CONNECT, _IRQ_DISCONNECT, _IRQ_WRITE, _IRQ_MTU = 1, 2, 3, 21
_ADVERTISE_US = 250_000
_RETRY_MS = 20
_SELF_HEAL_MS = 3000  # neither connected nor advertising for this long is a fault to mend
_EVENTS_MAX = 4096
_REPLIES_MAX = 2048
_PACKETS_A_TURN = 8  # then other tasks get their turn


class _Queue:
    """Bytes waiting for one characteristic."""

    def __init__(self, handle, limit: int) -> None:
        self.handle = handle
        self.limit = limit
        self.data = bytearray()

    def put(self, frame) -> bool:
        if len(self.data) + len(frame) > self.limit:
            return False
        self.data.extend(frame)
        return True


def _nobody(code: int, frame: bytes) -> None:
    pass


class Radio:
    def __init__(self, short_id: bytes, model: str, version: str) -> None:
        self._short_id = short_id
        self._flag = asyncio.ThreadSafeFlag()
        self._connection = None
        self._mtu = gatt.DEFAULT_MTU
        self._changed = True  # connection came or went: set by the interrupt, handled in run()
        self._written = False
        self._fetch = None  # iterator of frames asked for from the log
        self._stream = wire.Stream()
        self.dropped_events = 0
        self.on_command = _nobody  # set by main.py before run()
        self._ble = ble = bluetooth.BLE()
        ble.irq(self._irq)
        ble.active(True)
        ble.config(gap_name=gatt.name(short_id), mtu=gatt.MTU)
        rows = tuple((bluetooth.UUID(uuid), flags) for uuid, flags in gatt.CHARACTERISTICS)
        texts = (
            (gatt.MANUFACTURER_NAME, "kneesense"),
            (gatt.MODEL_NUMBER, model),
            (gatt.FIRMWARE_REVISION, version),
        )
        info = tuple((bluetooth.UUID(uuid), gatt.READ) for uuid, _ in texts)
        handles, info_handles = ble.gatts_register_services((
            (bluetooth.UUID(gatt.SERVICE), rows),
            (bluetooth.UUID(gatt.DEVICE_INFORMATION), info),
        ))  # fmt: skip
        self._control = handles[0]
        ble.gatts_set_buffer(
            self._control, gatt.CONTROL_BUFFER, True
        )  # append: quick writes do not replace each other
        for handle, (_, text) in zip(info_handles, texts):
            ble.gatts_set_buffer(handle, len(text))
            ble.gatts_write(handle, text.encode())
        self._replies = _Queue(handles[0], _REPLIES_MAX)
        self._events = _Queue(handles[1], _EVENTS_MAX)
        self._log = _Queue(handles[2], 2 * wire.MAX_FRAME)

    @property
    def connected(self) -> bool:
        return self._connection is not None

    def send_event(self, frame: bytes) -> None:
        if self._connection is None:
            return
        if not self._events.put(frame):
            self.dropped_events += 1
        self._flag.set()

    def reply(self, frame: bytes) -> None:
        if self._connection is not None:
            self._replies.put(frame)
            self._flag.set()

    def send_log(self, frames) -> None:
        """Send an iterator of frames over the log characteristic; replaces a transfer still under way."""
        self._fetch = frames
        self._flag.set()

    def _irq(self, event, data) -> None:
        if event == _IRQ_CONNECT:
            self._mtu = gatt.DEFAULT_MTU
            self._connection = data[0]
            self._changed = True
        elif event == _IRQ_DISCONNECT:
            if data[0] == self._connection:
                self._connection = None
                self._changed = True
        elif event == _IRQ_MTU:
            self._mtu = data[1]
        elif event == _IRQ_WRITE:
            self._written = True
        self._flag.set()

    async def run(self) -> None:
        self._flag.set()
        while True:
            try:
                await asyncio.wait_for_ms(self._flag.wait(), _RETRY_MS if self._waiting() else _SELF_HEAL_MS)
            except asyncio.TimeoutError:
                self._changed = self._changed or self._connection is None
            if self._changed:
                self._changed = False
                self._link_changed()
            if self._written:
                self._written = False
                self._read_commands()
            self._pump()

    def _waiting(self) -> bool:
        return self._connection is not None and bool(
            self._replies.data or self._log.data or self._events.data or self._fetch
        )

    def _link_changed(self) -> None:
        for queue in (self._replies, self._events, self._log):
            queue.data = bytearray()
        self._fetch = None
        self._stream.reset()
        if self._connection is None:
            try:
                self._ble.gap_advertise(
                    _ADVERTISE_US,
                    gatt.advertisement(wire.MAJOR, self._short_id),
                    resp_data=gatt.scan_response(self._short_id),
                )
            except OSError as error:
                print("advertise:", error)  # tried again after _SELF_HEAL_MS

    def _read_commands(self) -> None:
        for code, frame in self._stream.feed(self._ble.gatts_read(self._control)):
            self.on_command(code, frame)

    def _pump(self) -> None:
        for _ in range(_PACKETS_A_TURN):
            self._refill()
            queue = self._replies if self._replies.data else self._log if self._log.data else self._events
            connection = self._connection  # read once: an interrupt may change it between any two bytecodes
            if connection is None or not queue.data:
                return
            packet = queue.data[: self._mtu - gatt.ATT_HEADER]
            try:
                self._ble.gatts_notify(connection, queue.handle, packet)
            except OSError as error:
                # Gone: its own interrupt may come late or never.  Not if another peer has connected meanwhile.
                if error.errno != errno.ENOMEM and self._connection == connection:
                    self._connection = None
                    self._changed = True
                return
            queue.data = queue.data[len(packet) :]
        self._flag.set()

    def _refill(self) -> None:
        while self._fetch is not None and len(self._log.data) < self._mtu:
            frame = next(self._fetch, None)
            if frame is None:
                self._fetch = None
            else:
                self._log.put(frame)
