# SPDX-License-Identifier: MIT
"""An ESP32 in its ROM loader, its flash stub running, at the end of a TCP socket: what esptool talks to.

Protocol: esptool's documentation, "Serial Protocol" (commands, SLIP frames), and its loader.py (registers of chip, MAC
and SPI).  There is no reset line on a socket, so it stays in the loader until it holds a whole image; whoever connects
after that talks to the program, if there is one for it.  The flash is `flash`, bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import socket
import struct
import threading
import zlib
from collections.abc import Callable

from .. import espimage, partitions
from ..errors import InputError

_FLASH_BEGIN, _FLASH_DATA, _SYNC = 0x02, 0x03, 0x08
_WRITE_REG, _READ_REG, _CHANGE_BAUD = 0x09, 0x0A, 0x0F
_DEFLATE_BEGIN, _DEFLATE_DATA, _MD5, _ERASE_REGION = 0x10, 0x11, 0x13, 0xD1
_DONE = (0x04, 0x0B, 0x0D, 0x12)  # FLASH_END, SPI_SET_PARAMS, SPI_ATTACH, DEFLATE_END: nothing to do here
_CHIP_MAGIC_REG, _MAC_LOW, _MAC_HIGH, _UART_CLKDIV = 0x40001000, 0x3FF5A004, 0x3FF5A008, 0x3FF40014
_SPI_CMD, _SPI_USR2, _SPI_W0 = 0x3FF42000, 0x3FF42024, 0x3FF42080
_READ_ID = 0x9F  # command of the flash chip: maker, kind, size as a power of two
ESP32, ESP32_S2 = 0x00F01D83, 0x000007C6


def image_part(size: int, chip: int = 0) -> bytes:
    """Bootloader or program as ESP-IDF makes one: head, one segment, a checksum that fills up, SHA-256 of all that."""
    head = struct.pack("<BBBBIB3xH9xB", 0xE9, 1, 2, 0x20, 0x40080000, 0xEE, chip, 1)
    body = head + struct.pack("<II", 0x3F400020, size) + bytes(i * 7 % 251 for i in range(size))
    body = body.ljust(len(body) // 16 * 16 + 15, b"\0") + b"\xef"
    return body + hashlib.sha256(body).digest()


def image(chip: int = 0, size: int = 60001) -> bytes:
    """What stands for MicroPython's: right in all that is checked, and no program."""
    return (
        image_part(20000).ljust(0x7000, b"\xff") + b"\xaa\x50".ljust(0x8000, b"\xff") + image_part(size, chip)
    )


class RomLoader:
    """`magic`: the number that says which chip it is.  `fastest_baud`: a cable that garbles what is faster.

    `unplugged_after`: bytes written.  `worn_at`: an address whose byte stays 0.  `program` serves a connection, in a
    thread, once an image was written.
    """

    def __init__(
        self,
        flash_mb: int = 4,
        magic: int = ESP32,
        fastest_baud: int = 10_000_000,
        unplugged_after: int = 1 << 30,
        worn_at: int = -1,
        program: Callable[[socket.socket], None] | None = None,
    ) -> None:
        self._program_serves = program
        self.flash = bytearray(b"\x5a" * (flash_mb << 20))  # of somebody before us
        self.written = False  # anything erased or written
        self._fastest_baud = fastest_baud
        self._unplugged_after = unplugged_after
        self._worn_at = worn_at
        self._baud = 115200
        mac = bytes.fromhex("240ac4010203")
        self._registers = {
            _CHIP_MAGIC_REG: magic,
            _MAC_LOW: int.from_bytes(mac[2:], "big"),
            _MAC_HIGH: int.from_bytes(mac[:2], "big"),
            _UART_CLKDIV: 347,  # of a 40 MHz crystal at 115200 baud
        }
        self._id = (flash_mb << 20).bit_length() - 1 << 16 | 0x40EF
        self._at = self._block = 0
        self._inflate = zlib.decompressobj()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = f"socket://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # the socket was closed
            while True:
                peer, _ = self._socket.accept()
                self._baud = 115200
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with peer, contextlib.suppress(OSError):
                    if self._program_serves and self._is_whole():
                        self._program_serves(peer)
                    else:
                        self._talk(peer)

    def _is_whole(self) -> bool:
        (factory,) = [p for p in partitions.table(4) if p.name == "factory"]
        try:
            espimage.checked(bytes(self.flash[espimage.OFFSET : factory.offset + factory.size]))
        except InputError:
            return False
        return self.written

    def _talk(self, peer: socket.socket) -> None:
        buffer = b""
        while data := peer.recv(65536):
            buffer += data
            while (start := buffer.find(b"\xc0")) >= 0 and (end := buffer.find(b"\xc0", start + 1)) > 0:
                if end == start + 1:
                    buffer = buffer[end:]
                    continue
                frame, buffer = buffer[start + 1 : end], buffer[end + 1 :]
                frame = frame.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb")
                if len(frame) >= 8:
                    self._answer(peer, frame)

    def _answer(self, peer: socket.socket, frame: bytes) -> None:
        _, op, size, _ = struct.unpack_from("<BBHI", frame)
        if self._baud > self._fastest_baud:
            peer.sendall(b"\xc0\x07garbled\xc0")
            return
        try:
            value, data = self._command(op, frame[8 : 8 + size])
            status = bytes(4)
        except KeyError:
            value, data, status = 0, b"", b"\x01\x05\0\0"
        body = struct.pack("<BBHI", 1, op, len(data) + 4, value) + data + status
        slip = b"\xc0" + body.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + b"\xc0"
        peer.sendall(slip * (8 if op == _SYNC else 1))

    def _command(self, op: int, data: bytes) -> tuple[int, bytes]:
        """Value and data of the answer; KeyError for what it does not know."""
        words = struct.unpack_from(f"<{min(len(data) // 4, 4)}I", data)
        if op in (_SYNC, *_DONE):  # a value of 0 in the answer to SYNC: the stub runs already
            return 0, b""
        if op == _READ_REG:
            return self._registers.get(words[0], 0), b""
        if op == _WRITE_REG:
            self._registers[words[0]] = words[1]
            if words[0] == _SPI_CMD:
                if self._registers.get(_SPI_USR2, 0) & 0xFF == _READ_ID:
                    self._registers[_SPI_W0] = self._id
                self._registers[_SPI_CMD] = 0
        elif op == _CHANGE_BAUD:
            self._baud = words[0]
        elif op in (_FLASH_BEGIN, _DEFLATE_BEGIN):
            self._erase(words[3], words[0])
            self._at, self._block = words[3], words[2]
            self._inflate = zlib.decompressobj()
        elif op == _FLASH_DATA:
            self._program(words[1] * self._block, data[16 : 16 + words[0]])
        elif op == _DEFLATE_DATA:
            piece = self._inflate.decompress(data[16:])
            self._program(0, piece)
            self._at += len(piece)
        elif op == _MD5:
            return 0, hashlib.md5(self.flash[words[0] : words[0] + words[1]]).digest()
        elif op == _ERASE_REGION:
            self._erase(words[0], words[1])
        else:
            raise KeyError(op)
        return 0, b""

    def _erase(self, at: int, size: int) -> None:
        self.written = self.written or size > 0  # a begin of nothing is how the flash is attached
        whole = -(-size // 4096) * 4096
        self.flash[at : at + whole] = b"\xff" * whole

    def _program(self, offset: int, piece: bytes) -> None:
        at = self._at + offset
        self.flash[at : at + len(piece)] = piece
        if at <= self._worn_at < at + len(piece):
            self.flash[self._worn_at] = 0
        self._unplugged_after -= len(piece)
        if self._unplugged_after < 0:
            self._socket.close()
            raise ConnectionAbortedError
