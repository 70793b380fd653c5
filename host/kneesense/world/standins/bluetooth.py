# SPDX-License-Identifier: MIT
# `bluetooth.BLE` as NimBLE on the ESP32 gives it, forwarded to kneesense.world.peripheral.
import struct
from binascii import hexlify, unhexlify

import world_link

FLAG_BROADCAST, FLAG_READ, FLAG_WRITE_NO_RESPONSE, FLAG_WRITE = 0x0001, 0x0002, 0x0004, 0x0008
FLAG_NOTIFY, FLAG_INDICATE, FLAG_AUTHENTICATED_SIGNED_WRITE = 0x0010, 0x0020, 0x0040


class UUID:
    def __init__(self, value):
        if isinstance(value, int):
            if not 0 <= value <= 0xFFFF:
                raise ValueError("invalid UUID")
            self._bytes = struct.pack("<H", value)
        elif isinstance(value, str):
            self._bytes = bytes(reversed(unhexlify(value.replace("-", ""))))
            if len(self._bytes) != 16:
                raise ValueError("invalid UUID")
        else:
            self._bytes = bytes(value)

    def __iter__(self):  # the real one is read as a buffer
        return iter(self._bytes)

    def __len__(self):
        return len(self._bytes)

    def __eq__(self, other):
        return isinstance(other, UUID) and other._bytes == self._bytes

    def __hash__(self):
        return hash(self._bytes)


def _hex(data):
    if data is None:
        return None
    return hexlify(data.encode() if isinstance(data, str) else bytes(data)).decode()


def _call(op, *args):
    return world_link.call("ble_" + op, *args)


class BLE:
    _one = None

    def __new__(cls):
        if BLE._one is None:
            BLE._one = object.__new__(cls)
            BLE._one._active = False
            BLE._one._handler = None
            world_link.handlers["ble"] = BLE._one._on_irq
        return BLE._one

    def _on_irq(self, payload):
        event, args = payload
        if self._handler is None:
            return None
        # Data are lent: the stack's buffer is overwritten once the handler has returned.
        lent = [bytearray(unhexlify(a[1:])) if isinstance(a, str) else a for a in args]
        result = self._handler(event, tuple(memoryview(a) if isinstance(a, bytearray) else a for a in lent))
        for a in lent:
            if isinstance(a, bytearray):
                for i in range(len(a)):
                    a[i] = 0xEE
        return _hex(result) if isinstance(result, (bytes, bytearray, memoryview)) else result

    def _checked(self):
        if not self._active:
            raise OSError(19)

    def active(self, on=None):
        if on is not None and bool(on) != self._active:
            _call("active", bool(on))
            self._active = bool(on)
        return self._active

    def config(self, *names, **values):
        for name in names or values:
            if name not in ("mac", "gap_name", "mtu", "addr_mode", "bond", "mitm", "io", "le_secure"):
                raise ValueError("unknown config param")
        self._checked()
        if names:
            value = _call("get", names[0])
            if names[0] == "mac":
                return value[0], unhexlify(value[1])
            return value.encode() if isinstance(value, str) else value
        for name, value in values.items():
            _call("set", name, value.decode() if isinstance(value, (bytes, bytearray)) else value)
        return None

    def irq(self, handler):
        self._handler = handler

    def gap_advertise(self, interval_us, adv_data=None, *, resp_data=None, connectable=True):
        self._checked()
        _call("advertise", interval_us, _hex(adv_data), _hex(resp_data), connectable)

    def gap_disconnect(self, connection):
        self._checked()
        return _call("disconnect", connection)

    def gap_pair(self, connection):
        self._checked()
        _call("pair", connection)

    def gatts_register_services(self, services):
        self._checked()
        table = [
            (
                _hex(service[0]),
                [
                    (_hex(c[0]), c[1], [(_hex(d[0]), d[1]) for d in (c[2] if len(c) > 2 else ())])
                    for c in service[1]
                ],
            )
            for service in services
        ]
        return tuple(tuple(handles) for handles in _call("register", table))

    def gatts_read(self, handle):
        return unhexlify(_call("read", handle))

    def gatts_write(self, handle, data, send_update=False):
        _call("write", handle, _hex(data), send_update)
        return len(data)

    def gatts_notify(self, connection, handle, data=None):
        self._checked()
        _call("notify", connection, handle, _hex(data))

    def gatts_indicate(self, connection, handle, data=None):
        self._checked()
        _call("indicate", connection, handle, _hex(data))

    def gatts_set_buffer(self, handle, length, append=False):
        _call("set_buffer", handle, length, append)
