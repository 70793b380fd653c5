# SPDX-License-Identifier: MIT
"""Bluetooth LE peripheral: advertise, one connection, a bounded byte queue per characteristic.

Interrupts may come between any two bytecodes and their data are lent: the handler copies, sets a flag and returns.
ENOMEM from notify is ordinary back pressure: the same bytes go again later.  Events are best effort (a full queue drops
whole frames, the host sees the gap in `seq` and fetches them from the log); answers and fetched records are not.
Only a trusted peer (tasks.door) is sent events and records; commands of any other are answered "refused".
"""

import asyncio
import errno

import bluetooth

from kneecore import gatt, wire
from tasks.bytequeue import ByteQueue
from tasks.door import Door

_IRQ_CONNECT, _IRQ_DISCONNECT, _IRQ_WRITE, _IRQ_MTU = 1, 2, 3, 21
_IRQ_ENCRYPTION, _IRQ_GET_SECRET, _IRQ_SET_SECRET = 28, 29, 30
_ADVERTISE_US = 250_000
_RETRY_MS = 20
_NO_INPUT_NO_OUTPUT = 3  # of the security manager
_STRANGER_MS = 500  # between two looks at a peer that is not trusted yet
_SELF_HEAL_MS = 3000  # neither connected nor advertising for this long is a fault to mend
_EVENTS_MAX = 1024  # 20 strides: more are fetched from the log
_REPLIES_MAX = 768
# Taken before the rest of the program leaves the heap in small pieces.
_ROOM = (bytearray(_REPLIES_MAX), bytearray(_EVENTS_MAX), bytearray(2 * wire.MAX_FRAME))
_LEAVE_MS = 50  # a connection that was being made when advertising ended has come up by then
_PARTING_MS = 1000  # to hear that a peer is gone
_PACKETS_A_TURN = 8  # then other tasks get their turn
_END = False  # no more frames; None means "not yet"


class _Queue(ByteQueue):
    """Of one characteristic."""

    def __init__(self, handle, room: bytearray) -> None:
        super().__init__(room)
        self.handle = handle


def _nobody(code: int, frame: bytes, trusted: bool) -> None:
    pass


def _nothing() -> None:
    pass


class Radio:
    """`clock_us()`: device time."""

    def __init__(self, short_id: bytes, model: str, version: str, clock_us, journal) -> None:
        self._short_id = short_id
        self._flag = asyncio.ThreadSafeFlag()
        self._connection = None
        self._peer = 0  # counts connections: a handle may be used again, this number is not
        self._older = None  # connection that a newer one has replaced
        self._mtu = gatt.DEFAULT_MTU
        self._changed = True  # connection came or went: set by the interrupt, handled in run()
        self._written = False
        self._leaving = False
        self._fetch = None  # iterator of frames asked for from the log
        self._stream = wire.Stream()
        self.on_command = _nobody  # set by main.py before run()
        self.on_link_changed = _nothing
        self._ble = ble = bluetooth.BLE()
        self.door = Door(clock_us, journal, self._ask_to_encrypt, self._show_out)
        self._trust = self.door.trust
        ble.irq(self._irq)
        ble.active(True)
        ble.config(gap_name=gatt.name(short_id), mtu=gatt.MTU)
        ble.config(bond=True, le_secure=True, mitm=False, io=_NO_INPUT_NO_OUTPUT)
        rows = tuple((bluetooth.UUID(uuid), flags) for uuid, flags in gatt.CHARACTERISTICS)
        texts = (
            (gatt.MANUFACTURER_NAME, "kneesense"),
            (gatt.MODEL_NUMBER, model),
            (gatt.FIRMWARE_REVISION, version),
        )
        info = tuple((bluetooth.UUID(uuid), gatt.READ) for uuid, _ in texts)
        level = ((bluetooth.UUID(gatt.BATTERY_LEVEL), gatt.READ | gatt.NOTIFY),)
        handles, info_handles, (self._level,) = ble.gatts_register_services((
            (bluetooth.UUID(gatt.SERVICE), rows),
            (bluetooth.UUID(gatt.DEVICE_INFORMATION), info),
            (bluetooth.UUID(gatt.BATTERY), level),
        ))  # fmt: skip
        self._control = handles[0]
        # Append, so that quick writes do not replace each other.
        ble.gatts_set_buffer(self._control, gatt.CONTROL_BUFFER, True)
        for handle, (_, text) in zip(info_handles, texts):
            ble.gatts_set_buffer(handle, len(text))
            ble.gatts_write(handle, text.encode())
        self._replies, self._events, self._log = (_Queue(h, room) for h, room in zip(handles, _ROOM))

    @property
    def connected(self) -> bool:
        """Whether a host is there that may command."""
        return self._connection is not None and self._trust.trusted

    def tell_battery(self, percent: int) -> None:
        """The standard battery service; 0xFF: unknown.  Told anew to a peer that asked to be notified."""
        self._ble.gatts_write(self._level, b"" if percent > 100 else bytes((percent,)), True)

    @property
    def linked(self) -> bool:
        """Whether anybody is."""
        return self._connection is not None

    def send_event(self, frame: bytes) -> None:
        if self.connected:
            self._events.put(frame)  # dropped when full: the host sees a gap in `seq` and fetches it
            self._flag.set()

    def reply(self, frame: bytes) -> None:
        if self._connection is not None:
            if not self._replies.put(frame):
                print(
                    "answer dropped: the peer asks faster than it listens"
                )  # its deadline makes it ask again
            self._flag.set()

    def send_log(self, frames) -> None:
        """Send an iterator of frames over the log characteristic; replaces a transfer still under way."""
        self._fetch = frames
        self._flag.set()

    async def leave(self, stay) -> bool:
        """Go off the air, in the order that the stack asks for: advertising, connection, then the radio itself.

        `stay()` is asked at the last moment: True, and nothing has happened.  Whether the air is left.
        """
        self._leaving = True
        try:
            self._ble.gap_advertise(None)  # type: ignore[arg-type]  # the stubs do not know how it ends
            await asyncio.sleep_ms(_LEAVE_MS)
            if stay():
                self._leaving = False
                self._changed = True
                self._flag.set()
                return False
            for _ in range(_PARTING_MS // _LEAVE_MS):
                if self._connection is None:
                    self._ble.active(False)
                    break
                self._ble.gap_disconnect(self._connection)
                await asyncio.sleep_ms(_LEAVE_MS)
        except OSError as error:  # what is on its way to sleep does not care
            print("radio off:", error)
        return True

    def _ask_to_encrypt(self, connection) -> None:
        try:
            self._ble.gap_pair(connection)
        except OSError as error:  # it has gone meanwhile
            print("pair:", error)

    def _show_out(self, connection) -> None:
        if not self._ble.gap_disconnect(connection):
            self._gone()  # it has gone already, and nobody has said so

    def _gone(self) -> None:
        self._connection = None
        self._changed = True
        self._flag.set()

    def _irq(self, event, data):
        if event == _IRQ_GET_SECRET:
            kind, index, key = data
            return self._trust.get_secret(kind, index, None if key is None else bytes(key))
        if event == _IRQ_SET_SECRET:
            kind, key, value = data
            stored = self._trust.set_secret(kind, bytes(key), None if value is None else bytes(value))
            self._flag.set()
            return stored
        if event == _IRQ_CONNECT:
            self._older = (
                self._connection
            )  # its end was not heard of, or a second peer slipped in: the newest counts
            self._mtu = gatt.DEFAULT_MTU
            self._peer += 1
            self._connection = data[0]
            self._trust.connected(data[0], data[1], bytes(data[2]))
            self._changed = True
        elif event == _IRQ_DISCONNECT:
            self._trust.disconnected(data[0])
            if data[0] == self._connection:
                self._connection = None
                self._changed = True
        elif event == _IRQ_MTU:
            self._mtu = data[1]
        elif event == _IRQ_ENCRYPTION:
            self._trust.encryption(data[0], data[1])
        elif event == _IRQ_WRITE:
            self._written = True
        self._flag.set()
        return None

    async def run(self) -> None:
        self._flag.set()
        while True:
            try:
                await asyncio.wait_for_ms(self._flag.wait(), self._patience_ms())
            except asyncio.TimeoutError:
                if self._connection is None:
                    self._changed = True  # neither connected nor advertising, as far as is known
                elif self._trust.trusted and not self._waiting():
                    self._notify(self._events, b"")  # is it still there?  Its end may not have been told
            if self._changed:
                self._changed = False
                self._link_changed()
            visit = self._peer  # before the connection, as in _notify
            self.door.tend(self._connection, visit)
            if self._written:
                self._written = False
                self._read_commands()
            self._pump()

    def _patience_ms(self) -> int:
        if self._connection is None:
            return _SELF_HEAL_MS
        if self._waiting():
            return _RETRY_MS
        return _SELF_HEAL_MS if self._trust.trusted else _STRANGER_MS

    def _waiting(self) -> bool:
        """Whether something is to be sent, which tells by itself when the peer is gone."""
        return bool(self._replies or self._log or self._events or self._fetch is not None)

    def _link_changed(self) -> None:
        for queue in (self._replies, self._events, self._log):
            queue.clear()
        self._fetch = None
        self._stream.reset()
        self.on_link_changed()
        older, self._older = self._older, None
        if older is not None and older != self._connection:
            self._ble.gap_disconnect(older)
        visit = self._peer  # before the connection, as in _notify
        connection = self._connection
        if connection is not None:
            self.door.came(connection, visit)
        elif not self._leaving:
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
            self.on_command(code, frame, self._trust.trusted)

    def _pump(self) -> None:
        for _ in range(_PACKETS_A_TURN):
            self._refill()
            queue = self._replies if self._replies else self._log if self._log else self._events
            if self._connection is None or not queue:
                break
            packet = queue.packet(self._mtu - gatt.ATT_HEADER)
            if not self._notify(queue, packet):
                return
            queue.gone(len(packet))
        if self._fetch is not None or self._events:
            self._flag.set()

    def _notify(self, queue: _Queue, packet: bytes) -> bool:
        """Whether it went."""
        peer = self._peer  # before the connection: an interrupt may change both between any two bytecodes
        connection = self._connection
        if connection is None:
            return False
        try:
            self._ble.gatts_notify(connection, queue.handle, packet)
        except OSError as error:
            # Gone: its own interrupt may come late or never.  Not if another peer has connected meanwhile.
            if error.errno != errno.ENOMEM and self._peer == peer:
                self._gone()
            return False
        return True

    def _refill(self) -> None:
        while self._fetch is not None and len(self._log) < self._mtu:
            frame = next(self._fetch, _END)
            if frame is None:  # the log needs time to find the next one: others' turn
                return
            if frame is _END:
                self._fetch = None
            else:
                self._log.put(frame)
