# SPDX-License-Identifier: MIT
"""Fuzzers of what comes over a line: notifications on every characteristic, and a board at a serial port.

Both wait for answers with deadlines.  Here time passes only when nothing has come, so a wait that does not end by
itself is found at once.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from concurrent.futures import Future
from hashlib import sha256
from random import Random
from types import SimpleNamespace
from typing import Any

from kneecore import wire

from .. import deploy, doctor, repl
from ..device import Device
from ..errors import KneesenseError, LinkLost
from ..inbox import Inbox
from ..link import Channel
from . import frames
from .found import Found, Target

CHUNKS = 8  # notifications of a connection
ANSWERS = 10  # of a board that is asked
_TOO_LONG_S = 3600.0


class _Heard:
    """A link that delivers what it is given, then is lost."""

    def __init__(self, chunks: list[tuple[Channel, bytes]]) -> None:
        self._chunks = iter(chunks)

    async def receive(self) -> tuple[Channel, bytes]:
        for chunk in self._chunks:
            return chunk
        raise LinkLost("that was all")


def notifications() -> Target:
    """A unit's answers, records and transfer in pieces, with nonsense between: nothing reaches whom it is not for."""

    def once(random: Random) -> None:
        sent: list[tuple[Channel, bytes]] = [
            (random.choice(list(Channel)), _notified(random)) for _ in range(CHUNKS)
        ]
        pieces = _in_pieces(random, sent)
        device = Device(_Heard(pieces))  # type: ignore[arg-type]
        tokens = range(random.randint(0, 3))
        device._pending = {token: Future() for token in tokens}  # type: ignore[misc]
        transfer = device._transfer = Inbox() if random.random() < 0.5 else None
        pending = dict(device._pending)
        with contextlib.suppress(StopIteration):
            device._read().send(None)
            raise Found("it waits for more than the link")
        # Not what was sent: a frame spoilt by bytes put in is whole again when just those are lost.
        heard = {
            channel: b"".join(piece for other, piece in pieces if other is channel) for channel in Channel
        }
        for token, future in pending.items():
            if future.exception() is None and not _told(_reply(future.result()), *heard.values()):
                raise Found(f"nobody answered {token}: {future.result()}")
        for record in device.arrived.drain():
            if not _told(record.frame, heard[Channel.EVENTS]):
                raise Found(f"nobody told {record.frame.hex()}")
        for _, frame in transfer.drain() if transfer else ():
            if not _told(frame, *heard.values()):
                raise Found(f"nobody transferred {frame.hex()}")

    return once


def _told(frame: bytes, *heard: bytes) -> bool:
    """Whether it is whole, by a reckoning of our own, and has been heard in one piece."""
    body = frame[wire.HEAD : -wire.TAIL]
    return frames.sealed(frame[1], body) == frame and any(frame in bytes_ for bytes_ in heard)


def _notified(random: Random) -> bytes:
    kind = random.random()
    if kind < 0.4:
        values = frames.values(random, wire.REPLY) | {"token": random.randrange(4)}
        values["data"] = values["data"][:100]
        return wire.frame(wire.REPLY, values)
    if kind < 0.7:
        return frames.valid(random)
    return frames.any_frame(random)


def _reply(values: dict[str, Any]) -> bytes:
    return wire.frame(wire.REPLY, values)


def _in_pieces(random: Random, sent: list[tuple[Channel, bytes]]) -> list[tuple[Channel, bytes]]:
    """As notifications have them: any size, some lost or doubled."""
    pieces = []
    for channel, data in sent:
        size = random.choice((20, 244))
        for at in range(0, len(data), size):
            pieces += [(channel, data[at : at + size])] * random.choice((1, 1, 1, 1, 0, 2))
    return pieces


class _Board:
    """A serial line with a board behind it that answers the raw REPL's protocol, and now and then wrongly.

    `time` is what the other end is given for a clock.
    """

    timeout: float | None = None

    def __init__(self, random: Random, sick: float) -> None:
        self._random, self._sick = random, sick
        self._now_s = 0.0
        self.time = SimpleNamespace(monotonic=lambda: self._now_s)
        self._out = bytearray()
        self._pasting = False
        self._trees = 0
        self._code = b""

    @property
    def in_waiting(self) -> int:
        return len(self._out)

    def close(self) -> None:
        pass

    def read(self, size: int = 1) -> bytes:
        data = bytes(self._out[:size])
        del self._out[:size]
        if not data:
            self._now_s += 0.05
            if self._now_s > _TOO_LONG_S:
                raise Found(f"it waits for more than {_TOO_LONG_S:g} s")
        return data

    def write(self, data: bytes) -> int:
        if self._pasting:
            self._code += data
            if data.endswith(b"\x04"):
                self._pasting = False
                self._say(b"\x04" + self._answer(self._code.decode()) + b"\x04" + self._error() + b"\x04>")
        elif data == b"\r\x01":
            self._say(b"raw REPL; CTRL-B to exit\r\n>")
        elif data == b"\x04":
            self._say(b"OK\r\nMPY: soft reboot\r\nraw REPL; CTRL-B to exit\r\n>")
        elif data == b"\x05A\x01":
            self._pasting, self._code = True, b""
            self._say(b"R\x01" + (0x2000).to_bytes(2, "little") + b"\x01")
        return len(data)

    def _error(self) -> bytes:
        if self._random.random() > self._sick / 4:
            return b""
        return self._random.choice(
            (b"Traceback\r\nOSError: 28\r\n", b"\r\n", b" ", self._random.randbytes(9))
        )

    def _answer(self, code: str) -> bytes:
        if "machine.reset" in code:
            return self._random.choice(
                (b"kneesense 0.1.0 runs\r\n", b"kneesense 0.1.0 in safe mode\r\n", b">>> ")
            )
        if "VERSION" in code:
            return b'[6, "0.1.0"]\r\n'
        if "_mpy" in code:
            return b"11014\r\n"
        if "_tree(" in code:
            self._trees += 1
            had = {"main.py": "0" * 64} if self._trees < 3 else _HASHES
            return json.dumps(
                {("new/" if "'new'" in code else "") + name: h for name, h in had.items()}
            ).encode()
        return b"900000\r\n" if "statvfs" in code else b""

    def _say(self, data: bytes) -> None:
        random = self._random
        said = bytearray(data)
        if random.random() < self._sick:
            at = random.randrange(len(said))
            kind = random.randrange(4)
            if kind == 0:
                said[at] ^= 1 << random.randrange(8)
            elif kind == 1:
                del said[at : at + random.randint(1, 20)]
            elif kind == 2:
                said[at:at] = random.choice(
                    (random.randbytes(4), b"[" * 3000, b'"', b"9" * 5000, b"{}", b"\r\n")
                )
            else:
                said = bytearray(random.randbytes(random.randint(0, 40)))
        self._out += said


_TREE = {"boot.py": b"boot\n" * 40, "main.py": b"main\n", "kneecore/version.py": b"VERSION = (0, 1, 0)\n"}
_HASHES = {name: sha256(content).hexdigest() for name, content in _TREE.items()}


def serial_board() -> Target:
    """`doctor` and `deploy` at a port: a board that answers wrongly is told, in the product's own words."""

    def once(random: Random) -> None:
        board = _Board(random, random.choice((0.0, 0.05, 0.2)))
        clock, repl.time = repl.time, board.time  # type: ignore[attr-defined,assignment]
        try:
            line = repl.Repl(board)
            with contextlib.suppress(KneesenseError):
                if random.random() < 0.5:
                    doctor.listen(line)
                    doctor.restart(line)
                else:
                    line.enter()
                    deploy.put(line, _TREE)
        finally:
            repl.time = clock  # type: ignore[attr-defined]

    return once


TARGETS: dict[str, Callable[[], Target]] = {"notifications": notifications, "serial_board": serial_board}
WORTH = {"notifications": CHUNKS, "serial_board": ANSWERS}
